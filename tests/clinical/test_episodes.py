"""Truth: cases by hand: given and derived grades, scales kept apart, days from infusion, the worst of each scale (METHODS F)."""

from __future__ import annotations

import datetime as dt
from typing import Any

from carpet.clinical.episodes import Episode, derived_grade, episodes
from carpet.clinical.patients import Patient
from carpet.clinical.toxicity import Toxicity

P = Patient(patient_id="P1", infusion_date=dt.date(2024, 3, 1), age=60)
SEVERE: dict[str, Any] = {"fever": True, "hypotension": "one_pressor", "hypoxia": "none"}  # grade 3


def event(onset: int | None, event: str = "crs", *, lasts: int | None = None, patient_id: str = "P1", **said: Any) -> Toxicity:
    start = None if onset is None else dt.date(2024, 3, 1) + dt.timedelta(onset)
    end = None if start is None or lasts is None else start + dt.timedelta(lasts)
    return Toxicity(patient_id=patient_id, event=event, onset_date=start, resolution_date=end, **said)


def only(*rows: Toxicity) -> Episode:
    (one,) = episodes(rows, P)
    return one


def test_days_from_infusion() -> None:
    one = only(event(2, lasts=5, scale="astct2019", grade=2), event(1, patient_id="P2", scale="astct2019", grade=4))
    assert (one.onset_day, one.resolution_day, one.duration_days, one.grade, one.is_worst) == (2, 7, 5, 2, True)
    assert (only(event(None, scale="penn", grade=2)).onset_day, only(event(2, scale="penn", grade=2)).duration_days) == (None, None)


def test_given_and_derived() -> None:
    agreed, differs = only(event(1, scale="astct2019", grade=3, **SEVERE)), only(event(1, scale="astct2019", grade=2, **SEVERE))
    assert (agreed.grade, agreed.derived, agreed.flags, agreed.rule) == (3, 3, (), "CRS-ASTCT2019@1")
    assert (differs.grade, differs.derived, differs.flags) == (2, 3, ("GRADE_DIFFERS",))
    assert only(event(1, scale="astct2019", grade=5, **SEVERE)).flags == ()  # items make no death
    below, above = (only(event(1, "icans", scale="astct2019", grade=grade, ice=5)) for grade in (1, 3))  # ICE 5: at least 2
    assert (below.flags, above.flags, below.derived) == (("GRADE_DIFFERS",), (), None)


def test_a_grade_from_items_alone_is_of_astct() -> None:
    one = only(event(1, **SEVERE))
    assert (one.scale, one.grade, one.derived, one.flags) == ("astct2019", 3, 3, ("GRADE_DERIVED",))
    unsure = only(event(1, fever=True))
    assert (unsure.scale, unsure.grade, unsure.derived, unsure.is_worst) == ("", None, None, False)
    assert unsure.because == "not known: hypotension, hypoxia"


def test_an_older_scale_stays_what_it_is() -> None:
    one = only(event(1, scale="lee2014", grade=2, **SEVERE))
    assert (one.scale, one.grade, one.derived, one.flags) == ("lee2014", 2, 3, ())
    empty = only(event(1, scale="lee2014", **SEVERE))
    assert (empty.scale, empty.grade, empty.derived) == ("lee2014", None, 3)


def test_worst_of_each_scale() -> None:
    rows = [
        event(1, scale="astct2019", grade=1),
        event(4, scale="astct2019", grade=3),
        event(9, scale="astct2019", grade=3),
        event(1, scale="penn", grade=2),
        event(2, "icans", scale="astct2019", grade=1),
        event(3, fever=True),
    ]
    found = episodes(rows[::-1], P)
    assert found == episodes(rows, P)
    assert [(one.event, one.scale, one.onset_day) for one in found if one.is_worst] == [
        ("crs", "astct2019", 4),
        ("crs", "penn", 1),
        ("icans", "astct2019", 2),
    ]


def test_what_astct_does_not_grade() -> None:
    assert derived_grade(event(1, "infection", scale="ctcae5", grade=3, fever=True), age_years=60) is None
    assert derived_grade(event(1, scale="penn", grade=3), age_years=60) is None
    assert derived_grade(event(1, scale="penn", grade=3, ice=3), age_years=60) is None
    assert only(event(1, "infection", scale="ctcae5", grade=3)).rule == ""
