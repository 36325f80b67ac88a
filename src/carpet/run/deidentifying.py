"""`carpet deid`: every study of a folder without its patient, each proven to measure the same before it becomes visible."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path

from carpet.core.errors import Notice, ProtocolError, Refused
from carpet.core.protocol import SuvProtocol
from carpet.dicom import notices
from carpet.dicom.decoding import Decoder
from carpet.dicom.deid.deidentify import deidentified
from carpet.dicom.deid.key import Key, key_for, new_key
from carpet.dicom.deid.rules import Rules, usual_rules
from carpet.dicom.deid.selection import left_out_because, native_pixels, read_instance
from carpet.dicom.deid.values import Alias, keyed, mapped_uid, shifted_date
from carpet.dicom.elements import MalformedFile
from carpet.dicom.files import files_under
from carpet.dicom.series import catalogue
from carpet.run.deid_finding import Instance, folders_below, studies_in
from carpet.run.deid_place import appear, hidden_part
from carpet.run.deid_proof import MEASURED, Print, changed, print_of
from carpet.run.leftovers import scratch_folder
from carpet.run.opening import Found, found_under
from carpet.run.terminal import counted
from carpet.suv import quantify

PROTOCOL = SuvProtocol()  # the proof is made as `carpet scan` decides by default
STUDY_HASH_DIGITS = 6
Say = Callable[[str], None]


@dataclass(frozen=True)
class Exported:
    """A study that was exported, or was there already: pseudonym, folder, number of images, and what its series measure."""

    patient: str
    folder: str
    images: int
    prints: tuple[Print, ...] = ()


@dataclass(frozen=True)
class Outcome:
    """What became of what was found. `left_out`: instances by reason; `refused`: why studies were not exported."""

    exported: tuple[Exported, ...] = ()
    there: tuple[Exported, ...] = ()
    left_out: Mapping[str, int] = field(default_factory=dict)
    refused: tuple[Notice, ...] = ()
    unreadable: int = 0
    other_files: int = 0

    @property
    def complete(self) -> bool:
        """Whether nothing was refused."""
        return not self.refused and not self.unreadable


@dataclass(frozen=True)
class _Task:
    """What all studies of one run share."""

    found: Found
    out: Path
    key: Key
    rules: Rules
    software: str
    say: Say


def deidentify_folder(source: Path, out: Path, key: Path, *, software: str, say: Say, rules: Rules | None = None) -> Outcome:
    """Export every study below `source` into `out`; a study appears whole or not at all. Raises ProtocolError, OSError.

    key: the key file, made where there is none. rules: what passes, by default `usual_rules()`.
    """
    key = _checked_places(source, out, key)
    closed, linked = folders_below(source)
    if closed:
        raise ProtocolError(f"{counted(closed, 'folder')} below the input may not be entered by you; nothing was exported")
    with scratch_folder() as scratch:
        say("reading headers")
        files, not_opened = files_under([source], scratch)
        everything = catalogue(files)
        decided = {series.series_uid: quantify(series.pet, PROTOCOL) for series in everything.series if series.pet}
        found = Found(everything, decided, not_opened)
        studies = studies_in(files)
        people = {one.person for study in studies for one in study if one.person.patient_id}
        if people:
            key.parent.mkdir(parents=True, exist_ok=True)
        secret = key_for(key, sorted(people, key=lambda one: (one.issuer, one.patient_id))) if people else new_key()
        task = _Task(found, out, secret, rules or usual_rules(), software, say)
        studies.sort(key=lambda study: _place(study[0], task.key).as_posix())  # the order of the old UIDs would tell who was scanned first
        parts = [_taken(study, f"study {number} of {len(studies)}", task) for number, study in enumerate(studies, start=1)]
        parts.append(Outcome(left_out=Counter({"a link to a folder: links are not followed": linked} if linked else {})))
    return _together(parts, len(everything.unreadable) + len(not_opened), everything.other_files)


def _together(parts: Sequence[Outcome], unreadable: int, other_files: int) -> Outcome:
    """The outcomes of the studies as one."""
    left_out: Counter[str] = Counter()
    for part in parts:
        left_out.update(part.left_out)
    exported, there = (tuple(chain.from_iterable(told)) for told in ((p.exported for p in parts), (p.there for p in parts)))
    refused = tuple(chain.from_iterable(part.refused for part in parts))
    if not (exported or there or refused):
        refused = (notices.DEID_NOTHING.at("input", f"{counted(sum(left_out.values()), 'other object')}"),)
    return Outcome(exported, there, left_out, refused, unreadable, other_files)


def _checked_places(source: Path, out: Path, key: Path) -> Path:
    """The key file itself, where a link leads to it. Raises ProtocolError."""
    if not source.exists():
        raise ProtocolError(f"there is no file or folder {str(source)!r}")
    if out.exists() and not out.is_dir():
        raise ProtocolError(f"{str(out)!r} is a file; name a folder")
    inside, outside, apart = source.resolve(), out.resolve(), key.resolve()
    if inside == outside or inside in outside.parents or outside in inside.parents:
        raise ProtocolError("neither of the two folders may lie in the other")
    if any(outside == path or outside in path.parents for path in (apart, key.parent.resolve() / key.name)):
        raise ProtocolError("the key file leads back to the patients: it must not lie in the folder that is given away")
    if apart.is_dir():
        raise ProtocolError(f"--key {str(key)!r} is a folder; name a file")
    if not apart.exists() and out.is_dir() and any(path.is_dir() and not path.name.startswith(".") for path in out.iterdir()):
        raise ProtocolError("the output folder holds studies, and their key file is not there: name it with --key, or name an empty folder")
    return apart


def _taken(study: Sequence[Instance], where: str, task: _Task) -> Outcome:
    """Export one study, or say why not."""
    task.say(where)
    people = {one.person for one in study}
    if not all(person.patient_id for person in people):
        return Outcome(refused=(notices.DEID_PATIENT_MISSING.at("(0010,0020)", counted(len(study), "file"), more=where),))
    if len(people) > 1:
        return Outcome(refused=(notices.DEID_PATIENTS_MIXED.at("(0010,0020)", f"{len(people)} patients", more=where),))
    alias = task.key.alias(study[0].person)
    left_out: Counter[str] = Counter()
    try:
        told, there = _export(study, alias, _place(study[0], task.key), task, left_out)
    except Refused as error:
        return Outcome(refused=error.notices, left_out=left_out)
    studies = () if told is None else (told,)
    return Outcome(() if there else studies, studies if there else (), left_out)


def _place(first: Instance, key: Key) -> Path:
    """Pseudonym / shifted date of the study, so that time points stand in their order, and six digits that tell studies of a day apart."""
    alias = key.alias(first.person)
    day = shifted_date(first.study_date, alias.days_back) or ""
    tail = keyed(alias.secret, "study", first.study_uid).hex()[:STUDY_HASH_DIGITS]
    return Path(alias.pseudonym, f"{day}-{tail}" if day.isdigit() else f"undated-{tail}")


def _export(study: Sequence[Instance], alias: Alias, place: Path, task: _Task, left_out: Counter[str]) -> tuple[Exported | None, bool]:
    """The study at its place, and whether it was there before; None where no image of it passes. Raises Refused."""
    target = task.out / place
    with hidden_part(task.out) as part:
        images = _written(study, alias, part / "study", task, left_out)
        if not images:
            return None, False
        prints = _proven(study, alias, part / "study", images, place.as_posix(), task)
        told = Exported(alias.pseudonym, place.name, len(images), prints)
        if not target.exists() and _appeared(part / "study", target):
            return told, False
        if not _same(part / "study", target):
            raise Refused(notices.DEID_STUDY_THERE.at(place.as_posix(), f"{len(images)} images now, {_count(target)} there"))
        return told, True


def _appeared(made: Path, target: Path) -> bool:
    """Whether it could be moved there; False where another run was faster."""
    try:
        appear(made, target)
    except OSError:
        if not made.exists() or not target.exists():
            raise
        return False
    return True


def _written(study: Sequence[Instance], alias: Alias, folder: Path, task: _Task, left_out: Counter[str]) -> list[Instance]:
    """Write the images that pass as series/number.dcm; returns them. An exact copy is not needed twice. Raises Refused."""
    written: dict[tuple[str, str], Path] = {}
    series: dict[str, Path] = {}
    passed: list[Instance] = []
    with Decoder() as decoder:
        for number, one in enumerate(study, start=1):
            task.say(f"file {number} of {len(study)}")
            try:
                content = _converted(one, alias, task, decoder)
            except MalformedFile as error:
                raise Refused(notices.FILE_MALFORMED.at(f"an image of patient {alias.pseudonym}", str(error))) from error
            if isinstance(content, str):
                left_out[content] += 1
                continue
            if (one.series_uid, one.sop_uid) in written:
                _check_copy(content, written[one.series_uid, one.sop_uid])
                continue
            place = series.setdefault(one.series_uid, folder / f"{len(series) + 1:02d}")
            place.mkdir(parents=True, exist_ok=True)
            file = written[one.series_uid, one.sop_uid] = place / f"{len(passed) + 1:05d}.dcm"
            file.write_bytes(content)
            passed.append(one)
    return passed


def _check_copy(content: bytes, first: Path) -> None:
    """One UID for two images is refused; which one is meant, nobody knows."""
    if first.read_bytes() != content:
        raise Refused(notices.UID_CONFLICT.at("(0008,0018)", "two files"))


def _converted(one: Instance, alias: Alias, task: _Task, decoder: Decoder) -> bytes | str:
    """The new file, or why this object stays behind. Raises MalformedFile."""
    data = read_instance(one.path, one.syntax)
    reason = left_out_because(data, one.syntax)
    if reason is not None:
        return reason
    pixels = native_pixels(data, one.path, one.syntax, decoder)
    return deidentified(data, alias, task.rules, pixels=pixels, software=task.software)


def _proven(
    study: Sequence[Instance], alias: Alias, folder: Path, images: Sequence[Instance], where: str, task: _Task
) -> tuple[Print, ...]:
    """What the series measure, the same before and after. Raises Refused."""
    task.say("comparing SUV before and after")
    uids = {one.series_uid: mapped_uid(one.series_uid, alias.secret) for one in images}
    before = _prints(task.found, uids)
    after = _prints_under(folder)
    difference = changed(before, after, where)
    if difference:
        raise Refused(difference)
    return tuple(after[uid] for uid in uids.values() if uid in after)


def _prints_under(folder: Path) -> dict[str, Print]:
    with found_under([folder], PROTOCOL) as found:
        return _prints(found, {series.series_uid: series.series_uid for series in found.catalogue.series})


def _prints(found: Found, names: Mapping[str, str]) -> dict[str, Print]:
    """The prints of these series by their new UIDs."""
    return {
        names[series.series_uid]: print_of(series, found.quantifications.get(series.series_uid), PROTOCOL)
        for series in found.catalogue.series
        if series.series_uid in names and series.modality in MEASURED
    }


def _same(one: Path, other: Path) -> bool:
    """Whether two exports of a study have the same files and measure the same; they may come from two versions of carpet."""
    names, measured = [], []
    for folder in (one, other):
        names.append(sorted(path.relative_to(folder) for path in folder.rglob("*.dcm")))
        measured.append(_prints_under(folder))
    return names[0] == names[1] and measured[0] == measured[1]


def _count(folder: Path) -> int:
    return sum(1 for _ in folder.rglob("*.dcm"))
