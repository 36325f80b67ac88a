"""Truth: growth and regression by hand, at and beside each limit."""

from __future__ import annotations

from typing import Any

import pytest

from carpet.response.finding import When
from carpet.response.pseudoprogression import Followed, pseudoprogression


def tmtv(before: float, now: float, *later: tuple[int, float]) -> Followed:
    return Followed("TMTV", "mL", before, now, later)


NEW = Followed("new lesion T02 (L02)", "mL", 0.0, 4.0, appeared=True)


def found(*measures: Followed, day: int = 5, **change: Any) -> Any:
    given: dict[str, Any] = {"new_lesions_by": (), "lyric": (), "new_therapy_day": None, "not_told": ()}
    return pseudoprogression(measures, When("D7", day), **given | change)


@pytest.mark.parametrize(("day", "fires"), [(-1, False), (0, False), (1, True), (84, True), (85, False)])
def test_within_12_weeks_of_infusion(day: int, fires: bool) -> None:
    one = found(tmtv(40.0, 80.0), day=day)
    assert (one is not None) is fires
    if one is not None:
        assert (one.code, one.day) == ("PSEUDOPROGRESSION_POSSIBLE", day)
        assert f"day {day} after infusion" in one.because


@pytest.mark.parametrize(
    ("measure", "fires"),
    [
        (tmtv(40.0, 60.0), True),  # + 50 %, + 20 mL
        (tmtv(40.0, 59.9), False),
        (tmtv(10.0, 20.0), True),  # + 10 mL
        (tmtv(10.0, 19.9), False),
        (tmtv(0.0, 10.0), True),
        (tmtv(60.0, 40.0), False),
        (Followed("SPD", "mm2", 100.0, 150.0), True),
        (Followed("SPD", "mm2", 100.0, 149.0), False),
        (Followed("SPD", "mm2", 0.0, 0.0), False),
        (NEW, True),
    ],
)
def test_what_counts_as_growth(measure: Followed, fires: bool) -> None:
    assert (found(measure) is not None) is fires


@pytest.mark.parametrize(("day", "said"), [(10, True), (11, False)])
def test_the_first_days_are_named(day: int, said: bool) -> None:
    assert ("in the first days" in found(tmtv(40.0, 80.0), day=day).because) is said


@pytest.mark.parametrize(
    ("later", "code", "said"),
    [
        (((29, 40.0),), "EARLY_GROWTH_REGRESSED", "followed by regression by day 29, without new therapy"),
        (((29, 40.1),), "PSEUDOPROGRESSION_POSSIBLE", "not followed by regression up to day 29"),
        (((29, 70.0), (90, 0.0)), "EARLY_GROWTH_REGRESSED", "followed by regression by day 90, without new therapy"),
        ((), "PSEUDOPROGRESSION_POSSIBLE", "no later scan tells"),
    ],
)
def test_what_came_later(later: tuple[tuple[int, float], ...], code: str, said: str) -> None:
    one = found(tmtv(40.0, 80.0, *later))
    assert one.code == code
    assert said in one.because


def test_all_that_grew_must_go_back() -> None:
    both = tmtv(40.0, 80.0, (29, 10.0)), Followed("new lesion T02 (L02)", "mL", 0.0, 4.0, ((29, 4.0),), appeared=True)
    assert found(*both).code == "PSEUDOPROGRESSION_POSSIBLE"
    assert "1 of 2 went back up to day 29" in found(*both).because


@pytest.mark.parametrize(("therapy", "code"), [(28, "PSEUDOPROGRESSION_POSSIBLE"), (29, "EARLY_GROWTH_REGRESSED")])
def test_regression_after_new_therapy_proves_nothing(therapy: int, code: str) -> None:
    one = found(tmtv(40.0, 80.0, (29, 0.0)), new_therapy_day=therapy)
    assert one.code == code
    assert ("before new therapy on day 28" in one.because) is (therapy == 28)


def test_a_readers_new_lesions_and_lyric_stand_beside() -> None:
    one = found(new_lesions_by=["reader R"], lyric=["LYRIC IR2 by reader R"])
    assert "new lesions by reader R" in one.because
    assert "LYRIC IR2 by reader R" in one.because
    alone = found(lyric=["LYRIC IR3 by carpet"])
    assert (alone.code, alone.because) == (
        "PSEUDOPROGRESSION_POSSIBLE",
        "day 5 after infusion, in the first days; no measure grew that could be followed; LYRIC IR3 by carpet",
    )


def test_what_could_not_be_looked_for_is_said_in_every_case() -> None:
    assert found() is None
    nothing = found(not_told=["new lesions (no reader)"])
    assert (nothing.code, nothing.because) == ("GROWTH_NOT_TOLD", "not known: new lesions (no reader)")
    one = found(tmtv(40.0, 80.0), not_told=["new lesions (no reader)"])
    assert (one.code, one.flags) == ("PSEUDOPROGRESSION_POSSIBLE", ("GROWTH_NOT_TOLD",))
    assert one.because.endswith("not known: new lesions (no reader)")
