"""A REDCap export (one CSV, raw codes) becomes carpet's clinical tables by a mapping; every fault names the export's row and field.

A part of the mapping fills one table from the rows of one instrument: the record's own rows (instrument empty) or a repeating one. Several
parts may fill one table: laboratory values that stand side by side in the export are one part each. Parts of patients.csv are joined by
the record.
"""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from carpet.clinical.notices import (
    COLUMN_TWICE,
    REDCAP_CHOICE_UNKNOWN,
    REDCAP_CONFLICT,
    REDCAP_FIELD_UNKNOWN,
    REDCAP_NO_ROWS,
    REDCAP_TARGET_UNKNOWN,
    TABLE_UNREADABLE,
)
from carpet.clinical.patients import PATIENTS
from carpet.clinical.table import did_you_mean, place, read_records, shown
from carpet.clinical.tables import SCHEMAS
from carpet.core.errors import Notice, Refused

EVENT, INSTRUMENT = "redcap_event_name", "redcap_repeat_instrument"
DATE_WITH_TIME = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2})[ T][0-9]{2}:[0-9]{2}(:[0-9]{2})?")
AT = re.compile(r"(?P<file>[a-z_]+\.csv) row (?P<row>[0-9]+)(, column (?P<column>\S+))?")
KEY = "patient_id"


@dataclass(frozen=True, kw_only=True)
class RedcapPart:
    """Which rows of the export fill which table. columns: carpet's column → the export's field. constants: carpet's column → the word that
    stands in every row. choices: carpet's column → code of the export → carpet's word. needs: fields without which a row is passed over
    (by default a row without any mapped value is)."""

    file: str
    columns: Mapping[str, str]
    instrument: str = ""
    events: tuple[str, ...] = ()
    constants: Mapping[str, str] = field(default_factory=dict)
    choices: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    needs: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class RedcapMapping:
    """The export's key field, its words for "not known" (such as -99), and the parts."""

    record: str
    parts: tuple[RedcapPart, ...]
    missing: tuple[str, ...] = ()


class Origin(NamedTuple):
    """Where a made row comes from: the export's row; and carpet's column → the row and field of the cell."""

    row: int
    cells: Mapping[str, tuple[int, str]]


@dataclass(frozen=True)
class Mapped:
    """carpet's tables as CSV, those without a row left out, and what is odd. origins: table → of each row below the header."""

    export: str
    files: Mapping[str, bytes]
    origins: Mapping[str, tuple[Origin, ...]]
    notices: tuple[Notice, ...] = ()

    def traced(self, notice: Notice) -> Notice:
        """A notice about a made table, told of the export's row and field instead; any other notice as it is."""
        return replace(notice, where=self.placed(notice.where))

    def placed(self, where: str) -> str:
        """The place in the export of a place in a made table; any other place as it is."""
        at = AT.fullmatch(where)
        rows = self.origins.get(at["file"], ()) if at else ()
        if at is None or not 2 <= int(at["row"]) < len(rows) + 2:
            return where
        origin, column = rows[int(at["row"]) - 2], at["column"] or ""
        return place(self.export, *origin.cells.get(column, (origin.row, column)))


class _Made(NamedTuple):
    """A row of one of carpet's tables, and where each cell comes from."""

    cells: dict[str, str]
    origin: Origin


class _Export(NamedTuple):
    name: str
    fields: tuple[str, ...]
    rows: tuple[tuple[int, Mapping[str, str]], ...]


def mapped(source: str | bytes, mapping: RedcapMapping, *, export: str = "redcap.csv") -> Mapped:
    """The tables that the mapping makes of an export; no file is opened or written.

    Raises Refused with every fault: a file that is no CSV, a field or column that does not exist, a code without translation, rows of one
    record that contradict each other. What the cells must hold is for `read_tables` to say, and `Mapped.traced` says where.
    """
    told = _export(source, export, mapping.record)
    faults = [*_mapping_faults(told, mapping)]
    if faults:
        raise Refused(faults)
    made: dict[str, list[_Made]] = {}
    notices = []
    for number, part in enumerate(mapping.parts, start=1):
        rows = [_made(told, part, mapping, row, cells, faults) for row, cells in told.rows if _fits(part, mapping, cells)]
        made.setdefault(part.file, []).extend(rows)
        if not rows:
            notices.append(REDCAP_NO_ROWS.at(_part_name(number, part)))
    if PATIENTS.file in made:
        made[PATIENTS.file] = _joined(export, made[PATIENTS.file], faults)
    if faults:
        raise Refused(faults)
    origins = {file: tuple(row.origin for row in rows) for file, rows in made.items()}
    return Mapped(export, {file: _csv([row.cells for row in rows]) for file, rows in made.items() if rows}, origins, tuple(notices))


def _export(source: str | bytes, name: str, record: str) -> _Export:
    records = read_records(source)
    if isinstance(records, str):
        raise Refused(TABLE_UNREADABLE.at(name, more=records))
    (first, head), *rows = records or [(1, [])]
    if not any(head):
        raise Refused(TABLE_UNREADABLE.at(name, more="no header"))
    twice = [one for one, times in Counter(head).items() if one and times > 1]
    if twice and record in head:  # else it may be a row of data, and nothing of it is shown
        raise Refused([COLUMN_TWICE.at(place(name, first, shown(one)), shown(one)) for one in twice])
    for row, cells in rows:
        if len(cells) != len(head):
            raise Refused(TABLE_UNREADABLE.at(place(name, row), f"{len(cells)} cells, {len(head)} fields"))
    return _Export(name, tuple(head), tuple((row, dict(zip(head, cells, strict=True))) for row, cells in rows))


def _part_name(number: int, part: RedcapPart) -> str:
    return f"redcap part {number} ({part.file})"


def _mapping_faults(export: _Export, mapping: RedcapMapping) -> Iterator[Notice]:
    tables = {schema.file: schema.columns for schema in SCHEMAS}
    yield from _unknown_fields(export, "redcap record", [mapping.record])
    for number, part in enumerate(mapping.parts, start=1):
        where = _part_name(number, part)
        if part.file not in tables:
            notice = REDCAP_TARGET_UNKNOWN.at(where, shown(part.file), more=did_you_mean(part.file, tables))
            yield replace(notice, allowed=", ".join(tables))
            continue
        columns = tables[part.file]
        for column in dict.fromkeys((*part.columns, *part.constants, *part.choices)):
            if column not in columns:
                notice = REDCAP_TARGET_UNKNOWN.at(f"{where}, {column}", shown(column), more=did_you_mean(column, columns))
                yield replace(notice, allowed=", ".join(columns))
        asked = [INSTRUMENT] if part.instrument else []
        yield from _unknown_fields(export, where, [*part.columns.values(), *part.needs, *asked, *([EVENT] if part.events else [])])


def _unknown_fields(export: _Export, where: str, names: Sequence[str]) -> Iterator[Notice]:
    for name in dict.fromkeys(names):
        if name not in export.fields:
            yield REDCAP_FIELD_UNKNOWN.at(where, shown(name), more=did_you_mean(name, export.fields))


def _fits(part: RedcapPart, mapping: RedcapMapping, cells: Mapping[str, str]) -> bool:
    """Whether a row of the export is of this part, and says anything."""
    if cells.get(INSTRUMENT, "") != part.instrument or (part.events and cells.get(EVENT) not in part.events):
        return False
    filled = {name for name, cell in cells.items() if cell and cell not in mapping.missing}
    if part.needs:
        return filled >= set(part.needs)
    asked = set(part.columns.values()) - {mapping.record}
    return bool(filled & asked) or not asked


def _made(export: _Export, part: RedcapPart, mapping: RedcapMapping, row: int, cells: Mapping[str, str], faults: list[Notice]) -> _Made:
    fields = {KEY: mapping.record, **part.columns}
    made = dict(part.constants)
    for column, name in fields.items():
        cell = "" if cells[name] in mapping.missing else cells[name]
        known = part.choices.get(column)
        if cell and known is not None:
            if cell not in known:
                notice = REDCAP_CHOICE_UNKNOWN.at(place(export.name, row, name), shown(cell))
                faults.append(replace(notice, allowed=", ".join(known)))
            cell = known.get(cell, "")
        timed = DATE_WITH_TIME.fullmatch(cell)
        made[column] = timed[1] if timed else cell
    return _Made(made, Origin(row, {column: (row, name) for column, name in fields.items()}))


def _joined(export: str, rows: Sequence[_Made], faults: list[Notice]) -> list[_Made]:
    """One row a record, of all that its rows say."""
    of: dict[str, _Made] = {}
    for one in rows:
        row, cells, origins = one.origin.row, *_parts(of.get(one.cells[KEY]))
        for column, cell in one.cells.items():
            at = one.origin.cells.get(column, (row, column))
            before = cells.get(column, "")
            if cell and before and before != cell:
                faults.append(REDCAP_CONFLICT.at(place(export, *at), "also row {}, field {}".format(*origins[column])))
            elif cell or column not in cells:
                cells[column], origins[column] = cell, at
        of[one.cells[KEY]] = _Made(cells, Origin(of[one.cells[KEY]].origin.row if one.cells[KEY] in of else row, origins))
    return list(of.values())


def _parts(one: _Made | None) -> tuple[dict[str, str], dict[str, tuple[int, str]]]:
    return ({}, {}) if one is None else (one.cells, dict(one.origin.cells))


def _csv(rows: Sequence[Mapping[str, str]]) -> bytes:
    columns = list(dict.fromkeys(name for row in rows for name in row))
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, columns, restval="", lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode()
