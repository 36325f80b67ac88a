"""The tables `endpoints` and `rule_effects` of a trial: every endpoint of every patient by every named set of rules."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from types import MappingProxyType
from typing import Any

from carpet.cohort.endpoints import DEFAULT, ENDPOINTS, RULE_SETS, Endpoint, PatientFacts, RuleSet, endpoint, rule_effects
from carpet.cohort.endpoints import notices as endpoint_notices
from carpet.cohort.endpoints.facts import contradictions
from carpet.core.errors import Notice, NoticeKind
from carpet.core.protocol import Protocol
from carpet.core.record import Missing
from carpet.run.trial.course import Course
from carpet.run.trial.endpoint_facts import facts_of
from carpet.run.trial.findings import MONTH_1

Row = dict[str, Any]
LYRIC = replace(DEFAULT, name="lyric", says="as default, with progression by LYRIC: dated back to the first indeterminate response")
REASONS: Mapping[str, str] = MappingProxyType(
    {kind.code: kind.message for kind in vars(endpoint_notices).values() if isinstance(kind, NoticeKind)}
)


@dataclass(frozen=True)
class CourseEndpoints:
    """The endpoints of one patient, each with the name of its rules; refusals: facts that contradict each other, then there are none."""

    results: tuple[tuple[str, Endpoint | Missing], ...]
    refusals: tuple[Notice, ...] = ()
    flags: tuple[Notice, ...] = ()


def rules_of(protocol: Protocol) -> tuple[RuleSet, ...]:
    """Every named set; early progression lasts as long as the protocol's month 1, as the finding of that name."""
    month = protocol.timepoints.get(MONTH_1)
    sets = (*RULE_SETS.values(), LYRIC)
    return sets if month is None else tuple(replace(one, early_days=month.last_day) for one in sets)


def course_endpoints(course: Course, responses: Sequence[Mapping[str, Any]], protocol: Protocol) -> CourseEndpoints:
    """Every endpoint by every set of rules, progression by Lugano (LYRIC where the rules say so), readers before numbers."""
    lugano, lyric = (facts_of(course, responses, protocol, criterion=name) for name in ("lugano", "lyric"))
    refusals = tuple(dict.fromkeys((*contradictions(lugano.facts), *contradictions(lyric.facts))))
    results: list[tuple[str, Endpoint | Missing]] = []
    for rules in rules_of(protocol):
        facts = (lyric if rules.name == LYRIC.name else lugano).facts
        results += [(rules.name, _result(name, facts, rules, refusals)) for name in ENDPOINTS]
    told = {one.code for one in lugano.flags}
    return CourseEndpoints(tuple(results), refusals, (*lugano.flags, *(one for one in lyric.flags if one.code not in told)))


def _result(name: str, facts: PatientFacts, rules: RuleSet, refusals: tuple[Notice, ...]) -> Endpoint | Missing:
    if refusals:
        return Missing(name, "d", facts.patient_id, "", refusals[0].code, facts.flags)
    return endpoint(name, facts, rules=rules)


def endpoint_rows(made: Iterable[CourseEndpoints]) -> list[Row]:
    """A row a patient, endpoint and set of rules."""
    return [_row(rules, one) for course in made for rules, one in course.results]


def _row(rules: str, one: Endpoint | Missing) -> Row:
    if isinstance(one, Missing):
        empty: Row = dict.fromkeys(("event", "days"))
        said = dict.fromkeys(("origin", "caused_by", "rule"), "")
        reason = {"because": REASONS[one.reason], "reason_missing": one.reason}
        return {"patient_id": one.of, "endpoint": one.name, "rules": rules, **empty, **said, **reason, "flags": list(one.flags)}
    names = ("patient_id", "event", "days", "origin", "caused_by", "rule", "because")
    found = {name: getattr(one, name) for name in names}
    return found | {"endpoint": one.name, "rules": rules, "reason_missing": "", "flags": list(one.flags)}


def effect_rows(made: Iterable[CourseEndpoints]) -> list[Row]:
    """How each set of rules changes each endpoint: in sum (no patient), and for each patient whose result differs."""
    return [asdict(one) for one in rule_effects(result for course in made for result in course.results)]
