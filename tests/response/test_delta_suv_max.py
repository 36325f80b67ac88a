"""Truth: worked example EX11: 66.0 % is not more than 66 %."""

from __future__ import annotations

import pytest

from carpet.response.delta_suv_max import delta_suv_max, delta_suv_max_percent


@pytest.mark.parametrize(
    ("now", "percent", "pet2", "pet4"),
    [(6.8, 66.0, "poor", "poor"), (6.7, 66.5, "good", "poor"), (6.0, 70.0, "good", "poor"), (5.9, 70.5, "good", "good")],
)
def test_fall_and_cut_offs(now: float, percent: float, pet2: str, pet4: str) -> None:
    assert delta_suv_max_percent(20.0, now) == pytest.approx(percent)
    assert delta_suv_max(20.0, now, after="PET2").category == pet2
    assert delta_suv_max(20.0, now, after="PET4").category == pet4


def test_a_low_baseline_is_said() -> None:
    assert delta_suv_max(9.9, 2.0, after="PET2").flags == ("BASELINE_BELOW_10",)
    assert delta_suv_max(10.0, 2.0, after="PET2").flags == ()


def test_without_a_cut_off_by_name_there_is_no_class() -> None:
    assert [delta_suv_max(20.0, now, after=None).category for now in (1.0, 30.0)] == ["REPORTED", "REPORTED"]
    assert delta_suv_max(9.9, 2.0, after=None).flags == ("BASELINE_BELOW_10",)


def test_no_uptake_at_baseline_is_an_error() -> None:
    with pytest.raises(ValueError, match="baseline"):
        delta_suv_max_percent(0.0, 1.0)
