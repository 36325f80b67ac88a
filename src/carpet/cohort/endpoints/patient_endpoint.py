"""Every endpoint of a patient by a set of rules: days, event, and the one record that caused it; or the reason why there is none."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from carpet.cohort.endpoints.deciding import Ended, Outcome, passed_over
from carpet.cohort.endpoints.duration_of_response import duration_of_response
from carpet.cohort.endpoints.early_progression import early_progression
from carpet.cohort.endpoints.event_free_survival import event_free_survival
from carpet.cohort.endpoints.facts import PatientFacts, checked
from carpet.cohort.endpoints.non_relapse_mortality import non_relapse_mortality
from carpet.cohort.endpoints.overall_survival import overall_survival
from carpet.cohort.endpoints.progression_free_survival import progression_free_survival
from carpet.cohort.endpoints.rules import RuleSet
from carpet.cohort.endpoints.time_to_progression import time_to_progression
from carpet.core.errors import NotMeasurable, ProtocolError
from carpet.core.record import Missing

ENDPOINTS: Mapping[str, Callable[[PatientFacts, RuleSet], Ended]] = MappingProxyType(
    {
        "OS": overall_survival,
        "PFS": progression_free_survival,
        "DOR": duration_of_response,
        "EFS": event_free_survival,
        "TTP": time_to_progression,
        "NRM": non_relapse_mortality,
        "EP": early_progression,
    }
)
WITHOUT_SCANS = ("OS",)  # what is known of scans has no part in these
COMPETING_IS = {"NRM": "progression or death of lymphoma", "DOR": "death of another cause", "TTP": "death of another cause"}


@dataclass(frozen=True, slots=True)
class Endpoint:
    """days: whole days from `origin`. event: 0 censored, 1 the event, 2 the competing event (EP: 1 yes, 0 no). caused_by: the record that
    caused it; rule: what decided, because: the same in words, in days as the facts count them."""

    name: str
    rules: str
    patient_id: str
    event: int
    days: int
    origin: str
    caused_by: str
    rule: str
    because: str
    flags: tuple[str, ...]


def endpoint(name: str, facts: PatientFacts, *, rules: RuleSet) -> Endpoint | Missing:
    """One endpoint of one patient; Missing with the reason where there is none. Raises Refused where the facts contradict each other."""
    if name not in ENDPOINTS:
        raise ProtocolError(f"no endpoint is called {name!r}. There are: {', '.join(ENDPOINTS)}.")
    of_scans = () if name in WITHOUT_SCANS else (*facts.flags, *passed_over(facts, rules))
    try:
        ended = ENDPOINTS[name](checked(facts), rules)
    except NotMeasurable as error:
        return Missing(name, "d", facts.patient_id, "", error.reason, tuple(sorted({*of_scans})))
    decision = ended.decision
    days = decision.day - ended.start.day
    flags = tuple(sorted({*decision.flags, *of_scans}))
    event = int(Outcome(decision.outcome))
    return Endpoint(
        name, rules.name, facts.patient_id, event, days, ended.origin, decision.caused_by, decision.rule, decision.because, flags
    )
