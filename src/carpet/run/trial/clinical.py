"""The clinical tables of a trial as they lie in clinical/: written by hand, or made of a REDCap export by the protocol's mapping."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from carpet.clinical import ClinicalTables, read_tables
from carpet.clinical.notices import REDCAP_TABLE_TWICE
from carpet.clinical.redcap import Mapped, RedcapMapping, RedcapPart, mapped
from carpet.clinical.table import read_records
from carpet.clinical.tables import SCHEMAS
from carpet.cohort.endpoints import Endpoint
from carpet.core.errors import Notice, ProtocolError, Refused
from carpet.core.protocol import RedcapProtocol
from carpet.run.trial.folder import PROTOCOL_FILE, Trial
from carpet.run.trial.steps import CourseResult

Placed = Callable[[str], str]


def as_it_is(where: str) -> str:
    """Where tables are written by hand, a place in one of them is the place that a person has written."""
    return where


@dataclass(frozen=True)
class ClinicalFolder:
    """The tables, and what turns a place in them into the place in the file that a person has written."""

    tables: ClinicalTables
    placed: Placed = as_it_is


def read_clinical(trial: Trial) -> ClinicalFolder:
    """What clinical/ holds. Tables that a REDCap export fills must have no rows of their own; of them only the header may stand there.

    Raises ProtocolError where the export is not there, Refused for an export or a mapping with faults, each with the export's row and
    field, and for a table that has two sources.
    """
    files = {path.name: path.read_bytes() for path in sorted(trial.clinical.iterdir()) if path.is_file()}
    asked = trial.protocol.redcap
    if not asked.file:
        return ClinicalFolder(read_tables(files))
    made = _made(files, asked)
    by_hand = {name: content for name, content in files.items() if name != asked.file}
    twice = [name for name in made.files if name in by_hand and _has_rows(by_hand[name])]
    if twice:
        raise Refused([REDCAP_TABLE_TWICE.at(f"clinical/{name}", asked.file) for name in twice])
    tables = read_tables({**by_hand, **made.files})
    notices = (*made.notices, *(made.traced(notice) for notice in tables.notices))
    return ClinicalFolder(replace(tables, notices=notices), made.placed)


def _made(files: Mapping[str, bytes], asked: RedcapProtocol) -> Mapped:
    if asked.file in {schema.file for schema in SCHEMAS}:
        raise ProtocolError(f"{PROTOCOL_FILE}: redcap.file: {asked.file!r} is the name of a clinical table; give the export another name")
    if asked.file not in files:
        raise ProtocolError(f"{PROTOCOL_FILE}: redcap.file: there is no {asked.file!r} in clinical/")
    parts = tuple(
        RedcapPart(
            file=one.table,
            columns=one.columns,
            instrument=one.instrument,
            events=one.events,
            constants=one.constants,
            choices=one.choices,
            needs=one.needs,
        )
        for one in asked.parts
    )
    return mapped(files[asked.file], RedcapMapping(record=asked.record, parts=parts, missing=asked.missing), export=asked.file)


def _has_rows(content: bytes) -> bool:
    """Anything below a header; what cannot be read may hold it."""
    records = read_records(content)
    return isinstance(records, str) or sum(any(cells) for _, cells in records) > 1


def at_place(notice: Notice, placed: Placed) -> Notice:
    """The notice at the place that a person can look up."""
    return replace(notice, where=placed(notice.where))


def with_places(result: CourseResult, placed: Placed) -> CourseResult:
    """The course with its notices, and what caused each endpoint, at the places that a person can look up; what is stored of it stays."""
    refusals, flags = (tuple(at_place(notice, placed) for notice in notices) for notices in (result.refusals, result.flags))
    ends = tuple(
        (rules, replace(one, caused_by=placed(one.caused_by)) if isinstance(one, Endpoint) else one)
        for rules, one in result.endpoints.results
    )
    return replace(result, refusals=refusals, flags=flags, endpoints=replace(result.endpoints, results=ends))
