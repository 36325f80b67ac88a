"""The key results in up to five sentences, printed from the numbers: each with its interval, patients and events, or why there is none."""

from __future__ import annotations

from collections.abc import Iterator

from carpet.cohort.analyses.by_group import ByGroup
from carpet.cohort.analyses.effects import Effect
from carpet.cohort.models.performance import Performance
from carpet.report.numbers import DASH
from carpet.run.cohort.content_input import Analysed
from carpet.run.cohort.content_models import MAIN_MEASURE
from carpet.run.cohort.content_patients import patient_days
from carpet.run.cohort.content_words import (
    ENDPOINT_WORDS,
    effect_of_group,
    first_group,
    follow_up_of,
    group_inside,
    label,
    median_text,
    months_word,
    p_text,
    percent_interval,
    ratio_text,
    reason_text,
    sentence,
    tested,
)
from carpet.run.cohort.rates import BEST, INFUSED, own_rate, rate_rows


def key_results(analysed: Analysed) -> tuple[str, ...]:
    """Survival, response, groups, the first marker, the model: the five that a reader looks for first."""
    return tuple(
        text for text in (*_survival(analysed), *_response(analysed), *_groups(analysed), *_marker(analysed), *_model(analysed)) if text
    )


def _main(analysed: Analysed) -> str:
    return analysed.protocol.cohort.endpoints[0]


def _of(analysed: Analysed, group_by: str) -> ByGroup | None:
    wanted = (_main(analysed), analysed.protocol.cohort.rules, group_by, "")
    return next((one for one in analysed.survival if (one.endpoint, one.rules, one.group_by, one.landmark) == wanted), None)


def _survival(analysed: Analysed) -> Iterator[str]:
    one, named = _of(analysed, ""), ENDPOINT_WORDS[_main(analysed)]
    if one is None or not one.curves:
        why = "" if one is None else f": {reason_text(one.reason_missing)}"
        yield f"{sentence(named)} could not be estimated{why}."
        return
    curve = one.curves[0]
    at = curve.at[-1] if curve.at else None
    by = "" if at is None or at.survival is None else f", and {percent_interval(at.survival, at.low, at.high)} at {months_word(at.day)}"
    yield (
        f"Median {named} was {median_text(curve.median)} months (95% CI in brackets){by}; {curve.events} events in "
        f"{curve.patients} patients, median follow-up {median_text((follow_up_of(analysed) or one).follow_up)} months."
    )


def _response(analysed: Analysed) -> Iterator[str]:
    infused = [one for one in patient_days(analysed) if one.infused]
    if not infused:
        yield "No patient was infused."
        return
    said, rates = [], rate_rows(analysed)
    for words, measure in (("responded (CR or PR)", "ORR"), ("had a complete response", "CR")):
        rate = own_rate(rates, measure, timepoint=BEST, of=INFUSED)
        share, low, high = (rate[name] / 100 for name in ("percent", "low", "high"))
        said.append(f"{rate['numerator']} of {rate['denominator']} infused patients {words}, {percent_interval(share, low, high)}")
    lost = sum(one.values.get("best_lugano") is None for one in infused)
    yield f"At best {said[0]}; {said[1]}" + (f"; of {lost} no response could be called, and they count as none." if lost else ".")


def _groups(analysed: Analysed) -> Iterator[str]:
    group = first_group(analysed)
    one = _of(analysed, group) if group else None
    if one is None or len(one.curves) < 2:
        return
    counts = "; ".join(f"{group_inside(one.group_by, curve.group)}: {curve.events} events in {curve.patients}" for curve in one.curves)
    hazard = effect_of_group(analysed.effects, one)
    ratio = f"; hazard ratio {hazard.per} {ratio_text(hazard.ratio, hazard.low, hazard.high)}" if hazard else ""
    test = f"; log-rank {p_text(one.log_rank.p)}" if one.log_rank else ""
    compared = tested(one)
    yield f"{compared}{ratio}{test} ({counts})." if compared else f"{sentence(label(one.group_by))}: {counts}."


def _marker(analysed: Analysed) -> Iterator[str]:
    cohort = analysed.protocol.cohort
    if not cohort.markers:
        return
    wanted = (cohort.endpoints[0], cohort.rules, cohort.markers[0])
    mine = [one for one in analysed.effects if (one.endpoint, one.rules, one.term) == wanted]
    said = [_effect(one) for one in mine if one.model in ("univariable", "multivariable", "cause-specific")][:2]
    if not said:
        yield f"No effect of {label(cohort.markers[0])} on {ENDPOINT_WORDS[cohort.endpoints[0]]} was estimated."
        return
    yield f"{label(cohort.markers[0])}, hazard ratio of {ENDPOINT_WORDS[cohort.endpoints[0]]}: {'; '.join(said)}."


def _effect(one: Effect) -> str:
    beside = f", with {', '.join(label(name) for name in one.adjusted_for)}" if one.adjusted_for else ", alone"
    counts = f"{one.events} events in {one.patients} patients"
    if one.ratio is None:
        return f"not estimable{beside} ({reason_text(one.reason_missing)}; {counts})"
    return f"{ratio_text(one.ratio, one.low, one.high)} {one.per}{beside}, {p_text(one.p)} ({counts})"


def _model(analysed: Analysed) -> Iterator[str]:
    kept = [
        one
        for one in analysed.performances
        if one.endpoint == _main(analysed) and one.measure == MAIN_MEASURE and one.corrected is not None
    ]
    if not kept:
        yield "No model is reported: there are too few events for one, or none was asked for."
        return
    mine = [one for one in kept if one.validation == kept[0].validation and " − " not in one.model]
    first = mine[0] if mine else kept[0]
    said = "; ".join(f"{one.model} {_performance(one)}" for one in mine[:3])
    how = " corrected for optimism" if first.validation == "optimism bootstrap" else " in patients left out"
    yield (
        f"C index{how} ({first.validation}), of {first.endpoint}: {said}; {first.events} events in "
        f"{first.patients} patients, {first.candidates} candidate coefficients."
    )


def _performance(one: Performance) -> str:
    limits = "" if one.low is None or one.high is None else f" (bootstrap interval {one.low:.2f}{DASH}{one.high:.2f})"
    return f"{one.corrected:.2f}{limits}" if one.corrected is not None else DASH
