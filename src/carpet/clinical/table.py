"""Reads one clinical table from CSV text against what its columns declare; every fault is told with file, row and column.

CSV as in RFC 4180, with a semicolon in place of the comma where the header has one. Rows are counted as a spreadsheet does: the header
is row 1. An empty cell is "not known". A row with a fault is refused as a whole, the others are read: a cell that was left out in silence
would say "not known" where something is known.
"""

from __future__ import annotations

import csv
import io
import itertools
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import MISSING, dataclass, field, fields, replace
from difflib import get_close_matches
from typing import Any, Generic, Protocol, TypeVar, get_type_hints

from carpet.clinical.cells import Fault, Kind
from carpet.clinical.notices import (
    CELL_MISSING,
    COLUMN_MISSING,
    COLUMN_TWICE,
    COLUMN_UNKNOWN,
    MORE_NOTICES,
    ROW_RAGGED,
    ROW_TWICE,
    TABLE_TOO_BIG,
    TABLE_UNREADABLE,
)
from carpet.core.errors import Notice, NoticeKind, Severity

LARGEST_BYTES = 50_000_000
MOST_ROWS = 1_000_000
LONGEST_CELL = 100_000  # characters; Python's csv module stops at 131,072
LONGEST_SHOWN = 60  # characters of a cell in a message
MOST_NOTICES = 1_000  # of one table; what is beyond is counted


@dataclass(frozen=True, slots=True)
class Column:
    """What a column holds and what that means: one line of the codebook; what is said where a needed cell is empty."""

    kind: Kind
    says: str
    missing: NoticeKind = CELL_MISSING


class Row(Protocol):
    """What all tables share: the row in the file, and whose it is."""

    @property
    def row(self) -> int: ...

    @property
    def patient_id(self) -> str: ...


R = TypeVar("R", bound=Row)


@dataclass(frozen=True)
class Schema(Generic[R]):
    """A table by its file name and the type of its rows, whose fields are annotated with their Column; a field without default is
    needed in every row."""

    file: str
    row: Callable[..., R]
    columns: Mapping[str, Column] = field(init=False)
    needed: frozenset[str] = field(init=False)

    def __post_init__(self) -> None:
        hints = get_type_hints(self.row, include_extras=True)
        columns = {name: hint.__metadata__[0] for name, hint in hints.items() if hasattr(hint, "__metadata__")}
        object.__setattr__(self, "columns", columns)
        defaults: Any = fields(self.row)  # type: ignore[arg-type]
        object.__setattr__(self, "needed", frozenset(one.name for one in defaults if one.name in columns and one.default is MISSING))


@dataclass(frozen=True)
class Table(Generic[R]):
    """The rows that could be read, what was wrong, and the patients whose rows were refused. readable: False where nothing could be."""

    rows: tuple[R, ...] = ()
    notices: tuple[Notice, ...] = ()
    refused: frozenset[str] = frozenset()
    readable: bool = True


def place(file: str, row: int, column: str = "") -> str:
    """Where something stands, as messages say it."""
    return f"{file} row {row}" + (f", column {column}" if column else "")


def read_table(source: str | bytes, schema: Schema[R]) -> Table[R]:
    """The rows of a table; never raises for what the file holds. A table that cannot be read as a whole gives no rows and says why."""
    text = _text(source)
    if isinstance(text, Fault):
        return _unreadable(schema.file, 1, text)
    records = _records(text)
    at, head = next(records, (1, Fault(TABLE_UNREADABLE, "no header")))
    if isinstance(head, Fault):
        return _unreadable(schema.file, at, head)
    names = [name.lower() for name in head[: _last_filled(head)]]
    wrong = _head_faults(names, schema, at)
    if wrong:
        return Table((), tuple(wrong), readable=False)
    rows: list[R] = []
    refused: set[str] = set()
    notices = Notices(schema.file)
    for row, cells in records:
        if isinstance(cells, Fault):
            return _unreadable(schema.file, row, cells)
        found = dict(zip(names, cells, strict=False))
        values = _values(found, schema, row, notices) if _fits(cells, names, notices, row) else None
        if values is None:
            refused.add(found.get("patient_id", ""))
        else:
            rows.append(schema.row(row=row, **values))
    return Table(tuple(rows), notices.told(), frozenset(refused - {""}))


class Notices:
    """What is wrong with one table, up to a number that a person can read."""

    def __init__(self, file: str) -> None:
        self.file, self.kept, self.more = file, list[Notice](), 0

    def add(self, notice: Notice) -> None:
        if len(self.kept) < MOST_NOTICES:
            self.kept.append(notice)
        else:
            self.more += 1

    def fault(self, fault: Fault, row: int, column: str, cell: str) -> None:
        """Add what is wrong with a cell; `cell` is its text where it may be shown."""
        if len(self.kept) >= MOST_NOTICES:
            self.more += 1
            return
        more = " ".join(part for part in (fault.more, did_you_mean(cell, fault.words)) if part)
        notice = fault.kind.at(place(self.file, row, column), shown(cell), more=more)
        self.kept.append(replace(notice, allowed=fault.allowed or notice.allowed))

    def told(self) -> tuple[Notice, ...]:
        return (*self.kept, *([MORE_NOTICES.at(self.file, f"{self.more} more")] if self.more else []))


def checked(table: Table[R], check: Callable[[R], Iterable[Notice]], *, file: str) -> Table[R]:
    """The table without the rows in which `check` finds an error; flags leave the row in."""
    notices = Notices(file)
    rows, refused = [], set(table.refused)
    for row in table.rows:
        found = list(check(row))
        for notice in found:
            notices.add(notice)
        if any(notice.severity is Severity.ERROR for notice in found):
            refused.add(row.patient_id)
        else:
            rows.append(row)
    return replace(table, rows=tuple(rows), notices=table.notices + notices.told(), refused=frozenset(refused))


def single(table: Table[R], key: Callable[[R], Hashable], *, file: str, column: str, same: str) -> Table[R]:
    """The table without the rows that share a key: none of them is more right than the other. same: what must differ, in words."""
    by_key: dict[Hashable, list[int]] = {}
    for row in table.rows:
        by_key.setdefault(key(row), []).append(row.row)

    def twice(row: R) -> Iterator[Notice]:
        rows = by_key[key(row)]
        if len(rows) > 1:
            others = ", ".join(str(number) for number in rows[:10] if number != row.row)
            yield ROW_TWICE.at(place(file, row.row, column), f"also row {others}", more=same)

    return checked(table, twice, file=file)


def did_you_mean(cell: str, words: Iterable[str]) -> str:
    """The nearest of the words as a question, or nothing."""
    spelled = {word.casefold(): word for word in words}
    near = get_close_matches(cell.casefold()[:LONGEST_SHOWN], spelled, n=1)
    return f"did you mean {spelled[near[0]]!r}?" if near else ""


def shown(cell: str) -> str:
    """A cell as a message may hold it: printable and short."""
    plain = "".join(character if character.isprintable() else "\N{REPLACEMENT CHARACTER}" for character in cell[: LONGEST_SHOWN + 1])
    return plain if len(plain) <= LONGEST_SHOWN else f"{plain[: LONGEST_SHOWN - 1]}…"


def read_records(source: str | bytes) -> list[tuple[int, list[str]]] | str:
    """(row, cells) of every row of any CSV that holds anything, the header first; what is wrong, in words, where it cannot be read."""
    text = _text(source)
    if isinstance(text, Fault):
        return text.more
    found = []
    for row, cells in _records(text):
        if isinstance(cells, Fault):
            return f"row {row}: {cells.more}"
        found.append((row, cells))
    return found


def _text(source: str | bytes) -> str | Fault:
    if len(source) > LARGEST_BYTES:
        return Fault(TABLE_TOO_BIG, f"more than {LARGEST_BYTES // 1_000_000} MB")
    if isinstance(source, str):
        return source.removeprefix("\ufeff")
    try:
        return source.decode("utf-8-sig")
    except UnicodeDecodeError:
        return Fault(TABLE_UNREADABLE, "not UTF-8")


def _unreadable(file: str, row: int, fault: Fault) -> Table[Any]:
    return Table((), (fault.kind.at(place(file, row), more=fault.more),), readable=False)


def _delimiter(text: str) -> str | Fault:
    """Comma or semicolon, whichever the header has; no name of a column holds one."""
    head = next((line for line in io.StringIO(text, newline="") if line.strip()), "")
    if "," in head and ";" in head:
        return Fault(TABLE_UNREADABLE, "the header has commas and semicolons")
    if "\t" in head:
        return Fault(TABLE_UNREADABLE, "the header has tabs")
    return ";" if ";" in head else ","


def _records(text: str) -> Iterator[tuple[int, list[str] | Fault]]:
    """(row, cells) of every row that holds anything, the header first; a Fault is the last."""
    delimiter = _delimiter(text)
    if isinstance(delimiter, Fault):
        yield 1, delimiter
        return
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    for row in itertools.count(1):
        try:
            cells = [cell.strip() for cell in next(reader)]
        except StopIteration:
            return
        except csv.Error as error:
            yield row, _csv_fault(error)
            return
        if row > MOST_ROWS + 1:
            yield row, Fault(TABLE_TOO_BIG, "too many rows")
            return
        if any(len(cell) > LONGEST_CELL for cell in cells):
            yield row, Fault(TABLE_TOO_BIG, "a cell beyond the limit")
            return
        if any(cells):
            yield row, cells


def _csv_fault(error: csv.Error) -> Fault:
    if "field larger than field limit" in str(error):
        return Fault(TABLE_TOO_BIG, "a cell beyond the limit")
    return Fault(TABLE_UNREADABLE, "a double quote out of place, or never closed")


def _last_filled(cells: Sequence[str]) -> int:
    return max((n for n, cell in enumerate(cells, start=1) if cell), default=0)


def _head_faults(names: Sequence[str], schema: Schema[Any], row: int) -> list[Notice]:
    """What is wrong with the header. Where it has no known name it may be a row of data, and nothing of it is shown."""
    if not set(names) & set(schema.columns):
        return [
            TABLE_UNREADABLE.at(place(schema.file, row), more=f"no header; its first row names the columns {', '.join(schema.columns)}")
        ]
    faults = []
    for n, name in enumerate(names, start=1):
        if name not in schema.columns:
            notice = COLUMN_UNKNOWN.at(place(schema.file, row, shown(name) or str(n)), shown(name), more=did_you_mean(name, schema.columns))
            faults.append(replace(notice, allowed=", ".join(schema.columns)))
        elif names.index(name) != n - 1:
            faults.append(COLUMN_TWICE.at(place(schema.file, row, name), name))
    missing = [name for name in schema.columns if name in schema.needed and name not in names]
    return faults + [COLUMN_MISSING.at(place(schema.file, row, name), "no such column") for name in missing]


def _fits(cells: Sequence[str], names: Sequence[str], notices: Notices, row: int) -> bool:
    """As many cells as columns; empty ones at the end, which spreadsheets add, do not count."""
    fits = len(cells) >= len(names) >= _last_filled(cells)
    if not fits:
        notices.add(ROW_RAGGED.at(place(notices.file, row), f"{len(cells)} cells, {len(names)} columns"))
    return fits


def _values(cells: Mapping[str, str], schema: Schema[Any], row: int, notices: Notices) -> dict[str, Any] | None:
    """The values of a row's cells, without the empty ones; None where one is wrong."""
    values: dict[str, Any] = {}
    right = True
    for name, cell in cells.items():
        kind = schema.columns[name].kind
        if cell:
            value = kind.read(cell)
        elif name in schema.needed:
            value = Fault(schema.columns[name].missing, "", kind.says)
        else:
            continue
        if isinstance(value, Fault):
            right = False
            notices.fault(value, row, name, cell if kind.shown else "")
        else:
            values[name] = value
    return values if right else None
