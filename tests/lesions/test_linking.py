"""Truth: closed form: balls and boxes whose distances and overlaps are known."""

from __future__ import annotations

import numpy as np
import pytest

from carpet.lesions.alignment import Confidence
from carpet.lesions.linking import Placed, by_centres, joined, meeting, reach_mm

STEP_MM = 2.0


def ball(x: float, radius_mm: float, y: float = 0.0) -> Placed:
    reach = np.arange(-radius_mm, radius_mm + 0.1, STEP_MM)
    points = np.stack(np.meshgrid(reach, reach, reach, indexing="ij"), axis=-1).reshape(-1, 3)
    inside = points[np.linalg.norm(points, axis=1) <= radius_mm]
    return Placed(inside + np.array([x, y, 0.0]), 4.0 / 3.0 * np.pi * radius_mm**3 / 1000.0, STEP_MM * np.sqrt(3.0) / 2.0)


def pairs(earlier: list[Placed], later: list[Placed], tolerance_mm: float = 5.0) -> list[tuple[int, int, str]]:
    return [(link.earlier, link.later, link.confidence.value) for link in meeting(earlier, later, tolerance_mm=tolerance_mm)]


def test_the_same_places_are_linked_surely() -> None:
    assert pairs([ball(0, 10), ball(60, 8)], [ball(61, 9), ball(2, 6)]) == [(0, 1, "high"), (1, 0, "high")]


@pytest.mark.parametrize(("small", "large"), [(4, 20), (20, 4)])
def test_growth_and_shrinkage_do_not_part_a_lesion(small: float, large: float) -> None:
    assert pairs([ball(0, small)], [ball(6, large)]) == [(0, 0, "high")]


def test_halves_are_linked_to_their_whole_both_ways() -> None:
    whole, halves = [ball(0, 20)], [ball(-12, 7), ball(12, 7)]
    assert pairs(whole, halves) == [(0, 0, "high"), (0, 1, "high")]
    assert pairs(halves, whole) == [(0, 0, "high"), (1, 0, "high")]


def test_a_neighbour_within_the_tolerance_is_no_sure_part() -> None:
    """A second ball 3 mm beside the first, which is still there, may be a part of it or another lesion."""
    assert pairs([ball(0, 10)], [ball(0, 10), ball(17, 4)], 8.0) == [(0, 0, "high"), (0, 1, "low")]


def test_voxels_vote_for_the_nearest_of_two_neighbours() -> None:
    earlier = [ball(0, 8), ball(20, 8)]
    later = [ball(4, 10), ball(23, 9)]
    assert pairs(earlier, later, 8.0) == [(0, 0, "high"), (1, 1, "high")]


def test_a_step_beyond_the_tolerance_is_linked_unsurely_up_to_the_reach_and_not_beyond() -> None:
    one, reach = ball(0, 5), 2 * 5.0 + 5.0
    assert reach_mm(one, one, 5.0) == pytest.approx(reach)
    assert pairs([one], [ball(reach - 0.1, 5)]) == []
    assert [link.confidence for link in by_centres([one], [ball(reach - 0.1, 5)], tolerance_mm=5.0)] == [Confidence.LOW]
    assert by_centres([one], [ball(reach + 0.1, 5)], tolerance_mm=5.0) == ()


def test_centres_are_paired_with_the_least_sum_of_distances() -> None:
    """0–1 and 14–15 together are nearer than the single nearest pair 14–13 would leave."""
    earlier, later = [ball(0, 4), ball(14, 4)], [ball(13, 4), ball(-12, 4)]
    found = by_centres(earlier, later, tolerance_mm=5.0)
    assert [(link.earlier, link.later) for link in found] == [(0, 1), (1, 0)]
    assert all(link.confidence is Confidence.LOW for link in found)


def test_nothing_meets_nothing() -> None:
    for rule in (meeting, by_centres):
        assert rule([], [ball(0, 5)], tolerance_mm=5.0) == rule([ball(0, 5)], [], tolerance_mm=5.0) == ()


def test_joined_regions_hold_all_voxels_and_all_volume() -> None:
    both = joined([ball(0, 5), ball(40, 5)])
    assert both.volume_ml == pytest.approx(2 * ball(0, 5).volume_ml)
    assert both.centre_lps_mm == pytest.approx([20.0, 0.0, 0.0])


def test_boxes_show_what_is_far() -> None:
    one, other = ball(0, 5), ball(30, 5)
    gap_mm = other.points_lps_mm[:, 0].min() - one.points_lps_mm[:, 0].max()
    assert one.far_from(other, gap_mm - 0.1)
    assert not one.far_from(other, gap_mm + 0.1)
    assert ball(0, 5).far_from(ball(0, 5, y=-40.0), 25.0)
