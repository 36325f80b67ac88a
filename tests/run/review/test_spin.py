"""Truth: closed form. Where a hot voxel must appear in each frame, by trigonometry; and brute force along the lines of sight."""

from __future__ import annotations

import io
import itertools
import math

import numpy as np
import pytest
from matplotlib import image

from carpet.core.lesion import Lesion, Status
from carpet.core.space import Grid, Quantity, Region, Volume
from carpet.run.review.spin import COLUMNS, FRAMES, Spin, ids_png, png, spin_arrays, spin_from, spin_of, spin_png

SHAPE, SPACING = (30, 40, 40), 5.0  # voxels that are not pooled


def volume_of(values: np.ndarray, flip: tuple[int, int, int] = (1, 1, 1), spacing: float = SPACING) -> Volume:
    """A volume whose drawn order is `values` (head→feet, front→back, right→left), stored in any of the eight orders."""
    affine = np.zeros((4, 4))
    affine[3, 3] = 1.0
    for axis, (row, sign) in enumerate(zip((2, 1, 0), (-1.0, 1.0, 1.0), strict=True)):
        affine[row, axis] = sign * flip[axis] * spacing
    stored = values[tuple(slice(None, None, one) for one in flip)]
    return Volume(Grid(values.shape, affine, "1.2.3"), np.ascontiguousarray(stored, dtype=np.float32), Quantity.SUV_BW)


def body() -> np.ndarray:
    """A box of soft tissue about the middle, so that the turning point is known."""
    values = np.zeros(SHAPE, dtype=np.float32)
    values[:, 5:35, 5:35] = 1.0
    return values


def place_of(spin: Spin, frame: int, y: int, x: int) -> float:
    """The column in which the centre of this cell must stand: its distance from the axis, turned."""
    back, left = (y + 0.5 - 20) * SPACING, (x + 0.5 - 20) * SPACING
    angle = 2 * math.pi * frame / FRAMES
    return (-back * math.sin(angle) + left * math.cos(angle)) / spin.layout.pixel_width_mm + (spin.layout.width - 1) / 2


@pytest.mark.parametrize("flip", list(itertools.product((1, -1), repeat=3)))
def test_a_hot_voxel_stands_in_every_frame_where_it_must(flip: tuple[int, int, int]) -> None:
    values = body()
    values[12, 9, 30] = 9.0
    spin = spin_of(volume_of(values, flip))
    for frame in range(FRAMES):
        rows, columns = np.nonzero(spin.suv[frame] == 9.0)
        assert set(rows) == {12}, frame
        assert abs(columns.mean() - place_of(spin, frame, 9, 30)) <= 1.01, frame


def test_front_is_first_and_the_observer_walks_to_the_patients_left() -> None:
    values = body()
    values[3, 20, 33] = 9.0  # far to the patient's left
    values[20, 6, 20] = 8.0  # far in front
    spin = spin_of(volume_of(values))
    middle = (spin.layout.width - 1) / 2
    columns = {frame: np.nonzero(spin.suv[frame] == 9.0)[1].mean() for frame in (0, 9)}
    assert columns[0] > middle + 10  # from the front the patient's left is on the right of the picture
    assert abs(columns[9] - middle) < 2  # seen from the left it is in the middle
    assert np.nonzero(spin.suv[9] == 8.0)[1].mean() > middle + 10  # and the front is on the right


def test_no_voxel_slips_between_the_lines_of_sight() -> None:
    rng = np.random.default_rng(3)
    values = body()
    spots = [(int(k), int(j), int(i)) for k, j, i in rng.integers((0, 6, 6), (30, 34, 34), size=(25, 3))]
    for n, at in enumerate(spots):
        values[at] = 5.0 + n / 100
    spin = spin_of(volume_of(values))
    for frame in range(FRAMES):
        for k in range(SHAPE[0]):  # a row of the frame shows the hottest of its plane
            assert spin.suv[frame, k].max() == values[k].max()


def test_pooling_keeps_every_maximum() -> None:
    values = np.zeros((20, 81, 80), dtype=np.float32)
    values[:, 10:71, 10:70] = 1.0
    values[7, 69, 69] = 6.0
    spin = spin_of(volume_of(values, spacing=2.4))
    assert spin.factors == (2, 2, 2)
    assert all(spin.suv[frame].max() == np.float32(6.0) for frame in range(FRAMES))


def lesions_of(volume: Volume, *drawn: tuple[tuple[int, int, int | slice], int]) -> list[Lesion]:
    found = []
    for (k, j, i), label in drawn:
        mask = np.zeros(volume.grid.shape_kji, dtype=bool)
        mask[k, j, i] = True
        found.append(Lesion(f"L{label:02d}", label, Region.of_mask(volume.grid, mask), Status.DISEASE, "rule", "because"))
    return found


def sheet_of(packed: bytes) -> np.ndarray:
    return np.asarray(np.rint(image.imread(io.BytesIO(packed)) * 255), dtype=np.int64)


def test_ids_say_which_region_is_seen_the_nearer_of_two_that_are_equally_hot() -> None:
    values = body()
    values[12, 8, 19:22], values[12, 30, 19:22], values[20, 20, 20] = 9.0, 9.0, 0.5
    volume = volume_of(values)
    spin = spin_of(volume)
    lesions = lesions_of(volume, ((12, 8, slice(19, 22)), 300), ((12, 30, slice(19, 22)), 2), ((20, 20, 20), 7))
    sheet = sheet_of(ids_png(spin, lesions, volume.grid))
    labels = sheet[..., 0] * 65536 + sheet[..., 1] * 256 + sheet[..., 2]
    height, width = spin.layout.height, spin.layout.width
    frames = [labels[n // COLUMNS * height :][:height, n % COLUMNS * width :][:, :width] for n in range(FRAMES)]
    assert frames[0][12, width // 2] == 300  # from the front
    assert frames[18][12, width // 2] == 2  # from the back
    assert not (frames[0] == 7).any()  # fainter than what lies before and behind it
    assert (frames[9][12] == 300).any()
    assert (frames[9][12] == 2).any()


@pytest.mark.parametrize("window", [5.0, 7.0, 10.0, 15.0, 20.0, 30.0])
def test_the_sprite_is_inverse_grey_as_its_layout_says_right_in_every_window_of_the_page(window: float) -> None:
    values, planted = body(), np.linspace(0.5, 40.0, SHAPE[0])
    values[:, 8, 20] = planted
    spin = spin_of(volume_of(values))
    sheet = sheet_of(spin_png(spin))
    assert sheet.shape == (FRAMES // COLUMNS * spin.layout.height, COLUMNS * spin.layout.width)
    assert sheet[0, 0] == 255  # beside the body
    coded = sheet[: SHAPE[0]].min(axis=1)  # the planted column, or the body before and behind it
    suv = spin.layout.black_suv * (1.0 - coded / 255.0) ** (1.0 / spin.layout.gamma)
    drawn = 255.0 * np.clip(1.0 - suv / window, 0.0, 1.0)
    assert drawn == pytest.approx(255.0 * np.clip(1.0 - np.maximum(planted, 1.0) / window, 0.0, 1.0), abs=3.0)


def test_a_field_without_a_body_is_projected_whole() -> None:
    spin = spin_of(volume_of(np.zeros(SHAPE, dtype=np.float32)))
    assert spin.pooled == (40, 40, 30)
    assert (spin.hit == -1).all()


def test_plain_arrays_bring_it_back() -> None:
    values = body()
    values[12, 9, 30] = 9.0
    spin = spin_of(volume_of(values))
    again = spin_from(spin_arrays(spin))
    assert again.layout == spin.layout
    assert (again.pooled, again.factors, again.first) == (spin.pooled, spin.factors, spin.first)
    assert np.array_equal(again.hit, spin.hit)
    assert np.array_equal(again.suv, spin.suv)


def test_png_is_read_by_another_program() -> None:
    grey = np.arange(12, dtype=np.uint8).reshape(3, 4)
    assert np.array_equal(sheet_of(png(grey)), grey)
    colour = np.arange(24, dtype=np.uint8).reshape(2, 4, 3)
    assert np.array_equal(sheet_of(png(colour)), colour)
