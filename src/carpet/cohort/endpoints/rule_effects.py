"""How each set of rules changes each endpoint: for every patient whose result differs, and in sum."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from carpet.cohort.endpoints.patient_endpoint import Endpoint
from carpet.cohort.endpoints.rules import DEFAULT, RULE_SETS
from carpet.core.errors import ProtocolError
from carpet.core.record import Missing

Result = Endpoint | Missing


@dataclass(frozen=True, slots=True)
class RuleEffect:
    """One endpoint by one set of rules beside the default. patient_id: empty in the sum over all.

    patients: with a result; events, competing: of these; days: their follow-up together; the same by the default rules; changed: how many
    results differ in event or days, or are there by one set only.
    """

    patient_id: str
    endpoint: str
    rules: str
    patients: int
    events: int
    competing: int
    days: int
    default_patients: int
    default_events: int
    default_competing: int
    default_days: int
    changed: int


def rule_effects(results: Iterable[tuple[str, Result]]) -> tuple[RuleEffect, ...]:
    """The sums, then the patients whose result differs. results: (name of the rules, an endpoint of a patient), the default among them.

    () for none. Raises ProtocolError where a patient has no result by the default rules.
    """
    by: dict[tuple[str, str], dict[str, Result]] = {}
    for rules, one in results:
        by.setdefault((one.name, rules), {})[one.patient_id if isinstance(one, Endpoint) else one.of] = one
    found: list[RuleEffect] = []
    for (name, rules), patients in sorted(by.items(), key=lambda one: (one[0][0], _place(one[0][1]))):
        if rules == DEFAULT.name:
            continue
        default = by.get((name, DEFAULT.name), {})
        if default.keys() != patients.keys():
            raise ProtocolError(f"{name} by the rules {rules}: not the same patients as by the default rules")
        found += [_effect("", name, rules, default, patients), *_changed(name, rules, default, patients)]
    return tuple(sorted(found, key=lambda one: bool(one.patient_id)))


def _place(rules: str) -> tuple[int, str]:
    """The named sets in their order, others after them."""
    names = [*RULE_SETS]
    return names.index(rules) if rules in names else len(names), rules


def _changed(name: str, rules: str, default: Mapping[str, Result], patients: Mapping[str, Result]) -> Iterator[RuleEffect]:
    for who in sorted(patients):
        if _result(patients[who]) != _result(default[who]):
            yield _effect(who, name, rules, {who: default[who]}, {who: patients[who]})


def _result(one: Result) -> tuple[int, int] | str:
    return (one.event, one.days) if isinstance(one, Endpoint) else one.reason


def _effect(who: str, name: str, rules: str, default: Mapping[str, Result], patients: Mapping[str, Result]) -> RuleEffect:
    changed = sum(_result(patients[one]) != _result(default[one]) for one in patients)
    return RuleEffect(who, name, rules, *_sum(patients), *_sum(default), changed)


def _sum(patients: Mapping[str, Result]) -> tuple[int, int, int, int]:
    there = [one for one in patients.values() if isinstance(one, Endpoint)]
    return len(there), sum(one.event == 1 for one in there), sum(one.event == 2 for one in there), sum(one.days for one in there)
