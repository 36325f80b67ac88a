"""Truth: closed form, what ends follow-up of patients written down here."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from carpet.cohort.endpoints import DEFAULT, RULE_SETS, Dated, PatientFacts
from carpet.cohort.endpoints.deciding import (
    Decision,
    Outcome,
    any_death,
    by_scans,
    death_by_cause,
    first_of,
    known,
    last_contact,
    last_scan,
    missed_scans,
    origin_of,
    passed_over,
    progression,
    therapies,
)
from carpet.core.errors import NotMeasurable

Made = Callable[..., PatientFacts]
START = Dated(0, "infusion")


def decision(day: int, outcome: Outcome = Outcome.EVENT, name: str = "", unknown: str = "") -> Decision:
    return Decision(day, outcome, name, name, name, unknown=unknown)


def test_the_first_counts_and_an_event_comes_before_censoring() -> None:
    late, event, censored, other = decision(9), decision(5, name="a"), decision(5, Outcome.CENSORED), decision(5, name="b")
    assert first_of([late, censored, event, other], late) is event
    assert first_of([censored, decision(5, unknown="X")], late).unknown == "X"
    assert first_of([], late) is late
    with pytest.raises(NotMeasurable, match="X"):
        known(decision(5, unknown="X"))


def test_days_count_from_infusion_or_enrolment(patient: Made) -> None:
    facts = patient(enrolled=-40)
    assert origin_of(facts, DEFAULT).day == 0
    assert origin_of(facts, RULE_SETS["enrolment"]) == Dated(-40, "enrolled")
    with pytest.raises(NotMeasurable, match="ENROLMENT_UNKNOWN"):
        origin_of(patient(), RULE_SETS["enrolment"])
    with pytest.raises(NotMeasurable, match="ENDPOINT_NOT_INFUSED"):
        origin_of(patient(infusion=None), DEFAULT)


def test_progression_and_death_name_their_records(patient: Made) -> None:
    (one,) = progression(patient("29 PD"))
    assert (one.day, one.outcome, one.caused_by) == (29, Outcome.EVENT, "scan 29")
    (two,) = any_death(patient(died=50))
    assert (two.day, two.caused_by) == (50, "death")
    assert not [*progression(patient("29 CR")), *any_death(patient(contact=9))]


@pytest.mark.parametrize(
    ("cause", "rules", "outcome", "unknown"),
    [
        (True, "default", Outcome.EVENT, ""),
        (False, "default", Outcome.CENSORED, ""),
        (False, "any_death", Outcome.EVENT, ""),
        (False, "unrelated_competing", Outcome.COMPETING, ""),
        (None, "default", Outcome.EVENT, "CAUSE_OF_DEATH_UNKNOWN"),
        (None, "any_death", Outcome.EVENT, ""),
    ],
)
def test_death_by_its_cause(patient: Made, cause: bool | None, rules: str, outcome: Outcome, unknown: str) -> None:
    (one,) = death_by_cause(patient(died=50, cause=cause), RULE_SETS[rules])
    assert (one.outcome, one.unknown) == (outcome, unknown)


@pytest.mark.parametrize(
    ("scans", "days", "rules", "said"),
    [
        ("29 CR", {"tx": 60}, "default", [(60, 0, "NEW_THERAPY")]),
        ("29 CR", {"tx": 60}, "new_therapy_event", [(60, 1, "NEW_THERAPY")]),
        ("29 CR", {"tx": 60}, "ema", []),
        ("29 CR", {"hsct": 60}, "default", [(60, 0, "HSCT_IN_CR")]),
        ("29 CR", {"hsct": 60}, "hsct_event", [(60, 1, "HSCT_IN_CR")]),
        ("29 CR", {"hsct": 60}, "hsct_followed", []),
        ("29 PR", {"hsct": 60}, "hsct_followed", [(60, 0, "HSCT_PERSISTENT")]),
        ("29 PR", {"hsct": 60}, "new_therapy_event", [(60, 1, "HSCT_PERSISTENT")]),
        ("29 CR, 50 PD", {"hsct": 60}, "hsct_followed", [(60, 0, "HSCT_PERSISTENT")]),
        ("29 PR, 59 CR", {"hsct": 60}, "hsct_event", [(60, 1, "HSCT_IN_CR")]),
        ("29 CR", {"hsct": 60, "tx": 60}, "default", [(60, 0, "HSCT_IN_CR")]),
        ("29 CR", {"hsct": 60, "tx": 50}, "default", [(50, 0, "NEW_THERAPY"), (60, 0, "HSCT_IN_CR")]),
        ("", {"hsct": 60}, "default", [(60, 0, "HSCT")]),
    ],
)
def test_therapy_and_transplant(patient: Made, scans: str, days: dict[str, int], rules: str, said: list[tuple[int, int, str]]) -> None:
    found = [*therapies(patient(scans, **days), RULE_SETS[rules])]
    assert [(one.day, int(one.outcome), one.rule) for one in found] == said
    assert not any(one.unknown for one in found)


def test_a_transplant_that_no_scan_explains_is_unknown_where_it_matters(patient: Made) -> None:
    (one,) = therapies(patient("90 CR", hsct=60), RULE_SETS["hsct_followed"])
    assert one.unknown == "HSCT_STATUS_UNKNOWN"


def test_a_transplant_passed_over_may_hide_a_later_therapy(patient: Made) -> None:
    assert passed_over(patient("29 CR", hsct=60, tx=60), RULE_SETS["hsct_followed"]) == ("LATER_THERAPY_UNKNOWN",)
    assert passed_over(patient("29 CR", hsct=60, tx=60), DEFAULT) == ()
    assert passed_over(patient("29 CR", hsct=60, tx=50), RULE_SETS["ema"]) == ()


def test_the_last_scan_without_progression(patient: Made) -> None:
    facts = patient("29 CR, 90 SD, 180 NE, 200 DISCORDANT")
    assert (last_scan(facts, START).day, last_scan(facts, START, 89).day) == (90, 29)
    nobody = last_scan(patient("29 NE"), START)
    assert (nobody.day, nobody.caused_by, nobody.flags) == (0, "infusion", ("NO_ASSESSMENT",))


def test_the_last_contact(patient: Made) -> None:
    assert (last_contact(patient(contact=77)).day, last_contact(patient(contact=77)).caused_by) == (77, "contact")
    with pytest.raises(NotMeasurable, match="LAST_CONTACT_UNKNOWN"):
        last_contact(patient())


@pytest.mark.parametrize(
    ("scans", "day", "missed"),
    [
        ("29 CR", 250, ("M3", "M6")),
        ("29 CR", 211, ("M3", "M6")),
        ("29 CR", 210, ()),  # the window of M6 was still open
        ("29 CR, 90 NE", 250, ("M3", "M6")),
        ("29 CR, 90 DISCORDANT", 250, ()),  # a scan was made, and could be evaluated
        ("", 121, ("M1", "M3")),
        ("29 CR, 90 CR, 180 CR", 2000, ()),  # M12 alone is one; nothing is planned after it
    ],
)
def test_missed_scans(patient: Made, scans: str, day: int, missed: tuple[str, ...]) -> None:
    assert missed_scans(patient(scans), START, day) == missed


def test_missed_scans_undo_an_event_or_are_told(patient: Made) -> None:
    facts = patient("29 CR, 300 PD")
    one = by_scans(progression(facts), facts, DEFAULT, START)
    assert (one.day, one.outcome, one.caused_by, one.rule, one.flags) == (29, 0, "scan 29", "MISSED_SCANS", ("MISSED_SCANS",))
    assert one.because.endswith("then M3, M6 missed before day 300")
    two = by_scans(progression(facts), facts, RULE_SETS["missed_scans_event"], START)
    assert (two.day, two.outcome, two.caused_by, two.flags) == (300, 1, "scan 300", ("MISSED_SCANS",))
