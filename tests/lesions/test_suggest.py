"""Truth: closed form. Regions and places are made by hand, so the rule that must hold is known."""

from __future__ import annotations

import numpy as np

from carpet.core.geometry import sphere_region
from carpet.core.lesion import Place
from carpet.core.space import Grid, Quantity, Region, Volume
from carpet.lesions.suggest import lesion_id, suggest

GRID = Grid((80, 60, 60), np.array([[0, 0, 4.0, -118], [0, 4.0, 0, -118], [4.0, 0, 0, -158], [0, 0, 0, 1]]), "1.2")


def place(level: str = "abdomen", left: float = 0.0, anterior: float = 0.0, hu: float | None = None, **organs: float) -> Place:
    return Place(None, None, level, left, anterior, organs, hu)


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


def test_ids_have_two_digits_at_least() -> None:
    assert [lesion_id(number) for number in (1, 42, 137)] == ["L01", "L42", "L137"]
