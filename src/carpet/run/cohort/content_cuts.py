"""Cut-points in the cohort report: the pre-specified ones first, then those that the data suggested, labelled, naive beside corrected."""

from __future__ import annotations

from collections.abc import Sequence

from carpet.cohort.analyses.cutting import EXPLORATORY, PRE_SPECIFIED, Cut
from carpet.cohort.table import Cohort
from carpet.report.cohort_content import Block, Row, Section, Table, Words
from carpet.report.numbers import DASH, MINUS
from carpet.run.cohort.content_input import Analysed
from carpet.run.cohort.content_notes import lettered
from carpet.run.cohort.content_words import label, p_text, ratio_number, ratio_text, reason_text, sentence, unit_of

SEARCHED = (
    "Exploratory. These cut-points were searched for in the same patients in whom they are tested. The naive P ignores the search and is "
    "too small; the corrected P allows for it. The spread of the cut-point and of its hazard ratio shows how far they move from sample to "
    "sample; it is no 95% interval (in made cohorts that of the cut-point held the true one in 86%). None may be applied to other patients "
    "before it has been confirmed in an independent cohort."
)


def cut_points(analysed: Analysed) -> Section:
    """Two tables: what was fixed beforehand, and what was found."""
    fixed = [one for one in analysed.cuts if one.label != EXPLORATORY]
    found = [one for one in analysed.cuts if one.label == EXPLORATORY]
    blocks: list[Block] = []
    if fixed:
        blocks.append(_fixed(analysed.cohort, fixed))
    elif analysed.cuts:
        blocks.append(Words("No published cut-off is of a marker of this protocol.", "quiet"))
    if found:
        blocks += [Words(SEARCHED, "exploratory"), _found(analysed.cohort, found)]
    return Section("cut-points", "Cut-points", tuple(blocks), "No cut-point was asked for: the protocol names no marker.")


def _fixed(cohort: Cohort, cuts: Sequence[Cut]) -> Table:
    heads = ("Cut-off", "Low : high", "Hazard ratio, high vs low (95% CI)", "P", "Source")
    order = _by_endpoint(cuts)
    marks, notes = lettered([(_delineated(one), *(reason_text(code) for code in one.flags)) for one in order])
    return Table(
        "cuts_fixed",
        "Cut-offs published before: hazard ratio of high against low. Pre-specified, but where another population is named.",
        tuple((head, "text" if n in (0, 4) else "number") for n, head in enumerate(heads)),
        _with_headings(order, [_fixed_row(cohort, one, mark) for one, mark in zip(order, marks, strict=True)]),
        notes,
        (2.0, 0.7, 2.3, 0.55, 3.3),
    )


def _by_endpoint(cuts: Sequence[Cut]) -> list[Cut]:
    return [one for endpoint in dict.fromkeys(one.endpoint for one in cuts) for one in cuts if one.endpoint == endpoint]


def _with_headings(cuts: Sequence[Cut], rows: Sequence[Row]) -> tuple[Row, ...]:
    """The rows, each endpoint's under its name."""
    shown: list[Row] = []
    for n, (one, row) in enumerate(zip(cuts, rows, strict=True)):
        if n == 0 or one.endpoint != cuts[n - 1].endpoint:
            shown.append(Row((one.endpoint,), heading=True))
        shown.append(row)
    return tuple(shown)


def _delineated(one: Cut) -> str:
    return f"{label(one.marker)} by {one.delineation}, the cut-off's own delineation" if one.delineation else ""


def _sizes(one: Cut) -> str:
    return DASH if one.low_patients is None or one.high_patients is None else f"{one.low_patients} : {one.high_patients}"


def _ratio(one: Cut) -> str:
    if one.ratio is None:
        return f"{DASH} {reason_text(one.reason_missing)}".strip()
    return ratio_text(one.ratio, one.ratio_low, one.ratio_high).replace("95% CI ", "")


def _p(value: float | None) -> str:
    return p_text(value).removeprefix("P ").removeprefix("= ")


def _fixed_row(cohort: Cohort, one: Cut, mark: str) -> Row:
    """The cut-off with the digits it was published with."""
    elsewhere = "" if one.label == PRE_SPECIFIED else f"{sentence(one.label)}; "
    unit = unit_of(cohort.column(one.marker))
    name = f"{label(one.marker)} {one.sign} {one.cut:g} {unit}".strip() if one.cut is not None else one.name or label(one.marker)
    return Row((name + mark, _sizes(one), _ratio(one), _p(one.p_naive), f"{elsewhere}{one.source}"))


def _found(cohort: Cohort, cuts: Sequence[Cut]) -> Table:
    heads = (
        "Marker",
        "Method",
        "Cut-point",
        "Spread: middle 95% of samples",
        "Low : high",
        "Hazard ratio (spread: middle 95% of samples)",
        "as found",
        "P naive",
        "P corrected",
        "Correction",
    )
    order = _by_endpoint(cuts)
    marks, notes = lettered([[reason_text(code) for code in one.flags] for one in order])
    methods = sorted({one.interval for one in cuts if one.interval})
    return Table(
        "cuts_found",
        "Exploratory cut-points, searched for in these patients. Hazard ratio of high against low, freed of what the search adds.",
        tuple((head, "text" if n in (0, 1, 9) else "number") for n, head in enumerate(heads)),
        _with_headings(order, [_found_row(cohort, one, mark) for one, mark in zip(order, marks, strict=True)]),
        (*([f"Hazard ratios: {'; '.join(methods)}."] if methods else []), *notes),
        (1.6, 1.3, 1.1, 1.2, 0.65, 1.4, 0.55, 0.55, 0.75, 1.2),
    )


def _digits(value: float) -> str:
    """Four digits: a cut-point that is rounded more may put another patient on the other side."""
    return (f"{value:.0f}" if abs(value) >= 1000 else f"{value:.4g}").replace("-", MINUS)


def _found_row(cohort: Cohort, one: Cut, mark: str) -> Row:
    column = cohort.column(one.marker)
    cut = DASH if one.cut is None else f"{one.sign} {_digits(one.cut)} {unit_of(column)}".strip()
    spread = DASH
    if one.boot_low is not None and one.boot_high is not None:
        spread = f"{_digits(one.boot_low)}{DASH if one.boot_low >= 0 else ' to '}{_digits(one.boot_high)}"
    as_found = DASH if one.ratio_as_found is None else ratio_number(one.ratio_as_found)
    cells = (label(one.marker) + mark, one.method, cut, spread, _sizes(one), _ratio(one), as_found)
    return Row((*cells, _p(one.p_naive), _p(one.p_corrected), one.correction or DASH))
