"""Truth: half-lives of ENSDF as printed in METHODS A.3; closed form."""

from __future__ import annotations

import pytest

from carpet.suv.nuclide import half_life, tracer_flags


def codes(found) -> list[str]:
    return [notice.code for notice in found]


@pytest.mark.parametrize("seconds", [6586.2, 6588.0, 6584.0, 6586.2 * 1.0099])
def test_a_header_within_one_percent_is_used_as_it_is(facts_with, seconds: float) -> None:
    life, found = half_life(facts_with(half_life_s=seconds))
    assert (life.seconds, life.nuclide, codes(found)) == (seconds, "F-18", [])


@pytest.mark.parametrize("seconds", [6500.0, 110.0, 109.77, 6586.2 * 1.011])
def test_another_half_life_is_refused(facts_with, seconds: float) -> None:
    assert half_life(facts_with(half_life_s=seconds))[0] is None
    assert codes(half_life(facts_with(half_life_s=seconds))[1]) == ["HALFLIFE_MISMATCH"]


def test_a_missing_one_comes_from_the_named_nuclide_with_a_flag(facts_with) -> None:
    life, found = half_life(facts_with(half_life_s=None))
    assert (life.seconds, codes(found)) == (6586.2, ["HALFLIFE_FROM_NUCLIDE"])
    life, found = half_life(facts_with(half_life_s=None, nuclide_code="C-131A3"))
    assert life.seconds == 4057.7


def test_nothing_known_is_refused(facts_with) -> None:
    assert codes(half_life(facts_with(half_life_s=None, nuclide_code=None))[1]) == ["HALFLIFE_MISMATCH"]
    assert codes(half_life(facts_with(half_life_s=5000.0, nuclide_code=None))[1]) == ["HALFLIFE_MISMATCH"]


def test_a_half_life_tells_the_nuclide_where_no_code_stands(facts_with) -> None:
    life, found = half_life(facts_with(half_life_s=4057.7, nuclide_code=None))
    assert (life.nuclide, codes(found)) == ("Ga-68", [])


def test_a_code_and_a_half_life_that_contradict(facts_with) -> None:
    assert codes(half_life(facts_with(half_life_s=4057.7))[1]) == ["HALFLIFE_MISMATCH"]


@pytest.mark.parametrize(
    ("code", "text", "flagged"),
    [
        ("35321007", None, False),
        ("C-B1031", None, False),
        (None, "FDG -- fluorodeoxyglucose", False),
        (None, "Fluorodeoxyglucose F18", False),
        (None, None, True),
        (None, "PSMA", True),
        ("1234", "FDG", True),
    ],
)
def test_tracer(facts_with, code, text, flagged: bool) -> None:
    assert codes(tracer_flags(facts_with(tracer_code=code, tracer_text=text))) == (["TRACER_NOT_FDG"] if flagged else [])
