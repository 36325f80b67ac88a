"""Truth: closed form. Regions and places are made by hand, so the rule that must hold is known."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from carpet.core.anatomy import Anatomy
from carpet.core.geometry import connected_regions, sphere_region
from carpet.core.lesion import Place, Status
from carpet.core.space import Grid, Labels, Quantity, Region, Volume
from carpet.lesions.facts import Facts, facts_of
from carpet.lesions.rules import RULES, first_rule, rules_table
from carpet.lesions.suggest import suggest

GRID = Grid((80, 60, 60), np.array([[0, 0, 4.0, -118], [0, 4.0, 0, -118], [4.0, 0, 0, -158], [0, 0, 0, 1]]), "1.2")


def place(level: str = "abdomen", left: float = 0.0, anterior: float = 0.0, hu: float | None = None, **organs: float) -> Place:
    return Place(None, None, level, left, anterior, organs, hu)


def facts(**changes: object) -> Facts:
    """A 20 mL ball of SUVmax 9 in the mid abdomen, no organ near, every organ found on the scan."""
    organs = frozenset({"body", "brain", "heart", "liver", "spleen", "kidney_left", "kidney_right", "bladder"})
    plain = Facts(20.0, 9.0, 6.0, 34.0, 27.0, 34.0, False, False, False, place(), organs, None, None)
    return replace(plain, **changes)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("case", "rule", "status"),
    [
        (facts(), "DIS-DEFAULT", Status.DISEASE),
        (facts(place=place("unknown")), "UND-NO-LANDMARK", Status.UNDECIDED),
        (facts(place=place("head", brain=0.95)), "PHY-BRAIN", Status.PHYSIOLOGIC),
        (facts(place=place("pelvis", bladder=0.9)), "PHY-BLADDER", Status.PHYSIOLOGIC),
        (facts(place=place("pelvis", bladder=0.4)), "UND-MIXED", Status.UNDECIDED),
        (facts(place=place("abdomen", 50, -30, kidney_left=0.8)), "PHY-KIDNEY", Status.PHYSIOLOGIC),
        (facts(place=place("abdomen", 20, -10, kidney_left=0.7)), "UND-MIXED", Status.UNDECIDED),
        (facts(place=place("pelvis", 90, -30, kidney_left=0.9)), "UND-MIXED", Status.UNDECIDED),
        (facts(place=place("thorax", 30, 20, 40.0, heart=0.8)), "PHY-HEART", Status.PHYSIOLOGIC),
        (facts(place=place("thorax", 30, 20, heart=0.8)), "UND-MIXED", Status.UNDECIDED),
        (facts(place=place("thorax", 30, 20, heart=0.8), hollow=True), "PHY-HEART", Status.PHYSIOLOGIC),
        (facts(place=place("thorax", -10, 20, 40.0, heart=0.8)), "UND-MIXED", Status.UNDECIDED),
        (facts(place=place(spleen=0.9), organ_share=0.2, liver_ratio=3.0), "DIS-SPLEEN-FOCAL", Status.DISEASE),
        (facts(place=place(spleen=0.9), organ_share=0.8, liver_ratio=1.51), "DIS-SPLEEN-DIFFUSE", Status.DISEASE),
        (facts(place=place(spleen=0.9), organ_share=0.8, liver_ratio=1.5), "PHY-SPLEEN", Status.PHYSIOLOGIC),
        (facts(place=place(spleen=0.9), organ_share=0.8), "UND-SPLEEN-NO-LIVER", Status.UNDECIDED),
        (facts(place=place(liver=0.9), organ_share=0.7), "PHY-LIVER", Status.PHYSIOLOGIC),
        (facts(place=place(liver=0.9), organ_share=0.02), "DIS-LIVER-FOCAL", Status.DISEASE),
        (facts(place=place(spine=0.7), extent_s_mm=300.0), "PHY-MARROW-DIFFUSE", Status.PHYSIOLOGIC),
        (facts(place=place(spine=0.7), extent_s_mm=40.0), "DIS-DEFAULT", Status.DISEASE),
        (facts(place=place("pelvis", 5), organs=frozenset({"body"})), "UND-URINE", Status.UNDECIDED),
        (facts(place=place("abdomen", -50, -30), organs=frozenset({"body"})), "UND-URINE", Status.UNDECIDED),
        (facts(place=place("neck"), cut=True), "UND-CUT-HEAD", Status.UNDECIDED),
        (facts(place=place("head", 45), mirrored=True), "PHY-GLAND", Status.PHYSIOLOGIC),
        (facts(place=place("head", 45)), "UND-HEAD", Status.UNDECIDED),
        (facts(place=place("neck", 45), mirrored=True), "DIS-DEFAULT", Status.DISEASE),
        (
            facts(place=place("pelvis", 40), volume_ml=5.0, length_mm=60.0, thickness_mm=10.0, extent_s_mm=55.0),
            "PHY-URETER",
            Status.PHYSIOLOGIC,
        ),
        (
            facts(place=place("pelvis", 40), volume_ml=5.0, length_mm=25.0, thickness_mm=16.0, extent_s_mm=25.0),
            "DIS-DEFAULT",
            Status.DISEASE,
        ),
        (facts(place=place(bowel_gas=0.5), length_mm=100.0, thickness_mm=30.0), "PHY-BOWEL", Status.PHYSIOLOGIC),
        (facts(place=place(bowel_gas=0.5)), "UND-BOWEL", Status.UNDECIDED),
        (facts(place=place(), length_mm=100.0, thickness_mm=30.0), "UND-BOWEL", Status.UNDECIDED),
        (facts(place=place("thorax", 60, 0, -80.0), mirrored=True), "UND-FAT", Status.UNDECIDED),
    ],
)
def test_the_rule_that_decides(case: Facts, rule: str, status: Status) -> None:
    assert (first_rule(case).id, first_rule(case).status) == (rule, status)


def test_no_rule_is_dead() -> None:
    """Every rule decides some case of the test above."""
    marks = test_the_rule_that_decides.pytestmark  # type: ignore[attr-defined]
    decided = {row[1] for row in marks[0].args[1]}
    assert decided == {rule.id for rule in RULES}


def test_the_table_is_the_rules_in_order() -> None:
    table = rules_table()
    assert [row[0] for row in table] == [f"{rule.id}@{rule.version}" for rule in RULES]
    assert len({row[0] for row in table}) == len(table)
    assert table[-1][1] == "disease"


def ball(l_mm: float, p_mm: float, s_mm: float, radius: float = 12.0) -> Region:
    return sphere_region(GRID, np.array([l_mm, p_mm, s_mm]), radius)


def suv_of(*regions: tuple[Region, float]) -> Volume:
    values = np.full(GRID.shape_kji, 0.5, dtype=np.float32)
    for region, level in regions:
        values[region.box][region.mask] = level
    return Volume(GRID, values, Quantity.SUV_BW)


def test_ids_go_by_volume_and_each_lesion_says_why() -> None:
    small, large = ball(30, 0, 0, 10), ball(-30, 0, 40, 20)
    lesions = suggest(
        [small, large], [place("pelvis", 30), place("pelvis", -30, 0, 6.0, bladder=0.92)], suv_of((small, 5.0), (large, 34.0))
    )
    assert [lesion.id for lesion in lesions] == ["L01", "L02"]
    assert [lesion.label for lesion in lesions] == [1, 2]
    assert lesions[0].region is large
    assert lesions[0].decided_by == "rule PHY-BLADDER@1"
    assert lesions[0].because == f"right pelvis, {large.volume_ml:.3g} mL, SUVmax 34.0, mean CT 6 HU, 92 % in bladder: urine in the bladder"
    assert not any(lesion.reviewed for lesion in lesions)


def test_no_region_no_lesion() -> None:
    assert suggest([], [], suv_of()) == ()


def test_only_a_like_region_on_the_other_side_is_a_mirror() -> None:
    left, right, unlike = ball(50, 0, 0), ball(-50, 0, 0), ball(-50, 0, 0, 20)
    places = [place("head", 50), place("head", -50)]
    pair = facts_of([left, right], places, suv_of((left, 6.0), (right, 7.0)), None)
    assert [f.mirrored for f in pair] == [True, True]
    assert not any(f.mirrored for f in facts_of([left, unlike], places, suv_of((unlike, 6.0), (left, 6.0)), None))
    assert not any(f.mirrored for f in facts_of([left, right], places, suv_of((left, 6.0), (right, 12.0)), None))
    assert not any(f.mirrored for f in facts_of([left, ball(-50, 0, 40)], places, suv_of((left, 6.0)), None))


def test_shape_of_a_rod_and_of_a_shell() -> None:
    mask = np.zeros(GRID.shape_kji, dtype=bool)
    mask[10:40, 30:33, 30:33] = True  # 120 × 12 × 12 mm
    rod = Region.of_mask(GRID, mask)
    fact = facts_of([rod], [place()], suv_of((rod, 5.0)), None)[0]
    assert fact.length_mm == pytest.approx(120, abs=5)
    assert fact.thickness_mm == pytest.approx(12 * 2 / np.sqrt(np.pi), rel=0.05)  # the cylinder of the same section
    assert fact.extent_s_mm == pytest.approx(120)
    assert not fact.hollow
    outer, inner = ball(0, 0, 0, 30), ball(0, 0, 0, 16)
    values = suv_of((outer, 8.0), (inner, 1.0))
    shell = connected_regions(GRID, values.values >= 4)[0]
    assert facts_of([shell], [place()], values, None)[0].hollow


def test_share_of_the_organ_and_ratio_to_the_liver() -> None:
    spleen, liver, spot = ball(60, 0, 0, 30), ball(-60, 0, 0, 15), ball(60, 0, 0, 12)
    anatomy = Anatomy(references={"liver": liver}, organs=Labels(GRID, {10: spleen}), organ_names={10: "spleen"})
    fact = facts_of([spot], [place(spleen=1.0)], suv_of((liver, 2.0), (spot, 6.0)), anatomy)[0]
    assert fact.liver_ratio == pytest.approx(3.0)
    assert fact.organ_share == pytest.approx(spot.voxels / spleen.voxels)
    assert fact.organs == {"spleen"}


def test_a_region_at_the_end_of_the_scan_is_cut() -> None:
    touching, inside = ball(0, 0, 158), ball(0, 0, 100)
    assert [f.cut for f in facts_of([touching, inside], [place(), place()], suv_of(), None)] == [True, False]
