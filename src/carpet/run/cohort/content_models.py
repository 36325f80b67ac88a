"""Models in the cohort report: how well they do, corrected, beside IPI alone and TMTV alone; calibration; net benefit."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from carpet.cohort.models.learning_curve import LEAST_LEFT, Learnt
from carpet.cohort.models.measures import LEAST_BY_DAY
from carpet.cohort.models.performance import Performance
from carpet.cohort.survival import FloatArray
from carpet.report.cohort_content import Block, Picture, Row, Section, Table, Words
from carpet.report.cohort_figures.auc_over_time import AucCurve, AucData
from carpet.report.cohort_figures.calibration import CalibrationData, CalibrationGroup
from carpet.report.cohort_figures.decision_curve import BenefitCurve, DecisionData
from carpet.report.cohort_figures.forest import ForestData, ForestRow
from carpet.report.numbers import DASH, MINUS
from carpet.run.cohort.content_input import Analysed, Learning, Predicted
from carpet.run.cohort.content_notes import lettered
from carpet.run.cohort.content_words import EVENT_WORDS, counts_text, inside, months_word, reason_text, sentence

EVENTS_WANTED = 10  # a coefficient; METHODS G.5
MAIN_MEASURE = "C (Harrell)"
NO_BETTER = 0.5  # of a C index
OPTIMISM = "Optimism bootstrap"
UNDERCOVERED = (  # cohort/models/optimism.py
    "The intervals are too narrow: meant to be of 95%, they held the true value in 88 to 91% of simulated cohorts."
)


def models(analysed: Analysed) -> Section:
    """Performance, calibration and net benefit; every number that is shown first is the corrected one."""
    found = analysed.performances
    blocks: list[Block] = []
    if found:
        blocks.append(Words(
            "Apparent: in the patients with whom the model was made, where it flatters. Corrected: what is left after the whole pipeline "
            "was made again in every resample, or in the patients left out. A model is worth its cost only where it does better than IPI "
            "alone and TMTV alone.", "quiet",
        ))  # fmt: skip
        blocks += [*_thin(found), *_discrimination(found), _table(found)]
    blocks += _learning(analysed.learning)
    blocks += _areas(analysed.predicted)
    blocks += [block for one in analysed.predicted for block in _calibration(one)]
    blocks += _benefit(analysed.predicted)
    return Section("models", "Models", tuple(blocks), "No model was asked for, or there are too few events for one.")


def _thin(found: Sequence[Performance]) -> Iterator[Block]:
    """A warning for each endpoint with too few events for what was offered."""
    for endpoint in dict.fromkeys(one.endpoint for one in found):
        most = max((one for one in found if one.endpoint == endpoint), key=lambda one: one.candidates)
        if most.events < EVENTS_WANTED * most.candidates:
            yield Words(
                f"{endpoint}: {most.events} events for {most.candidates} candidate coefficients of {most.model}, where {EVENTS_WANTED:g} a "
                "coefficient are wanted. The intervals are wide for this reason; no model of this endpoint should leave this page.",
                "warning",
            )


def _discrimination(found: Sequence[Performance]) -> Iterator[Block]:
    kept = [one for one in found if one.measure == MAIN_MEASURE and " − " not in one.model]
    if not any(one.corrected is not None for one in kept):
        return
    rows = []
    order = list(dict.fromkeys((one.endpoint, one.validation) for one in kept))
    for one in sorted(kept, key=lambda one: order.index((one.endpoint, one.validation))):
        heading = f"{one.endpoint}, {one.validation}"
        counts = f"{one.events}/{one.patients}"
        rows.append(ForestRow(one.model, one.corrected, one.low, one.high, counts, heading=heading, text=reason_text(one.reason_missing)))
    data = ForestData("Discrimination", MAIN_MEASURE, tuple(rows), log=False, null=NO_BETTER, interval="bootstrap interval")
    caption = (
        f"C index of each model, with its bootstrap interval. {OPTIMISM}: the apparent value less its optimism; other validations: as "
        "found in the patients left out. 0.5 tells nothing apart."
    )
    most = max(kept, key=lambda one: one.patients)
    yield Picture("discrimination", caption, counts_text(most.patients, most.events) + ".", "C index.", data)


def _short(value: float) -> str:
    return f"{value:.2f}".replace("-", MINUS)


def _number(value: float | None) -> str:
    return DASH if value is None else f"{value:.3f}".replace("-", MINUS)


def _table(found: Sequence[Performance]) -> Table:
    rows: list[Row] = []
    why, notes = lettered([[reason_text(one.reason_missing)] for one in found])
    marked = list(zip(found, why, strict=True))
    for endpoint, rules, validation in dict.fromkeys((one.endpoint, one.rules, one.validation) for one in found):
        mine = [(one, mark) for one, mark in marked if (one.endpoint, one.rules, one.validation) == (endpoint, rules, validation)]
        most = max((one for one, _ in mine), key=lambda one: one.patients)
        rows.append(Row((f"{endpoint}, {validation}: {counts_text(most.patients, most.events)}",), heading=True))
        rows += [_row(one, mark) for one, mark in mine]
    codes = sorted({flag for one in found for flag in one.flags})
    heads = ("Model", "Measure", "Apparent", "Optimism", "Corrected (bootstrap interval)", "Candidates")
    return Table(
        "models",
        f"Performance of models. Corrected: by {inside(OPTIMISM)} the apparent value less its optimism; by other validations the value in "
        "the patients left out. Candidates: coefficients offered before any selection.",
        tuple((head, "text" if n < 2 else "number") for n, head in enumerate(heads)),
        tuple(rows),
        (UNDERCOVERED, *notes, *(f"{sentence(reason_text(code))}." for code in codes)),
        (1.7, 1.7, 0.8, 0.8, 1.7, 0.8),
    )


def _row(one: Performance, why: str) -> Row:
    """why: the letter of the reason why there is no number."""
    limits = "" if one.low is None or one.high is None else f" ({_number(one.low)}{DASH if one.low >= 0 else ' to '}{_number(one.high)})"
    corrected = _number(one.corrected) + limits if one.corrected is not None else DASH + why
    return Row((one.model, one.measure, _number(one.apparent), _number(one.optimism), corrected, str(one.candidates)), indented=True)


def _learning(found: Sequence[Learning]) -> Iterator[Block]:
    """Patients needed, of every model; then how the first one does when it learns from fewer than there are."""
    rows: list[Row] = []
    for endpoint in dict.fromkeys(one.endpoint for one in found):
        rows.append(Row((endpoint,), heading=True))
        rows += [row for one in found if one.endpoint == endpoint for row in _needed(one)]
    if not rows:
        return
    heads = ("Model", "Assumed", "Coefficients", "Patients : events", "Events each", "Shrinkage", "Patients needed")
    yield Table(
        "sample_size",
        "Are there patients enough? What each model would need, beside what there is.",
        tuple((head, "text" if n < 2 else "number") for n, head in enumerate(heads)),
        tuple(rows),
        (
            "Needed for an expected shrinkage of 0.9, at most 0.05 of optimism in Nagelkerke's R², and the risk by the day known to 0.05 "
            "(Riley 2019 Stat Med 38:1276; 2020 BMJ 368:m441). Shrinkage: expected with the patients there are; below 0.9 predictions are "
            "too extreme.",
        ),
        (1.3, 1.6, 0.9, 1.1, 0.8, 0.8, 1.6),
    )
    curves = [(one.endpoint, size) for one in found for size in one.curve]
    if curves:
        yield _curve(curves)


def _needed(one: Learning) -> Iterator[Row]:
    if not one.sizes:
        yield Row((one.model, *("",) * 5, f"{DASH} {reason_text(one.reason_missing)}"), indented=True)
    for size in one.sizes:
        there = (str(size.coefficients), f"{size.patients} : {size.events}", f"{size.events_each:.1f}")
        shrinkage = DASH if size.shrinkage is None else _short(size.shrinkage)
        needed = f"{DASH} {reason_text(size.reason_missing)}" if size.needed is None else str(size.needed.patients)
        yield Row((one.model, size.assumption, *there, shrinkage, needed), indented=True)


def _curve(curves: Sequence[tuple[str, Learnt]]) -> Table:
    rows: list[Row] = []
    for endpoint, model in dict.fromkeys((endpoint, size.model) for endpoint, size in curves):
        rows.append(Row((f"{endpoint}, {model}",), heading=True))
        for size in (size for where, size in curves if (where, size.model) == (endpoint, model)):
            spread = DASH if size.low is None or size.high is None else f"{_number(size.low)}{DASH}{_number(size.high)}"
            rows.append(Row((f"{size.patients} : {size.events}", _number(size.value), spread, str(size.splits)), indented=True))
    heads = ("Learnt from, patients : events", "C index of those left over", "middle 80% of splits", "Splits")
    return Table(
        "learning_curve",
        "Would more patients help? The model learnt from a part of the patients and tested on those left over.",
        tuple((head, "number" if n else "text") for n, head in enumerate(heads)),
        tuple(rows),
        (
            "The 80% are the spread from split to split, no interval. Where the C index still rises with size, more patients would help. "
            f"No C index where fewer than {LEAST_LEFT} patients with the event are left over.",
        ),
        (2.0, 1.6, 1.6, 0.8),
    )


def _areas(found: Sequence[Predicted]) -> Iterator[Block]:
    """A figure an endpoint: the AUC of each model over time."""
    for endpoint in dict.fromkeys(one.endpoint for one in found if one.areas):
        mine = [one for one in found if one.endpoint == endpoint and one.areas]
        curves = tuple(
            AucCurve(
                one.model,
                tuple(at.day for at in one.areas),
                tuple(at.auc for at in one.areas),
                tuple(at.low for at in one.areas),
                tuple(at.high for at in one.areas),
            )
            for one in mine
        )
        data = AucData(f"Discrimination over time, {endpoint}", EVENT_WORDS[endpoint], curves)
        caption = (
            f"AUC of each model for {EVENT_WORDS[endpoint]} by each day, weighted for censoring, in patients on whom it was not fitted "
            f"({mine[0].validation}). Bars: bootstrap intervals of these patients, drawn again. Left out: days with fewer than "
            f"{LEAST_BY_DAY} patients with the event, or still without it."
        )
        unit = "Vertical axis: area under the ROC curve. Horizontal axis: months of 365.25/12 days."
        yield Picture(f"auc_{endpoint.lower()}", caption, counts_text(mine[0].patients, mine[0].events) + ".", unit, data)


def _calibration(one: Predicted) -> Iterator[Block]:
    made = one.calibration
    if made is None:
        yield Words(f"Calibration of {one.model} for {one.endpoint}: not given, {reason_text(one.reason_missing)}.", "quiet")
        return
    groups = tuple(
        CalibrationGroup(group.predicted, group.observed, group.low, group.high, group.patients)
        for group in made.groups
        if group.observed is not None
    )
    says = (
        f"Slope {_short(made.slope)} (95% CI {_short(made.slope_low)} to {_short(made.slope_high)});"
        f" observed over predicted {made.ratio:.2f}; mean distance (ICI) {made.ici:.3f}.",
    )
    by = months_word(one.day)
    data = CalibrationData(f"Calibration, {one.endpoint}: {one.model}", EVENT_WORDS[one.endpoint], by, groups, (), one.risks, says)
    caption = (
        f"Observed against predicted risk of {EVENT_WORDS[one.endpoint]} by {by}, {one.model}; predictions of patients on whom the model "
        f"was not fitted ({one.validation}). Slope 1 is right; below 1 predictions are too extreme."
    )
    name = f"calibration_{one.endpoint.lower()}_{_stem(one.model)}"
    yield Picture(name, caption, counts_text(one.patients, one.events) + ".", "Both axes: risk, %.", data)


def _stem(text: str) -> str:
    return "".join(letter if letter.isalnum() else "_" for letter in text.lower()).strip("_")


def _benefit(found: Sequence[Predicted]) -> Iterator[Block]:
    for endpoint, day in dict.fromkeys((one.endpoint, one.day) for one in found if one.benefit is not None):
        mine = [(one, one.benefit) for one in found if (one.endpoint, one.day) == (endpoint, day) and one.benefit is not None]
        first, curve = mine[0]
        lines = tuple(BenefitCurve(one.model, _known(benefit.model)) for one, benefit in mine)
        by = months_word(day)
        thresholds = tuple(float(value) for value in curve.thresholds)
        data = DecisionData(f"Net benefit, {endpoint}", EVENT_WORDS[endpoint], by, thresholds, lines, _known(curve.treat_all))
        caption = (
            f"Net benefit of acting on a predicted risk of {EVENT_WORDS[endpoint]} by {by} at or above a threshold, against acting on "
            "everybody and on nobody. Which thresholds matter is a clinical question, to be answered before looking."
        )
        unit = "Horizontal: threshold, %. Vertical: true positives a patient, less false positives weighted by the odds of the threshold."
        yield Picture(f"benefit_{endpoint.lower()}", caption, counts_text(first.patients, first.events) + ".", unit, data)


def _known(values: FloatArray) -> tuple[float | None, ...]:
    return tuple(float(value) if np.isfinite(value) else None for value in values)
