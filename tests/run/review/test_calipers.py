"""Truth: closed form: lines whose lengths, slices and angles are known."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import pytest

from carpet.core.errors import Refused
from carpet.core.lesion import Kind
from carpet.review.edits import Caliper
from carpet.run.pipeline import Surveyed
from carpet.run.review.calipers import checked_caliper
from carpet.run.review.room import Room


@pytest.fixture(scope="module")
def base(first_room: Room) -> Surveyed:
    return first_room.scans.opened(first_room.study(first_room.history.case("A/TT"))).surveyed


def drawn(base: Surveyed, *, degrees: float = 90.0, lift_mm: float = 0.0, aside_mm: float = 0.0, **more: Any) -> Caliper:
    """A caliper of 30 × 20 mm in the liver, both in the slice of its centre."""
    x, y, z = (float(mm) for mm in base.anatomy.references["liver"].centroid_lps_mm)
    dx, dy = 10.0 * math.cos(math.radians(degrees)), 10.0 * math.sin(math.radians(degrees))
    short = ((x + aside_mm - dx, y - dy, z + lift_mm), (x + aside_mm + dx, y + dy, z + lift_mm))
    asked: dict[str, Any] = {"lesion": base.lesions[0].id} | more
    return Caliper(ldi_lps_mm=((x - 15.0, y, z), (x + 15.0, y, z)), sdi_lps_mm=short, **asked)


def test_what_can_be_measured_is_taken(base: Surveyed) -> None:
    for degrees in (90.0, 76.0, 104.0):
        checked_caliper(drawn(base, degrees=degrees), base)
    checked_caliper(drawn(base, lesion=None, name="n1", counts_as="node"), base)


@pytest.mark.parametrize(
    ("how", "says"),
    [
        ({"degrees": 74.0}, "74 degrees between both"),
        ({"lift_mm": 12.0}, "12.0 mm from foot to head"),
        ({"aside_mm": 16.0}, "beside"),
        ({"lift_mm": 5_000.0}, "outside the CT"),
    ],
)
def test_what_nobody_can_have_measured_is_refused(base: Surveyed, how: dict[str, Any], says: str) -> None:
    with pytest.raises(Refused) as refused:
        checked_caliper(drawn(base, **how), base)
    assert refused.value.codes == ("REVIEW_CALIPER_UNFIT",)
    assert says in refused.value.notices[0].found


def test_of_what_there_is_no_ct_region_or_site_nothing_is_measured(base: Surveyed) -> None:
    first = base.lesions[0]
    for now, edit, code in (
        (replace(base, study=replace(base.study, ct=None)), drawn(base), "REVIEW_NO_CT"),
        (base, drawn(base, lesion="L99"), "EDIT_UNKNOWN_LESION"),
        (replace(base, lesions=(replace(first, kind=Kind.SPLEEN),)), drawn(base), "REVIEW_CALIPER_UNFIT"),
        (replace(base, lesions=(replace(first, kind=None),)), drawn(base), "REVIEW_CALIPER_UNFIT"),
    ):
        with pytest.raises(Refused, match=code):
            checked_caliper(edit, now)
