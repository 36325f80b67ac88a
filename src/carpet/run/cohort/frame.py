"""The cohort table of a trial: a row a patient, from the rows of the trial's tables, with a reason for every missing value."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches
from typing import Any

from carpet.clinical import ClinicalTables
from carpet.cohort.endpoints.patient_endpoint import COMPETING_IS
from carpet.cohort.table import PATIENT, Cohort, Column
from carpet.core.errors import ProtocolError
from carpet.core.protocol import CohortProtocol, Protocol
from carpet.run.cohort.columns import AFTER_INFUSION, BASELINE_ROLES, COLUMNS, RESPONSE_AT, Cell
from carpet.run.cohort.markers import marker_cells
from carpet.run.cohort.outcomes import endpoint_cells, toxicity_cells
from carpet.run.cohort.patient_facts import patient_cells
from carpet.run.cohort.responses import response_cells
from carpet.run.cohort.score_cells import score_cells
from carpet.run.cohort.stand_in import stand_in
from carpet.run.trial.endpoints import rules_of
from carpet.run.trial.score_facts import score_rules
from carpet.run.trial.steps import CourseResult
from carpet.run.trial.tables import Rows

WHERE = "trial.toml: cohort"
INFUSION = "infusion"  # from where the days of every analysis count
FEW_VALUES = ("{score}", "{count}")  # units of numbers that make groups by themselves
BY_PATIENT = ("kinetics", "scores", "toxicity", "endpoints")


@dataclass(frozen=True, eq=False)
class CohortInputs:
    """All that the table is made of. rows: the trial's (`trial_rows`). rules, segmenter: empty for those of the protocol."""

    results: tuple[CourseResult, ...]
    tables: ClinicalTables
    rows: Rows
    protocol: Protocol
    rules: str = ""
    segmenter: str = ""


def cohort_of(results: Sequence[CourseResult], tables: ClinicalTables, rows: Rows, protocol: Protocol) -> Cohort:
    """The table by the protocol's time point, rules and delineation; raises ProtocolError for a wrong name in [cohort]."""
    return cohort_from(CohortInputs(tuple(results), tables, rows, protocol))


def with_rules(inputs: CohortInputs, rules: str) -> CohortInputs:
    """The same cohort, its endpoints and what a transplant does to responses by another named set; raises ProtocolError with the nearest
    name."""
    _named("rules", rules, [one.name for one in rules_of(inputs.protocol)])
    return replace(inputs, rules=rules)


def with_segmenter(inputs: CohortInputs, segmenter: str) -> CohortInputs:
    """The same cohort, its markers and kinetics by another delineation; raises ProtocolError for one that was not measured."""
    segment = inputs.protocol.segment
    _named("segmenter", segmenter, [segment.method, *segment.also])
    return replace(inputs, segmenter="" if segmenter == segment.method else segmenter)


def cohort_from(inputs: CohortInputs) -> Cohort:
    """The table of these inputs, patients in the order of their ids; raises ProtocolError for a wrong name in [cohort]."""
    check_cohort(inputs.protocol)
    rules = inputs.rules or inputs.protocol.cohort.rules
    results = sorted(inputs.results, key=lambda one: one.course.patient.patient_id)
    of = _by_patient(inputs.rows)
    cells = {one.course.patient.patient_id: _row(one, inputs, of, rules) for one in results}
    names = [one.name for one in COLUMNS]
    return Cohort(
        columns=tuple(_with_levels(one, [row[one.name].value for row in cells.values()]) for one in COLUMNS),
        rows=tuple({name: row[name].value for name in names} for row in cells.values()),
        reasons={(who, name): row[name].reason for who, row in cells.items() for name in names if row[name].value is None},
        competing=_competing(inputs.protocol, rules),
        flags={(who, name): row[name].flags for who, row in cells.items() for name in names if row[name].flags},
    )


def _row(result: CourseResult, inputs: CohortInputs, of: Mapping[str, Mapping[str, list[Any]]], rules: str) -> dict[str, Cell]:
    who, protocol = result.course.patient.patient_id, inputs.protocol
    own = {table: of[table].get(who, []) for table in BY_PATIENT}
    scan = stand_in(result.course, protocol.cohort.timepoint)
    return {
        **patient_cells(result.course, inputs.tables, scan, score_rules(protocol.scores)),
        **marker_cells(result.course, scan, own["kinetics"], inputs.segmenter),
        **score_cells(own["scores"], scan),
        **response_cells(result, protocol, rules),
        **toxicity_cells(result.course, own["toxicity"]),
        **endpoint_cells([row for row in own["endpoints"] if row["rules"] == rules]),
    }


def _by_patient(rows: Rows) -> dict[str, dict[str, list[Any]]]:
    """Table → patient → rows."""
    of: dict[str, dict[str, list[Any]]] = {table: {} for table in BY_PATIENT}
    for table, patients in of.items():
        for row in rows.get(table, ()):
            patients.setdefault(row[PATIENT], []).append(row)
    return of


def _with_levels(column: Column, values: Sequence[Any]) -> Column:
    """The levels that occur, in their order; of text that each trial words in its own way the most frequent first."""
    if column.kind != "category" or column.name == PATIENT:
        return column
    often = Counter(str(value) for value in values if value is not None)
    order = [one for one in column.levels if one in often] or sorted(often, key=lambda name: (-often[name], name))
    return replace(column, levels=tuple(order))


def _competing(protocol: Protocol, rules: str) -> dict[str, str]:
    """Endpoint → its competing event, where the rules let one compete."""
    by = next(one for one in rules_of(protocol) if one.name == rules)
    kept = COMPETING_IS if by.unrelated_death == "competing" else {"NRM": COMPETING_IS["NRM"]}
    return dict(kept)


def check_cohort(protocol: Protocol) -> None:
    """Raises ProtocolError, with the nearest name, for what [cohort] asks for and a cohort does not have: before any scan is read."""
    asked = protocol.cohort
    _from_infusion(protocol)
    _named("timepoint", asked.timepoint, protocol.timepoints)
    if protocol.timepoints[asked.timepoint].last_day > 0:
        raise ProtocolError(f"{WHERE}.timepoint: markers are measured before infusion; {asked.timepoint!r} lies after it")
    for name in asked.landmarks:
        _named("landmarks", name, [one for one in RESPONSE_AT if one in protocol.timepoints])
    for key, name in _columns_asked(asked):
        column = _asked_column(key, name)
        if key == "groups" and not _has_groups(column):
            groups = ", ".join(one.name for one in COLUMNS if _has_groups(one) and _is_baseline(one))
            raise ProtocolError(f"{WHERE}.groups: {name!r} makes no groups; there are {groups}")
        if key == "markers" and column.kind != "number":
            numbers = ", ".join(one.name for one in COLUMNS if one.kind == "number" and _is_baseline(one))
            raise ProtocolError(f"{WHERE}.markers: {name!r} is no number; markers are {numbers}")


def _from_infusion(protocol: Protocol) -> None:
    rules, sets = protocol.cohort.rules, {one.name: one for one in rules_of(protocol)}
    _named("rules", rules, sets)
    if sets[rules].start != INFUSION:
        raise ProtocolError(
            f"{WHERE}.rules: {rules!r} counts days from {sets[rules].start}; landmarks, responses and markers stand in days from infusion,"
            " so every comparison would credit patients with the time until then. The table rule_effects shows what this set changes"
        )


def _columns_asked(asked: CohortProtocol) -> Iterator[tuple[str, str]]:
    for key in ("groups", "markers", "adjusted_for"):
        yield from ((key, name) for name in getattr(asked, key))


def _asked_column(key: str, name: str) -> Column:
    known = {one.name: one for one in COLUMNS if one.name != PATIENT}
    if name in known and not _is_baseline(known[name]):
        raise ProtocolError(
            f"{WHERE}.{key}: {name!r} is known after infusion only, and would credit patients with the time until then;"
            " landmarks compare patients by their response"
        )
    _named(key, name, [one for one, column in known.items() if _is_baseline(column)])
    return known[name]


def _is_baseline(column: Column) -> bool:
    return column.role in BASELINE_ROLES and column.name not in (PATIENT, *AFTER_INFUSION)


def _has_groups(column: Column) -> bool:
    return column.kind != "number" or column.unit in FEW_VALUES


def _named(key: str, name: str, allowed: Sequence[str] | Mapping[str, Any]) -> None:
    if name in allowed:
        return
    near = get_close_matches(name, list(allowed), n=1, cutoff=0.4)
    hint = f"did you mean {near[0]!r}?" if near else f"there are {', '.join(allowed)}"
    raise ProtocolError(f"{WHERE}.{key}: there is no {name!r}; {hint}")
