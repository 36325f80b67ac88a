"""Survival in the cohort report: Kaplan–Meier curves of all, by group and from landmarks, with medians, survival at horizons, means."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from carpet.cohort import notices
from carpet.cohort.analyses.by_group import ByGroup, GroupCurve
from carpet.cohort.rmst import Estimate
from carpet.cohort.survival import FloatArray
from carpet.report.cohort_content import Block, Picture, Row, Section, Table, Words
from carpet.report.cohort_figures.kaplan_meier import KaplanMeierData, SurvivalGroup
from carpet.report.numbers import DASH
from carpet.run.cohort.content_input import Analysed
from carpet.run.cohort.content_words import (
    ENDPOINT_WORDS,
    bands_text,
    counts_text,
    effect_of_group,
    group_name,
    inside,
    label,
    lacking,
    median_text,
    months,
    months_word,
    p_text,
    percent_interval,
    ratio_text,
    reason_text,
    sentence,
    tested,
)

SEEN_AT_SCANS = ("PFS", "EFS", "TTP")  # endpoints of which the last scan without progression ends follow-up
TOO_SHORT = "not followed so long"
UNITS = "Vertical axis: patients free of the event, %. Horizontal axis: months of 365.25/12 days. Bands: 95% intervals on log(−log) scale."


def survival(analysed: Analysed) -> Section:
    """All curves that were asked for; one that could not be drawn is a sentence."""
    blocks: list[Block] = []
    for one in analysed.survival:
        if one.curves:
            blocks.append(_picture(analysed, one))
        else:
            why = reason_text(one.reason_missing) + (lacking(analysed.cohort, one.group_by) if one.group_by else "")
            blocks.append(Words(f"{_title(one)}: no curve, {why}.", "quiet"))
    rows = tuple(row for one in analysed.survival if one.curves for row in _rows(one))
    if rows:
        blocks.append(_table(analysed, rows))
    return Section("survival", "Survival", tuple(blocks), "No survival was asked for, or no patient has an endpoint.")


def _title(one: ByGroup) -> str:
    title = one.endpoint + (f" by {inside(label(one.group_by))}" if one.group_by else "")
    return title + (f", from {one.landmark} (day {one.from_day})" if one.landmark else "")


def figure_name(one: ByGroup) -> str:
    """The stem of the figure's files: `survival_pfs_two_factor_from_m1`."""
    parts = ["survival", one.endpoint, one.group_by, *(["from", one.landmark] if one.landmark else [])]
    return "_".join(part.lower() for part in parts if part)


def _picture(analysed: Analysed, one: ByGroup) -> Picture:
    named = ENDPOINT_WORDS[one.endpoint]
    groups = tuple(_group(one, curve) for curve in one.curves)
    origin = f"{one.landmark} (day {one.from_day})" if one.landmark else _origin(analysed, one)
    title = sentence(named) + (f" by {inside(label(one.group_by))}" if one.group_by else "")
    data = KaplanMeierData(title, sentence(named), groups, tuple(_says(analysed, one)), origin=origin)
    start = f"the last day of {one.landmark} (day {one.from_day})" if one.landmark else origin
    caption = f"{title}, from {start} on; rules: {one.rules}."
    units = UNITS + bands_text(curve.patients for curve in one.curves)
    return Picture(figure_name(one), caption + _left(one), counts_text(one.patients, one.events) + ".", units, data)


def _origin(analysed: Analysed, one: ByGroup) -> str:
    """What the days of these curves count from, as the endpoint's rows say; infusion where no row does."""
    mine = (row for row in analysed.rows.get("endpoints", ()) if (row["endpoint"], row["rules"]) == (one.endpoint, one.rules))
    return " or ".join(dict.fromkeys(row["origin"] for row in mine if row["origin"])) or "infusion"


def _left(one: ByGroup) -> str:
    said = []
    if one.left_out:
        said.append(f"{one.left_event} had the event and {one.left_censored} left follow-up up to day {one.from_day} and take no part")
        if one.endpoint in SEEN_AT_SCANS and one.left_censored:
            said.append("follow-up ends with the last scan, so who had none later is among those who left")
    if one.missing:
        said.append(f"{one.missing} {'has' if one.missing == 1 else 'have'} no {one.endpoint}{' or no group' if one.group_by else ''}")
    middle = f" Median follow-up (reverse Kaplan–Meier): {median_text(one.follow_up)} months, 95% CI in brackets."
    return (f" {sentence('; '.join(said))}." if said else "") + middle


def _says(analysed: Analysed, one: ByGroup) -> Iterator[str]:
    """Effect and interval before any P."""
    if one.group_by and (compared := tested(one)):
        yield compared
    hazard = effect_of_group(analysed.effects, one)
    test = one.log_rank
    said = [f"HR {hazard.per}: {ratio_text(hazard.ratio, hazard.low, hazard.high)}"] if hazard else []
    if test is not None:
        said.append(f"log-rank χ² = {test.chi_square:.1f} ({test.degrees} df), {p_text(test.p)}")
    elif one.group_by:
        said.append(f"no test: {reason_text(one.reason_missing)}")
    if said:
        yield "; ".join(said)


def _group(one: ByGroup, found: GroupCurve) -> SurvivalGroup:
    curve = found.curve
    return SurvivalGroup(
        group_name(one.group_by, found.group),
        tuple(int(n) for n in curve.days),
        tuple(int(n) for n in curve.at_risk),
        tuple(int(n) for n in curve.events),
        tuple(int(n) for n in curve.censored),
        tuple(float(value) for value in curve.survival),
        _limits(curve.low),
        _limits(curve.high),
        median_text(found.median),
    )


def _limits(values: FloatArray) -> tuple[float | None, ...]:
    return tuple(float(value) if np.isfinite(value) else None for value in values)


def _table(analysed: Analysed, rows: tuple[Row, ...]) -> Table:
    day = analysed.protocol.cohort.horizon_days
    return Table(
        "survival",
        "Median survival, survival at the horizons, and mean survival up to the last one, each with its 95% interval.",
        (
            ("Group", "text"),
            ("Patients", "number"),
            ("Events", "number"),
            ("Median, months", "number"),
            (f"Survival at {months_word(day)}", "number"),
            ("At risk then", "number"),
            ("Restricted mean, months", "number"),
        ),
        rows,
        ("Restricted mean: months free of the event on average, up to the horizon. From a landmark, months count from there.",),
        (2.2, 0.6, 0.55, 2.15, 1.15, 0.55, 1.9),
    )


def _rows(one: ByGroup) -> Iterator[Row]:
    yield Row((_title(one),), heading=True)
    for curve in one.curves:
        at = curve.at[-1] if curve.at else None
        yield Row(
            (
                group_name(one.group_by, curve.group),
                str(curve.patients),
                str(curve.events),
                median_text(curve.median),
                DASH if at is None else percent_interval(at.survival, at.low, at.high),
                DASH if at is None else str(at.at_risk),
                _mean(curve.rmst, curve.events) if curve.rmst else _no_mean(curve.rmst_reason),
            ),
            indented=True,
        )
    if one.rmst is not None:
        gap = one.rmst.difference
        words = f"Difference, {one.curves[1].group} minus {one.curves[0].group}"
        yield Row((words, "", "", "", "", "", f"{_mean(gap, one.events)}; {p_text(gap.p)}"), indented=True)


def _no_mean(code: str) -> str:
    return TOO_SHORT if code == notices.DAY_TOO_LATE.code else f"{DASH} {reason_text(code)}"


def _mean(one: Estimate, events: int) -> str:
    if one.std_error == 0.0:
        return f"{months(one.value)}, {'no interval' if events else 'no event'}"
    ends = [months(value) for value in (one.low, one.high)]
    between = " to " if one.low < 0 else DASH
    return f"{months(one.value)} ({ends[0]}{between}{ends[1]})"
