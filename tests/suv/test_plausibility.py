"""Truth: closed form: a body of SUV 1 everywhere holds what was injected; two real scans hold less."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import carpet
from carpet.core.space import Grid, Quantity, Volume
from carpet.suv.plausibility import share_is_plausible, share_of_dose


def body(suv: float, quantity: Quantity = Quantity.SUV_BW) -> Volume:
    """70 litres in a field of view twice as large."""
    affine = np.array([[0.0, 0.0, 4.0, 0.0], [0.0, 5.0, 0.0, 0.0], [10.0, 0.0, 0.0, 0.0], [0.0, 0.0, 0.0, 1.0]])
    grid = Grid((100, 100, 70), affine, "1.2.3")
    values = np.zeros(grid.shape_kji, dtype=np.float32)
    values[:, :50] = suv
    assert grid.voxel_ml == pytest.approx(0.2)
    return Volume(grid, values, quantity)


@pytest.mark.parametrize("suv", [0.5, 1.0, 2.0])
def test_the_share_is_the_mean_suv_of_the_whole_body(suv: float) -> None:
    assert share_of_dose(body(suv), 70.0) == pytest.approx(suv, rel=1e-6)


def test_another_quantity_has_no_share() -> None:
    with pytest.raises(ValueError, match="SUVbw"):
        share_of_dose(body(1.0, Quantity.SUV_BSA), 70.0)


@pytest.mark.parametrize(
    ("share", "length_mm", "plausible"), [(1.15, 900, True), (1.16, 900, False), (0.1, 900, True), (0.09, 900, False), (0.09, 500, True)]
)
def test_what_is_plausible(share: float, length_mm: float, plausible: bool) -> None:
    assert share_is_plausible(share, length_mm) == plausible


@pytest.mark.shared
@pytest.mark.parametrize(("folder", "low", "high"), [("acrin042_ge/PT_AC_BQML", 0.2, 0.5), ("sts001_ge", 0.5, 0.9)])
def test_real_scans_hold_less_than_was_injected(shared_data: Path, folder: str, low: float, high: float) -> None:
    study = carpet.read_study(shared_data / folder)
    assert study.pet.pet is not None
    assert study.pet.pet.weight_kg is not None
    assert low < share_of_dose(carpet.to_suv(study), study.pet.pet.weight_kg.value) < high
