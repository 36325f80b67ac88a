"""Competing risks in the cohort report: cumulative incidence (Aalen–Johansen) by group, with Gray's test."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from carpet.cohort.analyses.competing import GroupIncidence, Incidences
from carpet.cohort.analyses.terms import groups_of, usable
from carpet.cohort.cumulative_incidence import Incidence
from carpet.cohort.survival import FloatArray
from carpet.cohort.table import Cohort
from carpet.report.cohort_content import Block, Picture, Section, Words
from carpet.report.cohort_figures.cumulative_incidence import CauseCurve, IncidenceData, IncidenceGroup
from carpet.report.numbers import DASH
from carpet.run.cohort.content_input import Analysed
from carpet.run.cohort.content_words import (
    CAUSE_WORDS,
    COMPETING_WORDS,
    ENDPOINT_WORDS,
    EVENT_WORDS,
    bands_text,
    counts_text,
    group_name,
    inside,
    label,
    lacking,
    months_word,
    p_text,
    percent_interval,
    reason_text,
    sentence,
)

UNITS = "Vertical axis: cumulative incidence, %. Horizontal axis: months of 365.25/12 days. Bands: 95% intervals"


def competing(analysed: Analysed) -> Section:
    """A figure for each endpoint with a competing event; of others 1 − Kaplan–Meier says the same."""
    blocks: list[Block] = []
    for one in analysed.competing:
        if one.groups and one.competing:
            blocks.append(_picture(analysed.cohort, one))
        elif one.competing:
            why = reason_text(one.reason_missing) + (lacking(analysed.cohort, one.group_by) if one.group_by else "")
            blocks.append(Words(f"{_title(one)}: no curve, {why}.", "quiet"))
    return Section("competing", "Competing risks", tuple(blocks), "No endpoint that was asked for has a competing event by these rules.")


def _title(one: Incidences) -> str:
    return sentence(ENDPOINT_WORDS[one.endpoint]) + (f" by {inside(label(one.group_by))}" if one.group_by else "")


def _picture(cohort: Cohort, one: Incidences) -> Picture:
    followed = _followed(cohort, one)
    groups = tuple(_group(one, group, followed[group.group]) for group in one.groups)
    day = one.groups[0].at[-1].day if one.groups[0].at else None
    at_time = "" if day is None else f"at {months_word(day)} (95% CI)"
    data = IncidenceData(_title(one), groups, at_time, tuple(_says(one)))
    caption = (
        f"Cumulative incidence of {EVENT_WORDS[one.endpoint]}, competing with {one.competing} (Aalen–Johansen); rules: {one.rules}. "
        "One minus Kaplan–Meier would overstate it."
    )
    missing = f"; {one.missing} without a value" if one.missing else ""
    counts = counts_text(sum(group.patients for group in one.groups), sum(group.events for group in one.groups))
    counts += f", {sum(group.competing_events for group in one.groups)} competing{missing}."
    name = "_".join(part.lower() for part in ("incidence", one.endpoint, one.group_by) if part)
    units = f"{UNITS}{', of the first cause' if len(groups) > 1 else ''}.{bands_text(group.patients for group in one.groups)}"
    return Picture(name, caption, counts, units, data)


def _says(one: Incidences) -> Iterator[str]:
    tests = [
        (CAUSE_WORDS.get(one.endpoint, one.endpoint), one.gray),
        (COMPETING_WORDS.get(one.endpoint, one.competing), one.gray_competing),
    ]
    said = [
        f"{what}: χ² = {test.chi_square:.1f} ({test.degrees} df), {p_text(test.p)}" if test is not None else f"{what}: no test"
        for what, test in tests
    ]
    if one.gray is not None or one.gray_competing is not None:
        yield f"Gray's test, {'; '.join(said)}"
    if one.group_by and one.gray is None:
        yield f"No test of {tests[0][0]}: {reason_text(one.reason_missing)}"


def _followed(cohort: Cohort, one: Incidences) -> dict[str, tuple[int, ...]]:
    """Group → the day on which each patient's follow-up ends, as the analysis took them."""
    rows = usable(cohort, one.endpoint, [one.group_by] if one.group_by else [], as_measured=True).rows
    days = cohort.survival(one.endpoint, rows).days
    if not one.group_by:
        return {one.groups[0].group: tuple(int(day) for day in days)}
    names, group = groups_of(cohort, one.group_by, rows)
    return {name: tuple(int(day) for day in days[group == k]) for k, name in enumerate(names)}


def _group(one: Incidences, found: GroupIncidence, follow_up: tuple[int, ...]) -> IncidenceGroup:
    at = found.at[-1] if found.at else None
    shown = DASH if at is None else percent_interval(at.incidence, at.low, at.high)
    causes = [_cause(found.curve, CAUSE_WORDS.get(one.endpoint, one.endpoint), found.events, shown)]
    if found.competing is not None:
        causes.append(
            _cause(
                found.competing,
                COMPETING_WORDS.get(one.endpoint, one.competing),
                found.competing_events,
                _at(found.competing, None if at is None or at.incidence is None else at.day),
            )
        )
    return IncidenceGroup(group_name(one.group_by, found.group), follow_up, tuple(causes))


def _at(curve: Incidence, day: int | None) -> str:
    """The curve of the competing event on the day of the horizon."""
    if day is None:
        return DASH
    place = int(np.searchsorted(curve.days, day, side="right")) - 1
    if place < 0:
        return "0%"
    low, high = (float(limits[place]) if np.isfinite(limits[place]) else None for limits in (curve.low, curve.high))
    return percent_interval(float(curve.incidence[place]), low, high)


def _cause(curve: Incidence, name: str, events: int, at_time: str) -> CauseCurve:
    return CauseCurve(
        name,
        tuple(int(day) for day in curve.days),
        tuple(float(value) for value in curve.incidence),
        _limits(curve.low),
        _limits(curve.high),
        events,
        at_time,
    )


def _limits(values: FloatArray) -> tuple[float | None, ...]:
    return tuple(float(value) if np.isfinite(value) else None for value in values)
