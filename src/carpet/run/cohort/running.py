"""`carpet cohort`, and the end of `carpet run`: every analysis that [cohort] asks for, from what is stored and the clinical tables."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from carpet.cohort.analyses.associations import associations
from carpet.cohort.analyses.by_group import ByGroup, by_group
from carpet.cohort.analyses.competing import Incidences, incidences
from carpet.cohort.analyses.cutting import Cut, Search, cuts
from carpet.cohort.analyses.effects import Effect, effects
from carpet.cohort.analyses.specification import Specification, specifications
from carpet.cohort.analyses.terms import endpoint_columns
from carpet.cohort.analyses.time_dependent import time_dependent
from carpet.cohort.models.performance import Performance
from carpet.cohort.models.pipeline import Pipeline, standard_pipelines
from carpet.cohort.models.validating import models
from carpet.cohort.table import Cohort
from carpet.core.protocol import CohortProtocol
from carpet.run.cohort.content_input import Analysed, Learning, Predicted
from carpet.run.cohort.frame import INFUSION, CohortInputs, cohort_from, with_rules, with_segmenter
from carpet.run.cohort.learning import learning
from carpet.run.cohort.predicting import predicted
from carpet.run.cohort.published import published
from carpet.run.cohort.responses import first_complete, therapy_day
from carpet.run.trial.endpoints import rules_of
from carpet.run.trial.tables import SCHEMAS, Rows

Say = Callable[[str], None]
COMPLETE_RESPONSE = "CR"
COMPETE_ALWAYS = "NRM"
# changes from TD to TT: they stand beside the markers wherever both scans are there, and in no model, for most trials lack a TD
BRIDGING_KINETICS = ("tmtv_bridging_percent", "suv_max_bridging_percent")


def cohort_results(inputs: CohortInputs, *, say: Say) -> Analysed:
    """All that the protocol's [cohort] asks for, of any number of patients: what cannot be estimated stands with its reason.

    Raises ProtocolError for a wrong name in [cohort].
    """
    cohort, asked = cohort_from(inputs), inputs.protocol.cohort
    parts: dict[str, Any] = {}
    for name, (words, of) in _PARTS.items():
        say(f"cohort: {words}")
        parts[name] = tuple(of(_Asked(inputs, cohort, asked)))
    patients = tuple(sorted(inputs.tables.patients, key=lambda one: one.patient_id))
    return Analysed(inputs.protocol, cohort, patients, _whole(inputs.rows), new_therapy_days=_treated(inputs), **parts)


def _treated(inputs: CohortInputs) -> dict[str, int]:
    """Patient → the day of new therapy, of those who had one."""
    rules = inputs.rules or inputs.protocol.cohort.rules
    days = ((one.course.patient.patient_id, therapy_day(one, inputs.protocol, rules)) for one in inputs.results)
    return {who: day for who, day in days if day is not None}


def _whole(rows: Rows) -> Rows:
    """Every row with every column of its table, None where it has no value."""
    return {name: [{column: row.get(column) for column in columns} for row in rows.get(name, ())] for name, columns in SCHEMAS.items()}


@dataclass(frozen=True)
class _Asked:
    """What every part takes: the inputs, their table, and what the protocol asks for."""

    inputs: CohortInputs
    cohort: Cohort
    protocol: CohortProtocol

    @property
    def rules(self) -> str:
        return self.inputs.rules or self.protocol.rules

    @property
    def horizons(self) -> tuple[int, ...]:
        """Half the horizon and the horizon, to which restricted means go."""
        return (self.protocol.horizon_days // 2, self.protocol.horizon_days)

    @property
    def terms(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys((*self.protocol.markers, *self.protocol.adjusted_for)))


def _survival(asked: _Asked) -> Iterator[ByGroup]:
    """Each endpoint of all patients, by each group, and from each landmark by the response there."""
    shared: dict[str, Any] = {"rules": asked.rules, "horizons_days": asked.horizons}
    for endpoint in asked.protocol.endpoints:
        for group in ("", *asked.protocol.groups):
            yield by_group(asked.cohort, endpoint, group_by=group, **shared)
        for name in asked.protocol.landmarks:
            day = asked.inputs.protocol.timepoints[name].last_day
            yield by_group(asked.cohort, endpoint, group_by=f"lugano_{name.lower()}", landmark=(name, day), **shared)


def _competing(asked: _Asked) -> Iterator[Incidences]:
    """Non-relapse mortality beside progression, and every endpoint asked for that another event can rule out."""
    names = [COMPETE_ALWAYS, *(one for one in asked.protocol.endpoints if one in asked.cohort.competing)]
    for endpoint in names:
        for group in ("", *asked.protocol.groups):
            yield incidences(asked.cohort, endpoint, rules=asked.rules, horizons_days=asked.horizons, group_by=group)


def _effects(asked: _Asked) -> Iterator[Effect]:
    """Each column alone, the first marker beside those it is adjusted for, and a complete response as it is reached."""
    together = (*asked.protocol.markers[:1], *asked.protocol.adjusted_for)
    over_bridging = [name for name in BRIDGING_KINETICS if asked.cohort.known([name]).size]
    alone = tuple(dict.fromkeys((*asked.terms, *asked.protocol.groups, *over_bridging)))
    for endpoint in asked.protocol.endpoints:
        if alone:
            yield from effects(asked.cohort, endpoint, rules=asked.rules, terms=alone)
        if len(together) > 1:
            yield from effects(asked.cohort, endpoint, rules=asked.rules, terms=together, together=True)
        yield from time_dependent(asked.cohort, endpoint, rules=asked.rules, name=COMPLETE_RESPONSE, **_reached(asked))


def _reached(asked: _Asked) -> Mapping[str, Any]:
    """Patient → the day of the first complete response, None for not yet; and who was never assessed, which is known at the end only."""
    protocol = asked.inputs.protocol
    days = {one.course.patient.patient_id: first_complete(one, protocol, asked.rules) for one in asked.inputs.results}
    never = frozenset(who for who, (assessed, _) in days.items() if not assessed)
    return {"reached": {who: day for who, (_, day) in days.items()}, "never_assessed": never}


def _cuts(asked: _Asked) -> Iterator[Cut]:
    search = Search(
        horizon_day=asked.protocol.horizon_days,
        samples=asked.protocol.samples,
        permutations=asked.protocol.permutations,
        seed=asked.protocol.seed,
    )
    known = {marker: published(marker, asked.inputs.protocol) for marker in asked.protocol.markers}
    named = sorted({one.delineation for each in known.values() for one in each if one.delineation})
    others = {name: cohort_from(with_segmenter(asked.inputs, name)) for name in named}
    for endpoint in asked.protocol.endpoints:
        for marker, each in known.items():
            yield from cuts(asked.cohort, endpoint, rules=asked.rules, marker=marker, published=each, search=search, others=others)


def _associations(asked: _Asked) -> tuple[Any, ...]:
    return associations(asked.cohort, asked.protocol.markers) if asked.protocol.markers else ()


def _specifications(asked: _Asked) -> Iterator[Specification]:
    """The first marker's effect on each endpoint under every delineation and set of rules; equal follow-up is modelled once."""
    variants = list(_variants(asked))
    for endpoint in asked.protocol.endpoints if asked.protocol.markers else ():
        same = [_follow_up(one, endpoint) for one in variants]
        once = [one for n, one in enumerate(variants) if same.index(same[n]) == n]
        made = specifications(once, endpoint, marker=asked.protocol.markers[0], adjusted_for=asked.protocol.adjusted_for)
        for n, (_, rules, _) in enumerate(variants):
            first = variants[same.index(same[n])]
            for one in made:
                if (one.delineation, one.rules) == first[:2]:
                    yield replace(one, rules=rules, effect=replace(one.effect, rules=rules), main=one.main and n == 0)


def _follow_up(variant: tuple[str, str, Cohort], endpoint: str) -> tuple[object, ...]:
    """What a variant's effects depend on: the delineation, and everybody's days and event."""
    segmenter, _, cohort = variant
    return segmenter, *(cohort.values(name) for name in endpoint_columns(endpoint)), endpoint in cohort.competing


def _variants(asked: _Asked) -> Iterator[tuple[str, str, Cohort]]:
    """(delineation, rules, cohort), the protocol's own first."""
    segment = asked.inputs.protocol.segment
    others = (one.name for one in rules_of(asked.inputs.protocol) if one.start == INFUSION and one.name != asked.rules)
    names = [asked.rules, *others]  # days from enrolment on would hold the time that everybody lived to be infused
    for segmenter in dict.fromkeys((segment.method, *segment.also)):
        for rules in names:
            yield segmenter, rules, cohort_from(with_rules(with_segmenter(asked.inputs, segmenter), rules))


def _performances(asked: _Asked) -> Iterator[Performance]:
    made = _pipelines(asked)
    for endpoint in asked.protocol.endpoints if made else ():
        shared = {"day": asked.protocol.horizon_days, "samples": asked.protocol.samples, "seed": asked.protocol.seed}
        yield from models(asked.cohort, endpoint, rules=asked.rules, pipelines=made, **shared)


def _predicted(asked: _Asked) -> Iterator[Predicted]:
    made, day = _pipelines(asked), asked.protocol.horizon_days
    for endpoint in asked.protocol.endpoints if made else ():
        shared = {"day": day, "samples": asked.protocol.samples, "seed": asked.protocol.seed}
        yield from predicted(asked.cohort, endpoint, pipelines=made, **shared)


def _learning(asked: _Asked) -> Iterator[Learning]:
    made, day = _pipelines(asked), asked.protocol.horizon_days
    for endpoint in asked.protocol.endpoints if made else ():
        yield from learning(asked.cohort, endpoint, pipelines=made, day=day, seed=asked.protocol.seed)


def _pipelines(asked: _Asked) -> tuple[Pipeline, ...]:
    """None without a column to put into a model."""
    return standard_pipelines(asked.protocol.markers, asked.protocol.adjusted_for) if asked.terms else ()


_PARTS: Mapping[str, tuple[str, Callable[[_Asked], Any]]] = {  # field of the results → what is done, in words, and how
    "survival": ("survival", _survival),
    "competing": ("competing risks", _competing),
    "effects": ("effects", _effects),
    "cuts": ("cut-points", _cuts),
    "associations": ("toxicity and markers", _associations),
    "specifications": ("robustness", _specifications),
    "performances": ("models", _performances),
    "predicted": ("predictions", _predicted),
    "learning": ("sample size", _learning),
}
