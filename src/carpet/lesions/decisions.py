"""A reader's decisions from a CSV table: each row confirms or changes one region, or adds one at a point."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Protocol

from carpet.core.errors import Notice, NoticeKind, Refused, Severity
from carpet.core.lesion import Code, Kind, Status

POINT = ("l_mm", "p_mm", "s_mm")
COLUMNS = ("lesion_id", *POINT, "status", "site", "reader", "adjudicates", "comment")
WORDS = {"disease": Status.DISEASE, "physiologic": Status.PHYSIOLOGIC, "accept": None}
YES_NO = {"": False, "no": False, "yes": True}
ALL = "*"

MALFORMED = NoticeKind(
    "DECISION_MALFORMED",
    Severity.ERROR,
    "this row of the decisions table cannot be read",
    "columns lesion_id or l_mm, p_mm, s_mm; status disease, physiologic or accept; reader; optional site, adjudicates (yes), comment",
    "correct the cell and run again",
)


class Coded(Protocol):
    """A known site: its code and how it counts."""

    @property
    def code(self) -> Code: ...

    @property
    def kind(self) -> Kind: ...


@dataclass(frozen=True, slots=True)
class Decision:
    """One row. Either `lesion_id` (`*` for all that remain) or `point_lps_mm`; `status` None accepts the suggestion.

    adjudicates: by a third person, whose word stands above that of readers who contradict each other.
    """

    where: str
    lesion_id: str | None
    point_lps_mm: tuple[float, float, float] | None
    status: Status | None
    site: Code | None
    kind: Kind | None
    reader: str
    comment: str = ""
    adjudicates: bool = False

    @property
    def target(self) -> str:
        """What the row addresses, in words."""
        if self.lesion_id is not None:
            return self.lesion_id
        assert self.point_lps_mm is not None
        return f"point {', '.join(f'{x:g}' for x in self.point_lps_mm)} mm"


def read_decisions(text: str, where: str, *, site_of: Callable[[str], Coded | None]) -> tuple[Decision, ...]:
    """The rows of a decisions table (comma, semicolon or tab; a byte-order mark and blank lines are passed over); () for an empty text.

    where: names the file in refusals. site_of: the site of a name or code, None when there is none. Raises Refused with
    DECISION_MALFORMED, one notice per faulty cell.
    """
    rows = _rows(text)
    head_line, head = next(rows, (0, []))
    if not head:
        return ()
    names = [name.strip().lower() for name in head]
    faults = _head_faults(names, f"{where}:{head_line}")
    if faults:
        raise Refused(faults)
    decisions: list[Decision] = []
    for line, cells in rows:
        if len(cells) > len(names):
            faults.append(MALFORMED.at(f"{where}:{line}:{len(names) + 1}", cells[len(names)], more="more cells than columns"))
            continue
        found = dict(zip(names, (cell.strip() for cell in cells), strict=False))
        row = _Row(found, f"{where}:{line}", partial(_cell, names, f"{where}:{line}"))
        decision = row.decision(site_of)
        faults += row.faults
        if decision is not None:
            decisions.append(decision)
    if faults:
        raise Refused(faults)
    return tuple(decisions)


def decision_of(cells: Mapping[str, str], where: str, *, place: Callable[[str], str], site_of: Callable[[str], Coded | None]) -> Decision:
    """One row whose cells were read elsewhere, by column; those that are left out are empty.

    where: names the row in what `decide` refuses. place: names the cell of a column. Raises Refused with DECISION_MALFORMED.
    """
    row = _Row(cells, where, place)
    decision = row.decision(site_of)
    if decision is None:
        raise Refused(row.faults)
    return decision


def stored_decision(said: Mapping[str, Any]) -> Decision:
    """A decision again from what `dataclasses.asdict` made of it, through JSON too."""
    point, status, site, kind = (said[name] for name in ("point_lps_mm", "status", "site", "kind"))
    made = {
        "point_lps_mm": None if point is None else tuple(point),
        "status": None if status is None else Status(status),
        "site": None if site is None else Code(**site),
        "kind": None if kind is None else Kind(kind),
    }
    return Decision(**{**said, **made})


def _cell(names: Sequence[str], where: str, column: str) -> str:
    return f"{where}:{names.index(column) + 1 if column in names else 1}"


def _rows(text: str) -> Iterator[tuple[int, list[str]]]:
    """(line number, cells) of every row that holds anything."""
    text = text.removeprefix("\ufeff")
    first = next((line for line in text.splitlines() if line.strip()), "")
    delimiter = max(",;\t", key=first.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    for cells in reader:
        if any(cell.strip() for cell in cells):
            yield reader.line_num, cells


def _head_faults(names: list[str], where: str) -> list[Notice]:
    faults = []
    for n, name in enumerate(names, start=1):
        if name not in COLUMNS:
            faults.append(MALFORMED.at(f"{where}:{n}", name, more=f"unknown column; known are {', '.join(COLUMNS)}"))
        elif names.index(name) != n - 1:
            faults.append(MALFORMED.at(f"{where}:{n}", name, more="column twice"))
    absent = [needed for needed in ("status", "reader") if needed not in names]
    faults += [MALFORMED.at(where, ", ".join(names), more=f"no column {needed}") for needed in absent]
    if "lesion_id" not in names and not set(POINT) <= set(names):
        faults.append(MALFORMED.at(where, ", ".join(names), more="neither lesion_id nor all of l_mm, p_mm, s_mm"))
    return faults


class _Row:
    """One row while it is read; collects its faults."""

    def __init__(self, cells: Mapping[str, str], where: str, place: Callable[[str], str]) -> None:
        self.cells, self.where, self.place = dict.fromkeys(COLUMNS, "") | dict(cells), where, place
        self.faults: list[Notice] = []

    def fault(self, column: str, more: str) -> None:
        self.faults.append(MALFORMED.at(self.place(column), self.cells[column], more=more))

    def decision(self, site_of: Callable[[str], Coded | None]) -> Decision | None:
        lesion_id, point = self.cells["lesion_id"] or None, self._point()
        word = self.cells["status"].lower()
        if word not in WORDS:
            self.fault("status", "unknown status")
        if not self.cells["reader"]:
            self.fault("reader", "no reader")
        if not self.faults and (lesion_id is None) == (point is None):
            self.fault("lesion_id", "both lesion_id and a point" if point else "neither lesion_id nor a point")
        site = site_of(self.cells["site"]) if self.cells["site"] else None
        if self.cells["site"] and site is None:
            self.fault("site", "unknown site; allowed are the names and SNOMED codes of sites")
        if lesion_id == ALL and (word != "accept" or site is not None):
            self.fault("status", "lesion_id * takes the status accept and no site")
        adjudicates = self._adjudicates(lesion_id)
        if self.faults:
            return None
        code, kind = (None, None) if site is None else (site.code, site.kind)
        return Decision(self.where, lesion_id, point, WORDS[word], code, kind, self.cells["reader"], self.cells["comment"], adjudicates)

    def _adjudicates(self, lesion_id: str | None) -> bool:
        said = self.cells["adjudicates"].lower()
        if said not in YES_NO:
            self.fault("adjudicates", "yes, no or empty")
        elif YES_NO[said] and lesion_id == ALL:
            self.fault("adjudicates", "who adjudicates names each region")
        return YES_NO.get(said, False)

    def _point(self) -> tuple[float, float, float] | None:
        given = [column for column in POINT if self.cells[column]]
        if not given:
            return None
        values = []
        for column in POINT:
            try:
                values.append(float(self.cells[column].replace(",", ".")))
            except ValueError:
                values.append(math.nan)
            if not math.isfinite(values[-1]):
                self.fault(column, "not a coordinate in mm")
        return values[0], values[1], values[2]
