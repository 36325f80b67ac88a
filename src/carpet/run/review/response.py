"""The response at a time point with a reader's numbers in place of the machine's, by the same rules as `carpet run`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from carpet.clinical.readings import Reading
from carpet.core.errors import NotMeasurable
from carpet.core.protocol import Protocol
from carpet.run.review.numbers import Numbers
from carpet.run.store import Stored
from carpet.run.trial.calipers import CaliperRead, with_calipers
from carpet.run.trial.course import Course, Scan
from carpet.run.trial.response import response_rows
from carpet.run.trial.studies import REFERENCES_OF_DEAUVILLE
from carpet.run.trial.tracks import CourseTracks


@dataclass(frozen=True)
class Reviewed:
    """A time point as one reader has it now: the numbers after the edits, and what was said of the whole scan."""

    timepoint: str
    numbers: Numbers
    reading: Reading | None
    calipers: tuple[CaliperRead, ...] = ()


def response_rows_of(course: Course, tracks: CourseTracks, reviewed: Sequence[Reviewed], protocol: Protocol) -> list[Mapping[str, Any]]:
    """The rows of the last reviewed time point, by the numbers and by the reader alone; [] where there is none, as at baseline."""
    rows, _ = response_rows(with_calipers(as_reviewed(course, reviewed), tracks), protocol, tracks=tracks)
    return [row for row in rows if row["timepoint"] == reviewed[-1].timepoint]


def followed_anew(course: Course, reviewed: Sequence[Reviewed]) -> bool:
    """Whether a reader has changed the regions that the last run has followed: what is new by the numbers, the next run will say."""
    return any(_followed(course.at[one.timepoint]) != _regions(one.numbers.lesion_rows) for one in reviewed)


def _followed(scan: Scan) -> set[tuple[Any, ...]]:
    return _regions([one.payload for one in scan.lesions])


def _regions(rows: Iterable[Mapping[str, Any]]) -> set[tuple[Any, ...]]:
    return {tuple(row[name] for name in ("lesion_id", "status", "volume_ml")) for row in rows}


def as_reviewed(course: Course, reviewed: Sequence[Reviewed]) -> Course:
    """The course with these time points as the reader has them, and with no other reader's word."""
    changed = {one.timepoint: _scan(course.at[one.timepoint], one.numbers) for one in reviewed}
    old = {id(course.at[name]): scan for name, scan in changed.items()}
    readings = tuple(one.reading for one in reviewed if one.reading is not None)  # nobody sees another's through the rows
    return replace(
        course,
        scans=tuple(old.get(id(scan), scan) for scan in course.scans),
        at={name: changed.get(name, scan) for name, scan in course.at.items()},
        readings=readings,
        calipers=tuple(row for one in reviewed for row in one.calipers),
    )


def _scan(scan: Scan, numbers: Numbers) -> Scan:
    assert scan.study is not None
    study = replace(scan.study, payload={**scan.study.payload, **_references(scan.study.payload, numbers)})
    lesions = tuple(_stored(scan.study, "lesion", row["lesion_id"], row) for row in numbers.lesion_rows)
    rows = numbers.biomarker_rows
    new = {(row["name"], row["segmenter"]) for row in rows}
    kept = (one for one in scan.values if (one.payload["name"], one.payload["segmenter"]) not in new)
    values = (_stored(scan.study, "missing" if row["value"] is None else "measurement", row["name"], row) for row in rows)
    return replace(scan, study=study, lesions=lesions, values=(*values, *kept))


def _stored(like: Stored, kind: str, name: str, payload: Mapping[str, Any]) -> Stored:
    """A record that is not kept, in the shape of those that are."""
    return replace(like, kind=kind, name=name, payload=payload)


def _references(payload: Mapping[str, Any], numbers: Numbers) -> dict[str, Any]:
    found = dict(_uptakes(numbers))
    hottest = {
        name: float(numbers.surveyed.anatomy.references[name].values_of(numbers.surveyed.suv).max())
        for name in REFERENCES_OF_DEAUVILLE
        if name in numbers.surveyed.anatomy.references
    }
    return {
        "references": {**payload["references"], **found},
        "reference_suv_max": {**payload["reference_suv_max"], **hottest},
    }


def _uptakes(numbers: Numbers) -> Iterator[tuple[str, dict[str, Any]]]:
    for name in REFERENCES_OF_DEAUVILLE:
        try:
            uptake = numbers.surveyed.anatomy.uptake(name, numbers.surveyed.suv)
        except NotMeasurable:
            continue
        yield name, {"mean": uptake.mean, "sd": uptake.sd, "reason_missing": None}
