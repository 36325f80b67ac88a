"""Truth: closed form on a scene whose hottest voxel, spacing and sides are known."""

from __future__ import annotations

import io
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from carpet.core.anatomy import Anatomy
from carpet.core.space import Volume
from carpet.report.mip import mip_figure, mip_png, project, spread
from carpet.testing import ORIENTATIONS


def _pixels(png: bytes) -> Any:
    from matplotlib.image import imread

    return imread(io.BytesIO(png), format="png")


def _texts(figure: Any) -> list[str]:
    return [text.get_text() for axes in figure.axes for text in axes.texts]


def test_coronal_shows_the_right_on_the_left_and_the_head_on_top(scene: Any) -> None:
    picture = project(scene.suv, "coronal")
    row, column = np.unravel_index(int(picture.argmax()), picture.shape)
    assert picture.shape == (50, 60)
    assert (row, column) == (49 - 40, 43)  # slice 40 of 50 from the feet; column 43 of 60 from the patient's right


def test_sagittal_faces_left(scene: Any) -> None:
    picture = project(scene.suv, "sagittal")
    row, column = np.unravel_index(int(picture.argmax()), picture.shape)
    assert picture.shape == (50, 44)
    assert (row, column) == (49 - 40, 12)  # row 12 of 44 from the front


@pytest.mark.parametrize("orientation", ORIENTATIONS)
@pytest.mark.parametrize("axis", ["coronal", "sagittal"])
def test_the_projection_does_not_depend_on_the_storage_order(scene: Any, orientation: str, axis: Any) -> None:
    assert np.array_equal(project(scene.stored_as(orientation).suv, axis), project(scene.suv, axis))


@pytest.mark.parametrize("axis", ["coronal", "sagittal"])
def test_the_largest_pixel_is_the_largest_suv(scene: Any, axis: Any) -> None:
    assert project(scene.suv, axis).max() == scene.suv.values.max() == np.float32(31.5)


@pytest.mark.parametrize("orientation", ["SPL", "IPL", "LAS", "PRI"])
def test_the_picture_is_the_same_bytes_in_every_storage_order_and_run(scene: Any, orientation: str) -> None:
    other = scene.stored_as(orientation)
    first = mip_png(scene.suv, scene.lesions, scene.anatomy, status_text="UNREVIEWED")
    assert mip_png(other.suv, other.lesions, other.anatomy, status_text="UNREVIEWED") == first


def test_the_views_are_drawn_to_scale(scene: Any) -> None:
    figure = mip_figure(scene.suv, scene.lesions, scene.anatomy, status_text="")
    views = [axes for axes in figure.axes if axes.images and axes.images[0].get_array().shape[0] == 50]
    assert len(views) == 2
    for axes in views:
        box = axes.get_window_extent()
        across_mm = abs(axes.get_xlim()[1] - axes.get_xlim()[0])
        down_mm = abs(axes.get_ylim()[1] - axes.get_ylim()[0])
        assert down_mm == pytest.approx(50 * 6.0)
        assert box.width / across_mm == pytest.approx(box.height / down_mm, rel=1e-6)


def test_the_mark_is_printed_when_it_holds(scene: Any) -> None:
    marked = mip_figure(scene.suv, scene.lesions, scene.anatomy, status_text="UNREVIEWED")
    assert _texts(marked).count("UNREVIEWED") == 1
    pixels = _pixels(mip_png(scene.suv, scene.lesions, scene.anatomy, status_text="UNREVIEWED"))
    plain = _pixels(mip_png(scene.suv, scene.lesions, scene.anatomy, status_text=""))
    alarm = np.array([0xA3, 0x16, 0x0F]) / 255
    assert (np.abs(pixels[:80, :300, :3] - alarm).max(axis=2) < 0.01).sum() > 2000
    assert not (np.abs(plain[:80, :300, :3] - alarm).max(axis=2) < 0.01).any()


def test_every_kind_of_region_has_its_own_line_style(scene: Any) -> None:
    figure = mip_figure(scene.suv, scene.lesions, scene.anatomy, status_text="")
    styles = {
        (patch.get_edgecolor()[:3], str(patch.get_linestyle()))
        for axes in figure.axes
        for patch in axes.patches
        if patch.get_linewidth() == 1.1
    }
    assert len(styles) == 4
    assert len({style for _, style in styles}) == 4
    assert any(patch.get_hatch() for axes in figure.axes for patch in axes.patches)


def test_disease_is_labelled_undecided_is_questioned_and_physiologic_is_not(scene: Any) -> None:
    texts = _texts(mip_figure(scene.suv, scene.lesions, scene.anatomy, status_text=""))
    assert {text: texts.count(text) for text in ("L01", "L02", "L03", "L04 ?", "liver")} == {
        "L01": 2,
        "L02": 2,
        "L03": 0,
        "L04 ?": 2,
        "liver": 2,
    }
    assert {"R", "L", "A", "P", "10 cm", "disease", "undecided", "physiologic", "reference region"} <= set(texts)


def test_an_outline_lies_on_the_edge_of_its_region(scene: Any) -> None:
    figure = mip_figure(scene.suv, scene.lesions[1:2], Anatomy(), status_text="")
    coronal = next(axes for axes in figure.axes if axes.images and axes.images[0].get_array().shape == (50, 60))
    line = next(patch for patch in coronal.patches if patch.get_linewidth() == 1.1)
    extents = line.get_path().get_extents()
    # columns 40–45 and rows 49−41 … 49−38 of 4 × 6 mm pixels, half a pixel further on each side
    assert (extents.x0, extents.x1) == pytest.approx((39.5 * 4, 45.5 * 4))
    assert (extents.y0, extents.y1) == pytest.approx((7.5 * 6, 11.5 * 6))


def test_an_empty_scan_and_hostile_names_are_drawn(scene: Any, hostile_text: str) -> None:
    from dataclasses import replace

    air = Volume(scene.suv.grid, np.zeros(scene.suv.grid.shape_kji, dtype=np.float32), scene.suv.quantity)
    assert mip_png(air, (), Anatomy(), status_text="UNREVIEWED").startswith(b"\x89PNG")
    odd = replace(scene.lesions[0], id=hostile_text)
    assert mip_png(scene.suv, [odd], Anatomy(), status_text=hostile_text).startswith(b"\x89PNG")


@given(st.lists(st.floats(0, 100), max_size=8))
def test_labels_keep_their_order_and_distance(wanted: Sequence[float]) -> None:
    wanted = sorted(wanted)
    placed = spread(wanted, gap=9, low=0, high=100)
    assert len(placed) == len(wanted)
    assert all(b - a >= 9 - 1e-9 for a, b in pairwise(placed))
    assert all(0 <= position <= 100 for position in placed)


def test_labels_with_room_stay_where_they_belong() -> None:
    assert spread([10, 40, 80], gap=9, low=0, high=100) == [10, 40, 80]
