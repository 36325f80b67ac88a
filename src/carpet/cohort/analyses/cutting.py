"""Cut-points of a marker: the published ones first, then those searched for in these patients, which are exploratory whatever their P."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Literal

import numpy as np

from carpet.cohort import notices
from carpet.cohort.analyses.effects import Effect, Modelled, modelled_effects
from carpet.cohort.analyses.resampled_cut import log_ratios, resampled_cut
from carpet.cohort.analyses.terms import Term, competing_happened, usable, values_of
from carpet.cohort.cut_bootstrap import shrunken
from carpet.cohort.cut_point import cut_point
from carpet.cohort.log_rank import log_rank
from carpet.cohort.maximal_log_rank import maximal_log_rank
from carpet.cohort.survival import BoolArray, FloatArray, Survival
from carpet.cohort.table import Cohort
from carpet.cohort.youden import youden
from carpet.core.errors import Refused

Method = Literal["published", "maximal log-rank", "Youden"]
PRE_SPECIFIED, EXPLORATORY = "pre-specified", "exploratory"
EQUAL = 1e-9  # values this close to a published cut-off are equal to it; METHODS, global conventions
FIXED = "none: fixed beforehand"
SHRUNKEN = "bootstrap percentiles (spread), less what the search adds"


@dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    """A published cut-off as it applies here. sign: ">" or "≥", what makes a value high. refused: the code why it may not be applied.

    flags: what must be known with it, as an override of the delineation, another time point or population. delineation: by which the marker
    is cut, where it is another than the main one. population: the other one that it was published in, in words; empty for this one.
    """

    name: str
    value: float
    unit: str
    sign: str
    source: str
    refused: str = ""
    flags: tuple[str, ...] = ()
    delineation: str = ""
    population: str = ""

    @property
    def label(self) -> str:
        """`pre-specified`, or that it was published in another population."""
        return f"published in another population ({self.population})" if self.population else PRE_SPECIFIED


@dataclass(frozen=True, slots=True, kw_only=True)
class Search:
    """How cuts are searched for: the day by which Youden's index counts events, bootstrap samples, permutations, seed of both."""

    horizon_day: int
    samples: int
    permutations: int
    seed: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Cut:
    """One cut. statistic: log-rank chi-square of a published cut, M of the maximal log-rank, J of Youden; p_naive: as if the cut had been
    fixed beforehand, which a published one was (None of J, whose own test it would not be); p_corrected: allows for the search, by
    `correction`; beside: the other corrections.

    ratio: hazard of high against low; of a searched cut freed of what the search adds, with the one as found in ratio_as_found, and its
    limits are bootstrap percentiles, a spread and no confidence interval; `interval` says which. boot_low, boot_high:
    2.5th and 97.5th percentile of the searched cut over samples, its spread. delineation: of the marker, where it is not the main one.
    None: see reason_missing and flags.
    """

    endpoint: str
    rules: str
    marker: str
    unit: str
    method: Method
    label: str
    source: str
    cut: float | None = None
    low_patients: int | None = None
    high_patients: int | None = None
    statistic: float | None = None
    p_naive: float | None = None
    p_corrected: float | None = None
    correction: str = ""
    ratio: float | None = None
    ratio_low: float | None = None
    ratio_high: float | None = None
    boot_low: float | None = None
    boot_high: float | None = None
    reason_missing: str = ""
    flags: tuple[str, ...] = ()
    name: str = ""
    sign: str = ">"
    ratio_as_found: float | None = None
    interval: str = ""
    beside: tuple[tuple[str, float], ...] = ()
    patients: int = 0
    events: int = 0
    missing: int = 0
    delineation: str = ""


@dataclass(frozen=True, eq=False)
class _Marked:
    """The marker (n,) of those who have it, their follow-up, and a cut with all that every row shares."""

    survival: Survival
    values: FloatArray
    blank: Cut
    search: Search


@dataclass(frozen=True, slots=True)
class _Found:
    """A searched cut before its ratio."""

    cut: float
    statistic: float
    p_naive: float | None
    p_corrected: float
    correction: str
    beside: tuple[tuple[str, float], ...] = ()
    flags: tuple[str, ...] = ()


def cuts(
    cohort: Cohort, endpoint: str, *, rules: str, marker: str, published: Sequence[Published], search: Search,
    others: Mapping[str, Cohort] = MappingProxyType({}),
) -> tuple[Cut, ...]:  # fmt: skip
    """Rows in the order a reader should see them: published cut-offs as given, the maximal log-rank cut, Youden's.

    A refused cut-off keeps its row with the code; a cut that the data don't allow is a row with its reason. Deterministic by the seed.
    others: delineation → the same patients with the marker by it, for cut-offs of another delineation. Source: METHODS G.3.
    """
    blank, marked = _made(cohort, endpoint, rules, marker, search)
    fixed = []
    for one in published:
        row, by = (blank, marked) if not one.delineation else _made(others[one.delineation], endpoint, rules, marker, search)
        row = _published_row(row, one)
        fixed.append(row if by is None or row.reason_missing else _at_published(by, row, one.value))
    ranked, by_index = _searches(blank)
    if marked is None:
        return (*fixed, ranked, by_index)
    competing = notices.CAUSE_SPECIFIC.code in blank.flags
    last = _refused(by_index, notices.COMPETING_EVENTS.code) if competing else _searched(marked, by_index, _youden)
    return (*fixed, _searched(marked, ranked, _maximal), last)


def _made(cohort: Cohort, endpoint: str, rules: str, marker: str, search: Search) -> tuple[Cut, _Marked | None]:
    """What every row shares, with the reason where there is nothing to cut."""
    found = usable(cohort, endpoint, [marker], as_measured=True)
    column = cohort.column(marker)
    blank = Cut(
        endpoint=endpoint, rules=rules, marker=marker, unit=column.unit, method="maximal log-rank", label=EXPLORATORY, source="",
        flags=found.flags, missing=found.missing, patients=int(found.rows.size),
    )  # fmt: skip
    if column.kind != "number" or not found.rows.size:
        return _refused(blank, notices.NOT_A_NUMBER.code if column.kind != "number" else notices.NO_PATIENTS.code), None
    survival = cohort.survival(endpoint, found.rows)
    blank = replace(blank, events=int((survival.event == 1).sum()))
    if competing_happened(survival):
        survival, blank = survival.of_cause(1), replace(blank, flags=_and(blank.flags, notices.CAUSE_SPECIFIC.code))
    return blank, _Marked(survival, values_of(cohort, marker, found.rows), blank, search)


def _searches(blank: Cut) -> tuple[Cut, Cut]:
    return blank, replace(blank, method="Youden")


def _published_row(blank: Cut, one: Published) -> Cut:
    return replace(
        blank, method="published", label=one.label, source=one.source, cut=one.value, unit=one.unit, name=one.name, sign=one.sign,
        flags=_and(blank.flags, *one.flags), correction=FIXED, reason_missing=one.refused or blank.reason_missing,
        delineation=one.delineation,
    )  # fmt: skip


def _refused(row: Cut, reason: str) -> Cut:
    return replace(row, reason_missing=row.reason_missing or reason)


def _at_published(marked: _Marked, row: Cut, value: float) -> Cut:
    high = marked.values >= value - EQUAL if row.sign == "≥" else marked.values > value + EQUAL
    row = _sides(row, high)
    try:
        test = log_rank(marked.survival, high)
    except Refused as refused:
        return replace(row, reason_missing=refused.codes[0])
    return _with_ratio(replace(row, statistic=test.chi_square, p_naive=test.p), _ratio(marked, high))


def _searched(marked: _Marked, row: Cut, search: Callable[[_Marked], _Found]) -> Cut:
    try:
        found = search(marked)
    except Refused as refused:
        return replace(row, reason_missing=refused.codes[0])
    high = marked.values > found.cut
    row = replace(_sides(row, high), flags=_and(row.flags, *found.flags))
    row = replace(row, cut=found.cut, statistic=found.statistic, p_corrected=found.p_corrected, correction=found.correction)
    row = replace(row, p_naive=found.p_naive, beside=found.beside)
    return _shrunken(marked, row, _ratio(marked, high))


def _maximal(marked: _Marked) -> _Found:
    found = cut_point(marked.survival, marked.values, seed=marked.search.seed, permutations=marked.search.permutations)
    others = {
        "permutation": found.p_permutation,
        "Lausen 1994": found.p_lausen_1994,
        "Miller–Siegmund": found.p_miller_siegmund,
        "Hothorn–Lausen": found.p_hothorn_lausen,
    }
    beside = tuple((name, p) for name, p in others.items() if p is not None and name != found.p_by)
    return _Found(found.cut, found.maximum, found.naive_p, found.p, found.p_by, beside)


def _youden(marked: _Marked) -> _Found:
    search = marked.search
    found = youden(marked.survival, marked.values, day=search.horizon_day, samples=search.permutations, seed=search.seed)
    return _Found(found.cut, found.index, None, found.p, "permutation of J", flags=(notices.NO_NAIVE_P.code,))


def _search_again(marked: _Marked, method: Method) -> Callable[[Survival, FloatArray], float]:
    """The same search in a sample, for its cut alone."""

    def ranked(survival: Survival, values: FloatArray) -> float:
        there = maximal_log_rank(survival, values)
        return float(there.values[there.best])

    def indexed(survival: Survival, values: FloatArray) -> float:
        return youden(survival, values, day=marked.search.horizon_day, samples=0, seed=0).cut

    return indexed if method == "Youden" else ranked


def _sides(row: Cut, high: BoolArray) -> Cut:
    return replace(row, low_patients=int((~high).sum()), high_patients=int(high.sum()))


def _ratio(marked: _Marked, high: BoolArray) -> Effect:
    """The hazard of high against low as if the cut had been fixed."""
    counts = marked.blank.patients, marked.blank.events, marked.blank.missing, ""
    blank = Effect(marked.blank.endpoint, marked.blank.rules, "univariable", "", "", None, None, None, None, "", None, *counts, ())
    side = Term(marked.blank.marker, {"high": high.astype(np.float64)}, {"high": "high vs low"})
    return modelled_effects(Modelled(marked.survival, (side,), None, blank), whole=False)[0]


def _with_ratio(row: Cut, effect: Effect) -> Cut:
    told = [effect.reason_missing] if effect.reason_missing else []
    flags = _and(row.flags, *effect.flags, *told)
    return replace(row, ratio=effect.ratio, ratio_low=effect.low, ratio_high=effect.high, interval=effect.interval, flags=flags)


def _shrunken(marked: _Marked, row: Cut, effect: Effect) -> Cut:
    """The searched cut with the interval of where it lies, and the ratio freed of the search; where there is none, the one as found."""
    search, everybody = marked.search, np.arange(marked.survival.rows)[None, :]
    assert row.cut is not None
    again = resampled_cut(
        marked.survival, marked.values, search=_search_again(marked, row.method), samples=search.samples, seed=search.seed
    )
    apparent = float(log_ratios(marked.survival, marked.values, everybody, np.array([row.cut]))[0])
    row = replace(row, boot_low=again.low, boot_high=again.high, flags=_and(row.flags, *effect.flags))
    if again.optimism is None or np.isnan(apparent):
        flags = _and(row.flags, notices.RATIO_NOT_RESAMPLED.code)
        return replace(row, ratio_as_found=effect.ratio, flags=flags)
    return replace(
        row,
        ratio=float(np.exp(shrunken(apparent, again.optimism))),
        ratio_low=again.ratio_low,
        ratio_high=again.ratio_high,
        ratio_as_found=float(np.exp(apparent)),
        interval=SHRUNKEN,
        flags=tuple(code for code in row.flags if code != notices.PENALISED.code),
    )


def _and(flags: tuple[str, ...], *more: str) -> tuple[str, ...]:
    return tuple(sorted({*flags, *more}))
