"""Truth: regions placed by hand at and beside each limit; which patterns they make is read off their places."""

from __future__ import annotations

from typing import Any

import pytest

from carpet.response.finding import Finding, When
from carpet.response.inflammation import alike_pairs, inflammation
from carpet.response.seen_region import SeenRegion

M1 = When("M1", 29)
BRAIN = SeenRegion("L99", "brain", "physiologic", "rule PHY-BRAIN@1", 1000.0, 12.0, (0.0, 0.0, 400.0))


def at(left: float, site: str = "axillary", **change: Any) -> SeenRegion:
    given: dict[str, Any] = {"status": "disease", "by": "rule DIS-DEFAULT@1", "volume": 5.0, "suv": 6.0, "back": 10.0, "head": 100.0}
    given |= change
    place = (left, given["back"], given["head"])
    return SeenRegion(f"L{abs(left):03.0f}", site, given["status"], given["by"], given["volume"], given["suv"], place)


def found(*now: SeenRegion, baseline: tuple[SeenRegion, ...] | None = (), day: int = 29) -> list[Finding]:
    return list(inflammation((BRAIN, *now), baseline, When("M1", day)))


def codes(*now: SeenRegion, **given: Any) -> list[str]:
    return [one.code for one in found(*now, **given)]


def test_alike_nodes_on_both_sides() -> None:
    (one,) = found(at(130.0), at(-128.0))
    assert (one.code, one.timepoint, one.day, one.flags) == ("SYMMETRIC_NODES", "M1", 29, ())
    assert one.because == (
        "left and right: L130 axillary, 5.0 mL, SUVmax 6.0; L128 axillary, 5.0 mL, SUVmax 6.0; at baseline in these regions: none"
    )


@pytest.mark.parametrize(
    ("other", "fires"),
    [
        ({"left": -100.0}, True),  # 30 mm nearer to the midline
        ({"left": -99.0}, False),
        ({"back": 40.0}, True),
        ({"back": 41.0}, False),
        ({"head": 130.0}, True),
        ({"head": 131.0}, False),
        ({"volume": 12.5}, True),
        ({"volume": 12.6}, False),
        ({"suv": 10.2}, True),
        ({"suv": 10.3}, False),
        ({"left": 100.0}, False),  # the same side
        ({"site": "supraclavicular"}, False),
        ({"status": "undecided"}, True),
        ({"status": "physiologic"}, False),
    ],
)
def test_how_alike_both_sides_must_be(other: dict[str, Any], fires: bool) -> None:
    second = at(other.pop("left", -130.0), **other)
    assert bool(codes(at(130.0), second)) is fires


@pytest.mark.parametrize(("left", "right", "pairs"), [(15.0, 15.0, 1), (15.0, 30.0, 1), (14.9, 30.0, 0), (30.0, 14.9, 0)])
def test_what_touches_the_midline_lies_on_neither_side(left: float, right: float, pairs: int) -> None:
    assert len(alike_pairs([BRAIN, at(left, "iliac"), at(-right, "iliac")], "iliac")[0]) == pairs


def test_sides_are_told_from_the_midline_of_this_scan() -> None:
    shifted = SeenRegion("L99", "bladder", "physiologic", "rule PHY-BLADDER@1", 200.0, 30.0, (40.0, 0.0, -700.0))
    pair = (at(170.0), at(-90.0))
    assert [one.code for one in inflammation((shifted, *pair), (), M1)] == ["SYMMETRIC_NODES"]
    assert inflammation((BRAIN, *pair), (), M1) == ()
    (one,) = inflammation((at(130.0), at(-130.0)), (), M1)
    assert one.flags == ("MIDLINE_ASSUMED",)


@pytest.mark.parametrize("site", ["waldeyer_ring", "parotid", "mediastinal", "retroperitoneal", "lung"])
def test_sites_without_two_sides_make_no_pair(site: str) -> None:
    assert codes(at(60.0, site), at(-60.0, site)) == []


def test_what_was_so_at_baseline_is_not_told() -> None:
    pair = (at(130.0), at(-130.0))
    assert codes(*pair, baseline=pair) == []
    (one,) = found(*pair, baseline=(at(131.0),))
    assert one.because.endswith("at baseline in these regions: L131 axillary, 5.0 mL, SUVmax 6.0")


def test_hilar_pair_with_mediastinal_nodes() -> None:
    hila = (at(45.0, "hilar"), at(-50.0, "hilar"))
    assert codes(*hila) == ["SYMMETRIC_NODES"]
    (one,) = found(*hila, at(2.0, "mediastinal"))
    assert one.code == "SARCOID_LIKE_PATTERN"
    assert "L002 mediastinal" in one.because
    assert codes(at(45.0, "hilar"), at(2.0, "mediastinal")) == []


@pytest.mark.parametrize(("volume", "was", "fires"), [(30.0, 0.0, True), (29.9, 0.0, False), (80.0, 40.0, True), (79.9, 40.0, False)])
def test_bowel(volume: float, was: float, fires: bool) -> None:
    now = at(60.0, "mesentery", by="rule PHY-BOWEL@1", status="physiologic", volume=volume)
    before = (at(50.0, "", by="rule UND-BOWEL@1", status="undecided", volume=was),) if was else ()
    assert codes(now, baseline=before) == (["BOWEL_UPTAKE_NEW"] if fires else [])


def test_bowel_by_its_site() -> None:
    assert codes(at(60.0, "colon", volume=50.0, by="reader R")) == ["BOWEL_UPTAKE_NEW"]
    assert codes(at(60.0, "mesentery", volume=50.0)) == []


def test_thyroid_by_name_and_by_place() -> None:
    (named,) = found(at(5.0, "thyroid", status="physiologic", by="reader R"))
    assert (named.code, "not drawn" in named.because) == ("THYROID_UPTAKE_NEW", False)
    (across,) = found(at(14.0, "cervical"))
    assert (across.code, "not drawn" in across.because) == ("THYROID_UPTAKE_NEW", True)
    assert codes(at(35.0, "supraclavicular"), at(-35.0, "supraclavicular")) == ["THYROID_UPTAKE_NEW"]


def test_neck_nodes_farther_out_are_a_pair_of_nodes_and_one_side_is_nothing() -> None:
    assert codes(at(36.0, "cervical"), at(-36.0, "cervical")) == ["SYMMETRIC_NODES"]
    assert codes(at(25.0, "cervical")) == []
    assert codes(at(14.0, "cervical"), baseline=(BRAIN, at(10.0, "cervical"))) == []


def test_before_infusion_nothing_and_without_baseline_that_nothing_was_looked_for() -> None:
    pair = (at(130.0), at(-130.0))
    assert codes(*pair, day=0) == []
    assert codes(*pair, baseline=None) == ["PATTERNS_NOT_COMPARED"]
    assert codes() == []
