"""The examinations of a trial: found below dicom/, each measured once, and kept as one step of the store."""

from __future__ import annotations

import hashlib
import os
import shutil
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from functools import partial
from importlib.metadata import version
from itertools import groupby
from pathlib import Path
from typing import Any

from carpet.core.errors import Notice, ProtocolError, Refused
from carpet.core.protocol import Protocol
from carpet.core.record import Provenance
from carpet.core.study import Series
from carpet.dicom.series import Catalogue
from carpet.lesions.decisions import Decision
from carpet.run.document import document, software
from carpet.run.opening import Found, open_study
from carpet.run.outputs import document_bytes, new_files, write_result
from carpet.run.pipeline import Result, Wishes, measured_study, surveyed_study
from carpet.run.review.signed import CaseReview, read_by, read_together
from carpet.run.store import Record, Stamp, Step, Store
from carpet.run.trial.geometry import geometry_bytes, geometry_sha256, is_held, write_geometry
from carpet.run.trial.notices import INTERNAL, WORKER_DIED
from carpet.run.trial.scan_page import Heading, trial_document

METHOD, VERSION = "measure", "4"
TABLES_DONE, PAGES_DONE = "measurements.json", "report.html"
SEG = "lesions.seg.dcm"
SEG_ENDING, GEOMETRY_ENDING = ".seg.dcm", ".npz"
DIGEST_DIGITS = 8
REFERENCES_OF_DEAUVILLE = ("liver", "blood_pool")

Outcome = tuple[Record, ...] | Notice


@dataclass(frozen=True)
class Asked:
    """What a person has decided about one examination, in scans.csv, decisions.csv and the reading room; a weight is in `Found` already."""

    weight_kg: float | None = None
    series_uid: str | None = None
    decisions: tuple[Decision, ...] = ()
    review: CaseReview | None = None

    @property
    def parameters(self) -> dict[str, Any]:
        """What of it a measurement depends on; {} where nothing was decided. The numbers of rows in the table are no part of it."""
        table = {"asked": asdict(replace(self, review=None))} if replace(self, review=None) != Asked() else {}
        for part in table.values():
            del part["review"]  # a step of a trial that nobody has reviewed is the one it was
        return table if self.review is None else table | {"review": self.review.as_parameters()}


def study_chain(study_uid: str) -> str:
    """The name under which the store keeps what was measured of an examination."""
    return f"study:{study_uid}"


@dataclass(frozen=True)
class TrialStudy:
    """One examination with a PET as it lies in dicom/, before it is measured. sha256: over the contents of its PET and CT files."""

    found: Found
    study_uid: str
    patient: str
    date: Any
    sha256: str
    asked: Asked = Asked()

    @property
    def chain(self) -> str:
        return study_chain(self.study_uid)

    @property
    def short(self) -> str:
        """A short name of the examination for files."""
        return hashlib.sha256(self.study_uid.encode()).hexdigest()[:DIGEST_DIGITS]


@dataclass(frozen=True)
class Wanted:
    """What is to be written of a study: where, only the tables or the pages too, and under which heading."""

    report: Path
    seg: Path
    geometry: Path
    tables_only: bool
    heading: Heading

    @property
    def there(self) -> bool:
        """The report, under this heading; tables and geometry are looked at more closely, see `is_due`."""
        if self.tables_only:
            return (self.report / TABLES_DONE).is_file()
        return self.heading.stands_on(self.report / PAGES_DONE)


def trial_studies(found: Found) -> tuple[tuple[TrialStudy, ...], tuple[str, ...]]:
    """The examinations with a PET in the order of patient, date and UID; and the UIDs of those without."""
    studies, without = [], []
    for uid, members in groupby(sorted(found.catalogue.series, key=lambda one: one.study_uid), key=lambda one: one.study_uid):
        series = tuple(one for one in members if one.modality in ("PT", "CT"))
        pets = [one for one in series if one.modality == "PT"]
        if not pets:
            without.append(uid)
            continue
        decided = {one.series_uid: found.quantifications[one.series_uid] for one in pets if one.series_uid in found.quantifications}
        own = Found(Catalogue(series, (), 0), decided, ())
        studies.append(TrialStudy(own, uid, pets[0].patient, pets[0].date, _content_sha256(series)))
    return tuple(sorted(studies, key=lambda one: (one.patient, str(one.date), one.study_uid))), tuple(without)


def _content_sha256(series: Sequence[Series]) -> str:
    """Of what the files hold, not of their names and order."""
    files = {file for one in series for file in one.files}
    digests = sorted({_file_sha256(file) for file in files})
    return hashlib.sha256("\n".join(digests).encode()).hexdigest()


def _file_sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def study_step(study: TrialStudy, protocol: Protocol, records: tuple[Record, ...] = ()) -> Step:
    """The step that measures this study: made of these files, these sections of the protocol, this software."""
    parameters = protocol.of_measurement() | {"software": software()} | study.asked.parameters
    provenance = Provenance(METHOD, VERSION, study.sha256, parameters, (study.sha256,), f"carpet {version('carpet')}")
    return Step(study.chain, provenance, records)


@dataclass(frozen=True)
class Task:
    """All that the measurement of one examination needs, small enough to go to another process: paths and facts, no pixels.

    logs: where a failure of carpet itself is written down.
    """

    study: TrialStudy
    protocol: Protocol
    wanted: Wanted
    stamp: Stamp
    logs: Path

    @property
    def step(self) -> Step:
        """The step that this makes, still without records."""
        return study_step(self.study, self.protocol)

    def done(self, say: Callable[[str], None]) -> Outcome:
        """The records of the examination, measured now, its files written; or why carpet itself failed. The store is not touched.

        Files come before records: a call that is killed in between does both again. A refusal is a record too. Raises ProtocolError and
        OSError: the call or the disk is at fault, and no other examination would fare better.
        """
        try:
            return study_records(self.study, self.protocol, say=say, wanted=self.wanted, stamp=self.stamp)
        except (ProtocolError, OSError):
            raise
        except Exception as error:  # one examination must not stop a trial's batch
            return _logged(error, self.logs, self.study)

    def lost(self, how: str) -> Outcome:
        """The process that measured it has died of it."""
        return WORKER_DIED.at(self.study.study_uid, how)


Named = tuple[str, Task]  # how progress calls it, and the task


def is_due(store: Store, task: Task) -> bool:
    """True where this was not measured yet with these files, protocol and software, or where its files are gone or not those stored."""
    if not store.done(task.step.key):
        return True
    if store.current("refusal", chain=task.study.chain):
        return False
    (stored,) = store.current("study", chain=task.study.chain)
    written = task.wanted.report / TABLES_DONE
    same = written.is_file() and _file_sha256(written) == stored.payload["document_sha256"]
    return not (same and task.wanted.there and is_held(task.wanted.geometry, stored.payload["geometry_sha256"]))


def kept(store: Store, task: Task, outcome: Outcome) -> tuple[Notice, ...]:
    """Write what came of the task; () or why carpet failed. One process alone calls this, so that records come in one order."""
    if isinstance(outcome, Notice):
        return (outcome,)
    store.write(replace(task.step, records=outcome), task.stamp)
    return ()


def _logged(error: Exception, folder: Path, study: TrialStudy) -> Notice:
    name = f"{study.short}.log"
    with new_files(folder, (name,)) as part:
        (part / name).write_text("".join(traceback.format_exception(error)), encoding="utf-8", errors="replace")
    return INTERNAL.at(study.study_uid, type(error).__name__, more=name)


def study_records(
    study: TrialStudy, protocol: Protocol, *, say: Callable[[str], None], wanted: Wanted | None = None, stamp: Stamp | None = None
) -> tuple[Record, ...]:
    """What is kept of one study, measured now; its files are written where `wanted` says. A refused study has refusals only."""
    try:
        read = open_study(study.found, series_uid=study.asked.series_uid)
        wishes = Wishes(decisions=study.asked.decisions)
        surveyed = surveyed_study(read, study.found.quantifications[read.pet.series_uid], protocol, wishes, say)
        say("biomarkers")
        result = measured_study(surveyed if study.asked.review is None else read_together(surveyed, study.asked.review))
        told = document(result)
        reads = {} if study.asked.review is None else read_by(surveyed, study.asked.review)
        geometry = geometry_bytes(result, reads=reads)
        if wanted is not None and stamp is not None:
            _write(result, told, wanted, stamp, say)
            write_geometry(wanted.geometry, geometry)
            _remove(wanted, study, keep=True)
    except Refused as error:
        if wanted is not None:
            _remove(wanted, study, keep=False)
        return tuple(_noticed("refusal", number, notice, study) for number, notice in enumerate(error.notices, start=1))
    digests = {"geometry_sha256": geometry_sha256(geometry), "document_sha256": hashlib.sha256(document_bytes(told)).hexdigest()}
    return tuple(_records(result, told, digests, study))


def _write(result: Result, told: Mapping[str, Any], wanted: Wanted, stamp: Stamp, say: Callable[[str], None]) -> None:
    """The pages into their folder, the SEG beside those of all other studies."""
    when = stamp.at.replace(tzinfo=None, microsecond=0)
    wanted.geometry.unlink(missing_ok=True)  # files of a call that is stopped before its record must not pass for those stored
    pages = trial_document(told, wanted.heading)
    write_result(result, told, wanted.report, tables_only=wanted.tables_only, when=when, say=say, pages=pages)
    made = wanted.report / SEG
    wanted.seg.unlink(missing_ok=True)
    if made.exists():
        wanted.seg.parent.mkdir(parents=True, exist_ok=True)
        os.replace(made, wanted.seg)


def _remove(wanted: Wanted, study: TrialStudy, *, keep: bool) -> None:
    """What earlier calls made of this examination goes: all but what is wanted now where `keep`, such as files named by another day."""
    for place, ending in ((wanted.report, ""), (wanted.seg, SEG_ENDING), (wanted.geometry, GEOMETRY_ENDING)):
        for old in {place, *place.parent.glob(f"*_{study.short}{ending}")} - ({place} if keep else set()):
            if old.is_dir() and not old.is_symlink():
                shutil.rmtree(old)
            else:
                old.unlink(missing_ok=True)


def _noticed(kind: str, number: int, notice: Notice, study: TrialStudy) -> Record:
    return Record(kind=kind, name=f"{number:03d} {notice.code}", payload=notice.as_dict(), patient=study.patient, study=study.study_uid)


def _records(result: Result, told: Mapping[str, Any], digests: Mapping[str, str], study: TrialStudy) -> Iterator[Record]:
    kept = partial(Record, patient=study.patient, study=study.study_uid)
    yield kept(kind="study", payload={**_study_payload(result, told), **digests})
    for lesion in told["lesions"]:
        yield kept(kind="lesion", name=lesion["lesion_id"], payload=lesion)
    for row in told["biomarkers"]:
        kind = "missing" if row["value"] is None else "measurement"
        payload = {name: row[name] for name in ("name", "value", "unit", "method", "segmenter", "reason_missing", "flags")}
        yield kept(kind=kind, name=f"{row['name']} {row['segmenter']}", payload=payload)
    for number, notice in enumerate(result.flags, start=1):
        yield _noticed("flag", number, notice, study)


def _study_payload(result: Result, told: Mapping[str, Any]) -> dict[str, Any]:
    """The examination without dates: days from infusion are told where infusion is known."""
    reconstruction = result.study.pet.pet.reconstruction if result.study.pet.pet else None
    sul = next((row for row in told["suv"]["other_suv"] if row["sul"]), None)
    return {
        "status": told["status"],
        "chosen_because": told["study"]["chosen_because"],
        "pet": told["study"]["pet"] | {"reconstruction": reconstruction.value if reconstruction else ""},
        "ct": told["study"]["ct"],
        "segmenter": told["segmenter"],
        "uptake_min": told["suv"]["uptake_min"],
        "sul_per_suv_bw": sul["per_suv_bw"] if sul else None,
        "sul_reason_missing": sul["reason_missing"] if sul else "BODY_UNKNOWN",
        "references": {row["name"]: {key: row[key] for key in ("mean", "sd", "reason_missing")} for row in told["references"]},
        "reference_suv_max": {
            name: float(result.anatomy.references[name].values_of(result.suv).max())
            for name in REFERENCES_OF_DEAUVILLE
            if name in result.anatomy.references
        },
    }
