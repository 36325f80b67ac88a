"""Truth: METHODS D.1: 5 × 5 mm, 0 × 0 mm, products and sums; what cannot be is refused."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from carpet.core.errors import Refused
from carpet.response.ct_scans import CtCourse, CtLesion, CtScan, Part, Seen, Size, sum_mm2

Build = Callable[..., CtCourse]


def test_too_small_is_5_by_5_and_absent_is_nothing() -> None:
    assert CtLesion("a", Part.NODE, True, Seen.TOO_SMALL).size == Size(5.0, 5.0)
    assert CtLesion("a", Part.NODE, True, Seen.ABSENT).size == Size(0.0, 0.0)
    assert CtLesion("a", Part.NODE, False, Seen.PRESENT).size is None
    assert sum_mm2([Size(40.0, 20.0), Size(5.0, 5.0)]) == 825.0


@pytest.mark.parametrize(
    ("ldi", "sdi", "code"),
    [
        (10.0, 12.0, "CT_SIZE_IMPOSSIBLE"),
        (-1.0, -2.0, "CT_SIZE_IMPOSSIBLE"),
        (900.0, 20.0, "CT_SIZE_IMPOSSIBLE"),
        (float("nan"), 2.0, "CT_SIZE_IMPOSSIBLE"),
        (10.0, None, "CT_SIZE_MISSING"),
        (None, None, "CT_SIZE_MISSING"),
    ],
)
def test_sizes_that_cannot_be_are_refused(ldi: float | None, sdi: float | None, code: str) -> None:
    with pytest.raises(Refused) as caught:
        CtLesion("T1", Part.NODE, True, Seen.PRESENT, ldi, sdi)
    assert caught.value.codes == (code,)


def test_a_target_that_baseline_does_not_have_is_refused(course: Build) -> None:
    with pytest.raises(Refused) as caught:
        course([[40, 20]], [[40, 20], [30, 20]])
    assert caught.value.codes == ("CT_BASELINE_MISSING",)


def test_six_targets_and_no_more(course: Build) -> None:
    assert len(course([[40, 20]] * 6, [[40, 20]] * 6).targets()) == 6
    with pytest.raises(Refused) as caught:
        course([[40, 20]] * 7, [[40, 20]] * 7)
    assert caught.value.codes == ("CT_TARGETS_TOO_MANY",)


def test_scans_stand_in_the_order_of_days() -> None:
    with pytest.raises(ValueError, match="order of days"):
        CtCourse((CtScan(30, ()), CtScan(0, ())))
    with pytest.raises(ValueError, match="baseline"):
        CtCourse((CtScan(0, ()),))


def test_what_is_no_target_must_be_told_until_it_has_gone(course: Build) -> None:
    def other(seen: Seen) -> CtLesion:
        return CtLesion("O1", Part.EXTRANODAL, False, seen)

    left, gone = other(Seen.PRESENT), other(Seen.ABSENT)
    assert not course([[40, 20]], [[20, 10]], first=[left]).rest_told()
    assert course([[40, 20]], [[20, 10]], first=[left], more=[left]).rest_told()
    assert course([[40, 20]], [[20, 10]], first=[gone]).rest_told()
    assert course([[40, 20]], []).rest_told()  # a target is asked for elsewhere
    came = CtScan(30, (CtLesion("T1", Part.NODE, True, Seen.PRESENT, 20, 10), other(Seen.NEW)))
    scans = course([[40, 20]], [[20, 10]], [[20, 10]]).scans
    assert not CtCourse((scans[0], came, scans[2])).rest_told()
