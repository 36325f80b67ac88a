"""Truth: closed form: a sphere of 60 mm holds 36π mL; medians by hand."""

from __future__ import annotations

import math

import pytest

from carpet.response.seen_region import SeenRegion, midline_mm, sphere_mm


def region(site: str, left: float, status: str = "physiologic") -> SeenRegion:
    return SeenRegion("L01", site, status, "rule X@1", 36.0 * math.pi, 5.0, (left, 0.0, 0.0))


def test_the_sphere_of_a_volume() -> None:
    assert sphere_mm(36.0 * math.pi) == pytest.approx(60.0)
    assert region("hilar", 3.0).sphere_mm == pytest.approx(60.0)
    assert region("hilar", 3.0).left_mm == 3.0


def test_the_midline_is_where_brain_and_bladder_are() -> None:
    assert midline_mm([region("brain", 4.0), region("bladder", 8.0), region("kidney", 90.0)]) == 6.0
    assert midline_mm([region("kidney", 60.0), region("bladder", 8.0, "disease")]) is None
    assert midline_mm([]) is None


def test_the_facts_in_words() -> None:
    assert region("", 3.0).told() == "L01 site not known, 113.1 mL, SUVmax 5.0"
    assert "external iliac" in region("external_iliac", 3.0).told()
