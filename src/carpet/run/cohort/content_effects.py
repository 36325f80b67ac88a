"""Effects in the cohort report: forest plots of hazard ratios, one at a time and together, competing risks, and their table."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from carpet.cohort import notices
from carpet.cohort.analyses.effects import Effect
from carpet.report.cohort_content import Block, Picture, Row, Section, Table, Words
from carpet.report.cohort_figures.forest import ForestData, ForestRow
from carpet.report.numbers import DASH
from carpet.run.cohort.content_input import Analysed
from carpet.run.cohort.content_notes import lettered
from carpet.run.cohort.content_words import ENDPOINT_WORDS, p_text, ratio_text, reason_text, term_words

TESTS = (notices.TEST_OF_LEVELS.code, notices.TEST_OF_MODEL.code)
QUIET_FLAGS = (notices.FEW_EVENTS.code, notices.PENALISED.code, notices.HAZARDS_NOT_PROPORTIONAL.code, notices.NOT_POSITIVE.code)
HEADINGS = {
    "univariable": "Univariable",
    "multivariable": "Multivariable: adjusted for each other",
    "cause-specific": "Cause-specific",
    "Fine–Gray": "Subdistribution (Fine–Gray)",
    "time-dependent": "Time-dependent",
}
SIDES = ("longer free of event", "shorter")


def effects(analysed: Analysed) -> Section:
    """A forest plot and a table an endpoint, by the main rules."""
    found = [one for one in analysed.effects if one.rules == analysed.protocol.cohort.rules]
    blocks: list[Block] = []
    for endpoint in dict.fromkeys(one.endpoint for one in found):
        mine = [one for one in found if one.endpoint == endpoint]
        blocks += [_picture(endpoint, mine), _table(endpoint, mine)]
    if blocks:
        blocks.insert(0, Words(
            "A ratio above 1 means that the event comes sooner with a higher value. Each is an association in these patients, with its "
            "interval; none says that a marker foretells the course of a patient.", "quiet",
        ))  # fmt: skip
    return Section("effects", "Markers and survival", tuple(blocks), "No effect was asked for, or no patient has an endpoint.")


def shown_effects(found: Sequence[Effect]) -> list[Effect]:
    """Those with a ratio of their own: tests of all levels have none."""
    return [one for one in found if one.reason_missing not in TESTS]


def _picture(endpoint: str, found: Sequence[Effect]) -> Picture:
    rows = tuple(_row(one) for one in shown_effects(found))
    named = ENDPOINT_WORDS[endpoint]
    data = ForestData(f"Markers and {named}", "Hazard ratio", rows, sides=SIDES)
    caption = (
        f"Hazard ratios of {endpoint} with 95% intervals; volumes, products of volume and laboratory values per doubling, other numbers "
        f"per step as named; rules: {found[0].rules}. Arrows: the interval goes on."
    )
    most = max(found, key=lambda one: one.patients)
    return Picture(
        f"effects_{endpoint.lower()}",
        caption,
        f"Up to {most.patients} patients with {most.events} events.",
        "Hazard ratio, log axis.",
        data,
    )


def _row(one: Effect) -> ForestRow:
    counts = f"{one.events}/{one.patients}"
    return ForestRow(term_words(one.term, one.per), one.ratio, one.low, one.high, counts, heading=HEADINGS[one.model], text="not estimable")


def _table(endpoint: str, found: Sequence[Effect]) -> Table:
    order = [one for model in dict.fromkeys(one.model for one in found) for one in found if one.model == model]
    marks, notes = lettered([[reason_text(code) for code in QUIET_FLAGS if code in one.flags] for one in order])
    return Table(
        f"effects_{endpoint.lower()}",
        f"Hazard ratios of {endpoint}. P of the likelihood ratio, Wald's where the interval is; "
        f"PH: P of the test that the ratio stays the same (Schoenfeld residuals).",
        (
            ("Marker", "text"),
            ("Hazard ratio (95% CI)", "number"),
            ("P", "number"),
            ("PH", "number"),
            ("Patients", "number"),
            ("Events", "number"),
            ("Missing", "number"),
            ("Interval", "text"),
        ),
        tuple(_rows(order, marks)),
        notes,
        (3.1, 1.9, 0.65, 0.6, 0.65, 0.55, 0.6, 0.95),
    )


def _rows(found: Sequence[Effect], marks: Sequence[str]) -> Iterator[Row]:
    model = ""
    for one, mark in zip(found, marks, strict=True):
        if one.model != model:
            yield Row((HEADINGS[one.model],), heading=True)
        model = one.model
        yield _cells(one, mark)


def _cells(one: Effect, mark: str) -> Row:
    name = term_words(one.term, one.per)
    ratio = ratio_text(one.ratio, one.low, one.high).replace("95% CI ", "") if one.ratio is not None else DASH
    if one.reason_missing and one.reason_missing not in TESTS:
        ratio = f"{DASH} {reason_text(one.reason_missing)}"
    elif one.reason_missing:
        ratio = "test only, ratios beside it"
    p = p_text(one.p).removeprefix("P ").removeprefix("= ")
    ph = DASH if one.ph_p is None else p_text(one.ph_p).removeprefix("P ").removeprefix("= ")
    counts = (str(one.patients), str(one.events), str(one.missing))
    return Row((name + mark, ratio, p, ph, *counts, one.interval or DASH), indented=True)
