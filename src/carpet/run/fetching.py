"""`carpet fetch`: studies from a DICOMweb archive onto the disk, each one whole or not at all."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from carpet.core.errors import Refused
from carpet.dicom import notices
from carpet.dicom.files import UNFINISHED
from carpet.dicom.network.dicomweb import SeriesOnServer, instance_blocks, series_of, studies_of
from carpet.dicom.network.http import Server
from carpet.dicom.network.landing import Identity, NotPlaceable, identity_of, short_name, to_disk
from carpet.run.stopping import hidden_folder, uninterrupted
from carpet.run.terminal import counted, printable_lines

STUDIES_CAP = 200  # of one patient
INSTANCES_CAP = 20_000  # of one study, as in a zip
STUDY_BYTES_CAP = 16 * 2**30
Say = Callable[[str], None]


@dataclass(frozen=True)
class Wanted:
    """What to fetch: one study by UID, or all of a patient by record number; which modalities (all where empty)."""

    study: str | None
    patient: str | None
    modalities: frozenset[str]


def fetch(server: Server, wanted: Wanted, folder: Path, say: Say) -> dict[str, Any]:
    """Bring what is wanted below `folder` and return what was done as a document; raises Refused. What is there already stays as it is."""
    say("asking for studies")
    uids = studies_of(server, study=wanted.study, patient=wanted.patient)
    if len(uids) > STUDIES_CAP:
        raise Refused(notices.SERVER_ANSWER_UNUSABLE.at(server.origin, f"{len(uids)} studies of one patient, at most {STUDIES_CAP}"))
    folder.mkdir(parents=True, exist_ok=True)
    studies: list[dict[str, Any]] = []
    for uid in uids:
        say(f"asking for series ({len(studies) + 1} of {len(uids)})")
        series = series_of(server, uid, wanted.modalities)
        _check_counts(server, series)
        if series:
            studies.append(_study(server, uid, series, folder, say))
    if not studies:
        kinds = " ".join(sorted(wanted.modalities)) or "every modality"
        raise Refused(notices.NOTHING_ON_SERVER.at(server.origin, f"{_studies(len(uids))}, asked for {kinds}"))
    return {"schema": 1, "server": server.origin, "folder": str(folder), "studies": studies}


def _check_counts(server: Server, series: Sequence[SeriesOnServer]) -> None:
    """Raises Refused where a series lists other than the instances it says it has, or there are more than are taken."""
    wrong = [one for one in series if not one.instances or one.said not in (None, len(one.instances))]
    if wrong:
        raise Refused(
            notices.FETCH_INCOMPLETE.at(f"{one.modality} series {one.series_uid}", f"{len(one.instances)} listed, {one.said} said")
            for one in wrong
        )
    total = sum(len(one.instances) for one in series)
    if total > INSTANCES_CAP:
        raise Refused(notices.SERVER_ANSWER_UNUSABLE.at(server.origin, f"{total} instances in a study, at most {INSTANCES_CAP}"))


def _study(server: Server, uid: str, series: Sequence[SeriesOnServer], folder: Path, say: Say) -> dict[str, Any]:
    target = folder / short_name(uid)
    asked = [(one.series_uid, instance) for one in series for instance in one.instances]
    missing = [pair for pair in asked if not (folder / _place(uid, *pair)).is_file()]
    if missing:
        with whole_folder(target) as part:
            _download(server, uid, missing, part, say)
    return {
        "study_uid": uid,
        "folder": target.name,
        "series": [{"series_uid": one.series_uid, "modality": one.modality, "instances": len(one.instances)} for one in series],
        "instances_fetched": len(missing),
        "instances_there_before": len(asked) - len(missing),
    }


def _place(study: str, series: str, instance: str) -> Path:
    return Identity("", study, series, instance).place


def _download(server: Server, study: str, pairs: Sequence[tuple[str, str]], part: Path, say: Say) -> None:
    """Every instance into the hidden study folder `part`, each on the disk and what it should be; raises Refused."""
    left = STUDY_BYTES_CAP
    for number, (series, instance) in enumerate(pairs, start=1):
        say(f"fetching {number} of {len(pairs)}")
        file = part / Path(*_place(study, series, instance).parts[1:])
        file.parent.mkdir(exist_ok=True)
        with file.open("wb") as out:
            for block in instance_blocks(server, study, series, instance):
                left -= out.write(block)
                if left < 0:
                    raise Refused(notices.SERVER_ANSWER_UNUSABLE.at(server.origin, f"a study of more than {STUDY_BYTES_CAP} bytes"))
        _check_identity(server, file, (study, series, instance))
        to_disk(file)


def _check_identity(server: Server, file: Path, asked: tuple[str, str, str]) -> None:
    try:
        said = identity_of(file)
    except NotPlaceable as error:
        raise Refused(notices.SERVER_ANSWER_UNUSABLE.at(server.origin, f"instance {asked[2]}: {error}")) from error
    if (said.study, said.series, said.instance) != asked:
        raise Refused(notices.SERVER_ANSWER_UNUSABLE.at(server.origin, f"another instance than {asked[2]}"))


@contextmanager
def whole_folder(target: Path) -> Iterator[Path]:
    """A hidden folder that begins with what `target` holds and takes its place when the block ends well; otherwise nothing has changed."""
    with hidden_folder(UNFINISHED, target.parent) as hidden:
        part = hidden / "arriving"
        if target.is_dir():
            shutil.copytree(target, part, copy_function=_linked)
        part.mkdir(exist_ok=True)
        yield part
        for folder in (*(path for path in part.iterdir() if path.is_dir()), part):
            to_disk(folder)
        with uninterrupted():
            if target.is_dir():
                os.rename(target, hidden / "before")
            os.rename(part, target)
            to_disk(target.parent)


def _linked(source: str, target: str) -> None:
    """The same file under a second name; a copy where the file system has no links."""
    with suppress(OSError):
        os.link(source, target)
        return
    shutil.copy2(source, target)


def fetch_text(document: dict[str, Any]) -> str:
    """What was fetched, for the terminal."""
    lines = []
    for study in document["studies"]:
        kinds = ", ".join(f"{one['modality'] or '?'} {one['instances']}" for one in study["series"])
        before = f", {study['instances_there_before']} were there before" if study["instances_there_before"] else ""
        lines.append(f"{study['folder']}  {counted(study['instances_fetched'], 'instance')} fetched{before}  ({kinds})")
    lines += ["", f"{_studies(len(document['studies']))} in {document['folder']}; next: carpet scan {document['folder']}"]
    return printable_lines(lines)


def _studies(number: int) -> str:
    return f"{number} {'study' if number == 1 else 'studies'}"
