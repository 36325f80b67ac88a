"""Truth: sums of products of diameters by hand; METHODS D.6."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from carpet.response.ct_scans import CtCourse, CtLesion, CtScan, Part, Seen
from carpet.response.lyric_sizes import lesion_rose, since_ir, spd_rise_percent

Build = Callable[..., CtCourse]


def node(name: str, ldi: float, sdi: float, *, seen: Seen = Seen.PRESENT, target: bool = True) -> CtLesion:
    return CtLesion(name, Part.NODE, target, seen, ldi, sdi)


def test_spd_rises_from_its_nadir(course: Build) -> None:
    # 1200 → 400 → 600 mm²
    assert spd_rise_percent(course([[40, 30]], [[20, 20]], [[30, 20]])) == pytest.approx(50.0)
    assert spd_rise_percent(course([[40, 30]], [[20, 20]])) == pytest.approx(-100.0 * 800 / 1200)


def test_nodes_of_normal_size_are_no_disease_that_rises(course: Build) -> None:
    assert spd_rise_percent(course([[40, 30]], [[6, 5]], [[12, 10]])) == 0.0
    assert spd_rise_percent(course([[40, 30]], [[6, 5]], [[16, 10]])) == pytest.approx(100.0 * 130 / 30)


def test_what_was_not_measured_is_not_known(course: Build) -> None:
    assert spd_rise_percent(course([[40, 30], [20, 10]], [[40, 30]])) is None
    assert spd_rise_percent(course([], [])) is None
    assert lesion_rose(course([[40, 30], [20, 10]], [[40, 30]])) is None
    assert lesion_rose(course([[40, 30], [20, 10]], [[60, 30]])) is True
    assert lesion_rose(course([], [])) is None


def test_a_lesion_rises_by_half_and_by_the_millimetres_of_lugano(course: Build) -> None:
    assert lesion_rose(course([[16, 12]], [[21, 14]])) is True
    assert lesion_rose(course([[16, 12]], [[20.9, 14]])) is False
    assert lesion_rose(course([[5, 5]], [[8, 7]])) is False


def test_what_changed_since_an_indeterminate_response(course: Build) -> None:
    found = since_ir(course([[20, 10], [30, 20]], [[24, 15], [40, 30]], [[29, 16], [44, 38]]), ir_day=30)
    # 360 + 1200 → 464 + 1672
    assert found.spd_percent == pytest.approx(100.0 * (2136 - 1560) / 1560)
    assert found.growths_mm == ((24.0, 5.0), (40.0, 8.0))
    assert since_ir(course([[20, 10]], [[20, 10]]), ir_day=7).spd_percent is None


def with_new(at_ir: tuple[float, float], later: tuple[float, float] | None) -> CtCourse:
    """A target of 600 mm² that stays, and a lesion that came on the second of three scans."""
    same = node("T1", 30, 20)
    last = (same,) if later is None else (same, node("N1", *later, target=False))
    return CtCourse((CtScan(0, (same,)), CtScan(30, (same, node("N1", *at_ir, seen=Seen.NEW, target=False))), CtScan(60, last)))


def test_a_new_lesion_joins_the_sum_and_was_nothing_before() -> None:
    assert since_ir(with_new((20, 10), (30, 10)), ir_day=30).enlarged_spd_percent == pytest.approx(50.0)  # 600 → 900
    assert since_ir(with_new((20, 10), (20, 10)), ir_day=30).enlarged_spd_percent == pytest.approx(100.0 / 3)
    assert since_ir(with_new((20, 10), None), ir_day=30).enlarged_spd_percent is None


def test_at_most_six_lesions_are_summed() -> None:
    targets = tuple(node(f"T{n}", 20 + n, 20) for n in range(6))
    small = node("N1", 16, 10, seen=Seen.NEW, target=False)
    grown = node("N1", 60, 50, target=False)
    found = since_ir(CtCourse((CtScan(0, targets), CtScan(30, (*targets, small)), CtScan(60, (*targets, grown)))), ir_day=30)
    assert found.enlarged_spd_percent == pytest.approx(100.0 * 3000 / 2300)  # in place of the smallest target, 400 mm²
