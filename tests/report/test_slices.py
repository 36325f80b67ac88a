"""Truth: closed form, planes of known SUV and HU."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from carpet.core.anatomy import Anatomy
from carpet.core.lesion import Code, Status
from carpet.core.space import Grid, Quantity, Volume
from carpet.report import drawing, slices
from carpet.report.patient_view import drawn_volume
from carpet.testing import reoriented

UNIT = Grid((1, 3, 3), np.eye(4), "1.2.3")


def _flat(value: float, quantity: Quantity) -> Volume:
    return Volume(UNIT, np.full(UNIT.shape_kji, value, dtype=np.float32), quantity)


@pytest.fixture
def words(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Every text that is written into a picture while the test runs."""
    said: list[str] = []
    write = drawing.write

    def listen(axes: Any, x: float, y: float, text: str, **how: Any) -> None:
        said.append(text)
        write(axes, x, y, text, **how)

    monkeypatch.setattr(drawing, "write", listen)
    return said


@pytest.mark.parametrize(("hu", "grey"), [(-160, 0.0), (40, 0.5), (240, 1.0), (-1000, 0.0), (3000, 1.0)])
def test_where_uptake_is_low_the_ct_window_is_40_400(hu: float, grey: float) -> None:
    colours = slices.fused(_flat(0.9, Quantity.SUV_BW), _flat(hu, Quantity.HU), UNIT)
    np.testing.assert_allclose(colours, grey, atol=1e-6)


def test_the_overlay_is_seventy_percent_hot_from_suv_5() -> None:
    colours = slices.fused(_flat(10.0, Quantity.SUV_BW), _flat(-1000, Quantity.HU), UNIT)
    np.testing.assert_allclose(colours, 0.7)  # white over black
    halfway = slices.fused(_flat(3.0, Quantity.SUV_BW), _flat(240, Quantity.HU), UNIT)
    np.testing.assert_allclose(halfway[0, 0], 0.65 + 0.35 * slices.hot(np.array(0.3)), atol=1e-6)


def test_without_ct_the_slice_is_inverse_grey() -> None:
    np.testing.assert_allclose(slices.fused(_flat(2.5, Quantity.SUV_BW), None, UNIT), 0.75, atol=1e-6)


def test_the_slice_goes_through_the_hottest_voxel(scene: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[np.ndarray[Any, Any]] = []
    fused = slices.fused

    def look(suv: Volume, ct: Volume | None, plane: Grid) -> Any:
        middle = (np.array(plane.shape_kji) - 1) / 2
        seen.append(plane.to_lps_mm(middle))
        return fused(suv, ct, plane)

    monkeypatch.setattr(slices, "fused", look)
    slices.slice_png(scene.suv, scene.ct, scene.lesions[1], status_text="")
    np.testing.assert_allclose(seen[0], scene.suv.grid.to_lps_mm((40, 12, 43)))


def test_panel_holds_the_disease_of_largest_tlg_first_and_six_at_most(scene: Any, words: list[str]) -> None:
    slices.slices_png(scene.suv, scene.ct, scene.lesions, status_text="UNREVIEWED")
    titles = [text for text in words if text.startswith("L0")]
    assert titles == ["L01 Mediastinal lymph node", "L02 Mediastinal lymph node"]
    assert "14.4 mL, SUVmax 31.50 g/mL" in words  # 120 voxels of 0.12 mL
    assert words.count("UNREVIEWED") == 1
    words.clear()
    many = [replace(scene.lesions[0], id=f"N{n:02d}") for n in range(9)]
    slices.slices_png(scene.suv, scene.ct, many, status_text="UNREVIEWED")
    assert [text[:3] for text in words if text.startswith("N")] == [f"N{n:02d}" for n in range(6)]


def test_without_disease_the_panel_says_so(scene: Any, words: list[str]) -> None:
    undecided = [lesion for lesion in scene.lesions if lesion.status is not Status.DISEASE]
    slices.slices_png(scene.suv, scene.ct, undecided, status_text="UNREVIEWED")
    assert "No region is counted as disease." in words
    assert not any("SUVmax" in text for text in words)


def test_a_ct_of_another_frame_is_not_laid_under(scene: Any, words: list[str]) -> None:
    grid = scene.ct.grid
    other = Volume(Grid(grid.shape_kji, grid.affine_lps, "9.9.9"), scene.ct.values, Quantity.HU)
    stranger = slices.slices_png(scene.suv, other, scene.lesions, status_text="")
    assert "PET alone: the CT does not share the PET's frame" in words
    assert stranger != slices.slices_png(scene.suv, scene.ct, scene.lesions, status_text="")


@pytest.mark.parametrize("orientation", ["IPL", "LAS", "PRI"])
def test_bytes_do_not_depend_on_the_storage_order_or_the_run(scene: Any, orientation: str) -> None:
    other = scene.stored_as(orientation)
    for draw, what in ((slices.slices_png, "lesions"), (slices.references_png, "anatomy")):
        first = draw(scene.suv, scene.ct, getattr(scene, what), status_text="UNREVIEWED")
        assert draw(other.suv, other.ct, getattr(other, what), status_text="UNREVIEWED") == first


def test_references_are_drawn_with_their_mean(scene: Any, words: list[str]) -> None:
    slices.references_png(scene.suv, scene.ct, scene.anatomy, status_text="UNREVIEWED")
    mean = scene.anatomy.references["liver"].values_of(scene.suv).astype(float).mean()
    assert ["Liver", f"mean {mean:.2f} g/mL"] == [text for text in words if text.startswith(("Liver", "mean"))]
    words.clear()
    slices.references_png(scene.suv, scene.ct, Anatomy(absent={"liver": "OUTSIDE_SCAN"}), status_text="UNREVIEWED")
    assert "No reference region was found." in words


def test_the_close_up_keeps_a_large_region_clear_of_the_inset(scene: Any) -> None:
    region = replace(scene.lesions[0], region=scene.lesions[2].region).region
    assert slices._half_mm(region, (46, 18, 20)) == 11 * 5 / slices.REGION_SHARE
    assert slices._half_mm(scene.lesions[1].region, (40, 12, 43)) == slices.LEAST_HALF_MM


def test_hostile_and_long_names_are_drawn(scene: Any, hostile_text: str) -> None:
    odd = replace(scene.lesions[0], id=hostile_text, site=Code("1", "SCT", hostile_text))
    assert slices.slice_png(scene.suv, None, odd, status_text=hostile_text).startswith(b"\x89PNG")


def test_a_view_of_another_storage_order_is_sampled_alike(scene: Any) -> None:
    plane = slices._plane(drawn_volume(scene.suv).grid, (9, 12, 43), half_mm=(40.0, 40.0), step_mm=1.0)
    one = slices.fused(drawn_volume(scene.suv), scene.ct, plane)
    other = slices.fused(drawn_volume(scene.suv), reoriented(scene.ct, "RAI"), plane)
    np.testing.assert_allclose(one, other, atol=1e-6)
