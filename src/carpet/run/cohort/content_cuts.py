"""Cut-points in the cohort report: the pre-specified ones first, then those that the data suggested, labelled, naive beside corrected."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from carpet.cohort.analyses.cutting import EXPLORATORY, PRE_SPECIFIED, Cut
from carpet.report.cohort_content import Block, Row, Section, Table, Words
from carpet.report.numbers import DASH, number_text, unit_text
from carpet.run.cohort.content_input import Analysed
from carpet.run.cohort.content_words import label, p_text, ratio_text, reason_text, sentence

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
        blocks.append(_fixed(fixed))
    elif analysed.cuts:
        blocks.append(Words("No published cut-off is of a marker of this protocol.", "quiet"))
    if found:
        blocks += [Words(SEARCHED, "exploratory"), _found(found)]
    return Section("cut-points", "Cut-points", tuple(blocks), "No cut-point was asked for: the protocol names no marker.")


def _fixed(cuts: Sequence[Cut]) -> Table:
    heads = ("Cut-off", "Low : high", "Hazard ratio, high vs low (95% CI)", "P", "Source; what must be known")
    return Table(
        "cuts_fixed",
        "Cut-offs published before: hazard ratio of high against low. Pre-specified, but where another population is named.",
        tuple((head, "text" if n in (0, 4) else "number") for n, head in enumerate(heads)),
        tuple(_by_endpoint(cuts, _fixed_row)),
        widths=(1.7, 0.8, 1.9, 0.6, 3.4),
    )


def _by_endpoint(cuts: Sequence[Cut], row: object) -> Iterator[Row]:
    for endpoint in dict.fromkeys(one.endpoint for one in cuts):
        yield Row((endpoint,), heading=True)
        for one in cuts:
            if one.endpoint == endpoint:
                yield row(one)  # type: ignore[operator]


def _cut(one: Cut) -> str:
    return DASH if one.cut is None else f"{one.sign} {number_text(one.cut, one.unit)} {unit_text(one.unit)}".strip()


def _sizes(one: Cut) -> str:
    return DASH if one.low_patients is None or one.high_patients is None else f"{one.low_patients} : {one.high_patients}"


def _ratio(one: Cut) -> str:
    if one.ratio is None:
        return f"{DASH} {reason_text(one.reason_missing)}".strip()
    return ratio_text(one.ratio, one.ratio_low, one.ratio_high).replace("95% CI ", "")


def _p(value: float | None) -> str:
    return p_text(value).removeprefix("P ").removeprefix("= ")


def _fixed_row(one: Cut) -> Row:
    by = f"{label(one.marker)} by {one.delineation}, the cut-off's own delineation" if one.delineation else ""
    elsewhere = "" if one.label == PRE_SPECIFIED else sentence(one.label)
    said = "; ".join(text for text in (elsewhere, one.source, by, reason_text(one.flags)) if text)
    name = f"{label(one.marker)} {_cut(one)}" if one.cut is not None else one.name or label(one.marker)
    return Row((name, _sizes(one), _ratio(one), _p(one.p_naive), said))


def _found(cuts: Sequence[Cut]) -> Table:
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
    return Table(
        "cuts_found",
        "Exploratory cut-points, searched for in these patients. Hazard ratio of high against low, freed of what the search adds.",
        tuple((head, "text" if n in (0, 1, 9) else "number") for n, head in enumerate(heads)),
        tuple(_by_endpoint(cuts, _found_row)),
        _notes(cuts),
        (0.8, 1.1, 1.1, 1.2, 0.8, 1.6, 0.65, 0.65, 0.75, 1.4),
    )


def _found_row(one: Cut) -> Row:
    spread = DASH
    if one.boot_low is not None and one.boot_high is not None:
        spread = f"{number_text(one.boot_low, one.unit)}{DASH}{number_text(one.boot_high, one.unit)}"
    as_found = DASH if one.ratio_as_found is None else f"{one.ratio_as_found:.2f}"
    cells = (label(one.marker), one.method, _cut(one), spread, _sizes(one), _ratio(one), as_found)
    return Row((*cells, _p(one.p_naive), _p(one.p_corrected), one.correction or DASH))


def _notes(cuts: Sequence[Cut]) -> tuple[str, ...]:
    codes = sorted({flag for one in cuts for flag in one.flags})
    methods = sorted({one.interval for one in cuts if one.interval})
    said = [f"Hazard ratios: {'; '.join(methods)}."] if methods else []
    return (*said, *(f"{reason_text(code)[:1].upper()}{reason_text(code)[1:]}." for code in codes))
