"""Truth: closed form."""

from __future__ import annotations

import numpy as np
import pytest

from carpet.core.errors import NotMeasurable
from carpet.core.geometry import sphere_region
from carpet.segment.roi import Roi, rois


def test_reach_ends_at_the_margin_and_half_way_to_the_next_region(ball) -> None:
    other = sphere_region(ball.volume.grid, np.array([40.0, 40.0, 72.0]), 4.0)
    roi = Roi(ball.volume, ball.region, (other,), 20.0)
    start = [part.start for part in roi.box]
    row = roi.within[20 - start[0], 20 - start[1]]
    along = np.arange(start[2], start[2] + row.size)[row] * 2.0  # mm along i
    # the ball ends at 40 ± 12 mm
    assert (along.min(), along.max()) == (8.0, 72.0)
    column = roi.within[:, 20 - start[1], 20 - start[2]]
    along = np.arange(start[0], start[0] + column.size)[column] * 2.0
    # ball up to 52, the other from 68: nearer to the ball up to 58, 60 belongs to neither
    assert (along.min(), along.max()) == (8.0, 58.0)


def test_background_is_the_mean_beyond_ten_millimetres(ball) -> None:
    assert ball.background == 1.0
    values = ball.volume.values.copy()
    far = np.linalg.norm(np.indices(values.shape).reshape(3, -1).T * 2.0 - 40.0, axis=1).reshape(values.shape)
    values[(far > 12) & (far <= 20)] = 6.0  # spill-out: not background
    from carpet.core.space import Volume

    assert Roi(Volume(ball.volume.grid, values, ball.volume.quantity), ball.region, (), 20.0).background == 1.0


def test_no_room_no_background(ball) -> None:
    with pytest.raises(NotMeasurable, match="NO_BACKGROUND"):
        _ = Roi(ball.volume, ball.region, (), 5.0).background


def test_peak_and_maximum(ball) -> None:
    assert (ball.maximum, ball.peak) == (10.0, pytest.approx(10.0))


def test_every_region_limits_every_other(ball) -> None:
    other = sphere_region(ball.volume.grid, np.array([40.0, 40.0, 72.0]), 4.0)
    first, second = rois([ball.region, other], (), ball.volume, margin_mm=20.0)
    whole = np.zeros(ball.volume.grid.shape_kji, dtype=int)
    whole[first.box] += first.within
    whole[second.box] += second.within
    assert whole.max() == 1
