"""What the cohort's models are worth: every pipeline beside IPI alone and TMTV alone, each validated on patients it was not made with."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from carpet.cohort import notices
from carpet.cohort.models.candidates import NO_SITE, Candidates, of_all
from carpet.cohort.models.left_out import by_site, nested, performances
from carpet.cohort.models.measures import Times, few_by_day, names, times
from carpet.cohort.models.optimism import Corrected, Optimism, corrected, corrected_slope, optimism
from carpet.cohort.models.performance import Performance, Validation
from carpet.cohort.models.pipeline import Pipeline
from carpet.cohort.models.samples import drawn_weights
from carpet.cohort.survival import FloatArray, IntArray
from carpet.cohort.table import Cohort
from carpet.core.errors import ProtocolError, Refused

SAMPLES_LOST = 0.05  # [P] share of resamples without the number above which it is said
EVENTS_WANTED = 10.0  # per candidate; METHODS G.5
C_MEASURES = 3  # the first measures lie between 0 and 1


@dataclass(frozen=True, eq=False)
class Asked:
    """What all models of one call share: the patients, the day, the resamples (B, n), and what every row carries."""

    table: Candidates
    at: Times
    weight: IntArray
    endpoint: str
    rules: str
    seed: int

    @property
    def measures(self) -> tuple[str, ...]:
        return names(self.at.day)

    @property
    def by_day(self) -> tuple[str, ...]:
        """Those that tell patients with the event by the day from those without."""
        return self.measures[2:4]

    @property
    def few(self) -> bool:
        return few_by_day(self.table.survival, self.at.day)


def models(
    cohort: Cohort, endpoint: str, *, rules: str, pipelines: Sequence[Pipeline], day: int, samples: int, seed: int
) -> tuple[Performance, ...]:
    """Optimism bootstrap, nested cross-validation, and (three sites or more) one site left out, of each pipeline; by the optimism bootstrap
    also the first pipeline minus each of the others, in the same samples. Patients without a site are in all but the validation by site.

    day: of AUC, Brier score and the reach of Uno's C. samples: of the bootstrap. What cannot be had is a row with its reason. A term that
    cannot be used in these patients refuses its pipeline only. Source: METHODS G.4, G.5.
    """
    if not pipelines or len({one.name for one in pipelines}) < len(pipelines):
        raise ProtocolError("models need names that differ")
    terms = tuple(dict.fromkeys(name for one in pipelines for name in one.terms))
    asked, reasons = _asked(cohort, endpoint, rules, terms, (day, samples, seed))
    if asked is None:
        return tuple(_blank(one, endpoint, rules, name, "optimism bootstrap", reasons[""]) for one in pipelines for name in names(day))
    rows: list[Performance] = []
    done: list[tuple[Pipeline, Optimism]] = []
    for one in pipelines:
        reason = next((reasons[name] for name in one.terms if name in reasons), "")
        try:
            if not reason:
                made = optimism(one, asked.table, asked.at, asked.weight, seed=seed)
                done.append((one, made))
                rows += [*_of_bootstrap(asked, one, made), *_of_left_out(asked, one, made)]
        except Refused as refused:
            reason = refused.codes[0]
        if reason:
            rows += [_blank(one, endpoint, rules, name, "optimism bootstrap", reason) for name in asked.measures]
    if done and done[0][0] is pipelines[0]:
        rows += [row for other in done[1:] for row in _difference(asked, done[0], other)]
    return tuple(rows)


def _asked(
    cohort: Cohort, endpoint: str, rules: str, terms: tuple[str, ...], numbers: tuple[int, int, int]
) -> tuple[Asked | None, dict[str, str]]:
    """The patients with the terms that can be used, and why the others can't; under "" why there is nothing at all."""
    day, samples, seed = numbers
    table, reasons = of_all(cohort, endpoint, terms)
    if table is None:
        return None, reasons
    weight = drawn_weights(table.patients, samples, seed=seed)
    return Asked(table, times(table.survival, day=day), weight, endpoint, rules, seed), reasons


def _of_bootstrap(asked: Asked, pipeline: Pipeline, made: Optimism) -> Iterator[Performance]:
    told = _flags(asked, pipeline, made)
    for k, name in enumerate(asked.measures):
        by = corrected_slope if k == len(asked.measures) - 1 else corrected
        found = by(float(made.apparent[k]), made.inside[:, k], made.outside[:, k])
        yield _row(asked, pipeline.name, name, "optimism bootstrap", found, _columns(asked, pipeline), _few(asked, found, told))


def _difference(asked: Asked, first: tuple[Pipeline, Optimism], second: tuple[Pipeline, Optimism]) -> Iterator[Performance]:
    (one, a), (other, b) = first, second
    told = _flags(asked, one, a) | _flags(asked, other, b)
    for k, name in enumerate(asked.measures[:-1]):  # a slope is right at 1: the difference of two says nothing
        found = corrected(float(a.apparent[k] - b.apparent[k]), a.inside[:, k] - b.inside[:, k], a.outside[:, k] - b.outside[:, k])
        yield _row(asked, f"{one.name} − {other.name}", name, "optimism bootstrap", found, _columns(asked, one), _few(asked, found, told))


def _of_left_out(asked: Asked, pipeline: Pipeline, made: Optimism) -> Iterator[Performance]:
    kinds: tuple[Validation, ...] = ("nested", "leave one site out")
    everybody = asked
    for kind in kinds:
        asked = everybody if kind == "nested" else _with_site(everybody)
        try:
            found = (nested if kind == "nested" else by_site)(pipeline, asked.table, day=asked.at.day, seed=asked.seed)
        except Refused as refused:
            if refused.codes[0] != notices.SITES_TOO_FEW.code:
                yield from (_blank(pipeline, asked.endpoint, asked.rules, name, kind, refused.codes[0]) for name in asked.measures)
            continue
        value, drawn = performances(asked.table, found), performances(asked.table, found, asked.weight)
        told = _flags(asked, pipeline, made)
        if asked.table.patients < everybody.table.patients:
            told.add(notices.SITE_NOT_GIVEN.code)
        for k, name in enumerate(asked.measures):
            number = _tested(float(made.apparent[k]), float(value[k]), drawn[:, k])
            yield _row(asked, pipeline.name, name, kind, number, _columns(asked, pipeline), _few(asked, number, told))


def _with_site(asked: Asked) -> Asked:
    """The same of the patients who have a site, where some have none."""
    site = asked.table.site
    if site is None or (site != NO_SITE).all():
        return asked
    table = asked.table.taken(site != NO_SITE)
    weight = drawn_weights(table.patients, asked.weight.shape[0], seed=asked.seed)
    return replace(asked, table=table, at=times(table.survival, day=asked.at.day), weight=weight)


def _tested(apparent: float, value: float, drawn: FloatArray) -> Corrected:
    """A number found in patients left out: percentile interval of the patients drawn again, their predictions kept."""
    kept = drawn[np.isfinite(drawn)]
    seen = apparent if np.isfinite(apparent) else None
    if not np.isfinite(value) or not kept.size:
        return Corrected(seen, None, None, None, None, int(kept.size))
    low, high = np.quantile(kept, [0.025, 0.975])
    return Corrected(seen, None if seen is None else seen - value, value, float(low), float(high), int(kept.size))


def _columns(asked: Asked, pipeline: Pipeline) -> int:
    return len(asked.table.only(pipeline.terms).columns)


def _flags(asked: Asked, pipeline: Pipeline, made: Optimism) -> set[str]:
    table = asked.table.only(pipeline.terms)
    told = set(table.flags)
    if np.isnan(table.values).any():
        told.add(notices.IMPUTED.code)
    if table.events / len(table.columns) < EVENTS_WANTED:
        told.add(notices.FEW_EVENTS.code)
    if made.whole.separated.any() or made.refitted.separated.any():
        told.add(notices.SEPARATION_IN_SAMPLES.code)
    return told


def _few(asked: Asked, found: Corrected, told: set[str]) -> tuple[str, ...]:
    lost = 1.0 - found.samples / asked.weight.shape[0]
    return tuple(sorted(told | ({notices.SAMPLES_LOST.code} if lost > SAMPLES_LOST else set())))


def _row(asked: Asked, model: str, measure: str, kind: Validation, found: Corrected, columns: int, flags: tuple[str, ...]) -> Performance:
    if asked.few and measure in asked.by_day:
        nothing = (None,) * 5
        return Performance(
            model, asked.endpoint, asked.rules, measure, *nothing, kind, asked.table.patients, asked.table.events, columns,
            notices.FEW_BY_DAY.code, flags,
        )  # fmt: skip
    reason = "" if found.corrected is not None else notices.MEASURE_UNDEFINED.code
    low, high = found.low, found.high
    if measure in asked.measures[:C_MEASURES] and "−" not in model and low is not None and high is not None:
        low, high = max(0.0, low), min(1.0, high)
    return Performance(
        model, asked.endpoint, asked.rules, measure, found.apparent, found.optimism, found.corrected, low, high, kind,
        asked.table.patients, asked.table.events, columns, reason, flags,
    )  # fmt: skip


def _blank(pipeline: Pipeline, endpoint: str, rules: str, measure: str, kind: Validation, reason: str) -> Performance:
    return Performance(pipeline.name, endpoint, rules, measure, None, None, None, None, None, kind, 0, 0, len(pipeline.terms), reason, ())
