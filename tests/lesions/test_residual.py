"""Truth: closed form: balls, tubes and organs of known SUV painted on a grid, with and without what is left of a lesion."""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import ndimage
from scipy.special import ndtr

from carpet.core.geometry import sphere_region
from carpet.core.space import Grid, Quantity, Region, SpaceError, Volume
from carpet.lesions.linking import Placed
from carpet.lesions.residual import (
    LEAST_SUV,
    MOST_SUV,
    Above,
    Blocks,
    NotKnown,
    Residual,
    ScanUptake,
    block_grid,
    block_voxels,
    blocks_of,
    residual,
    scan_uptake,
)
from carpet.testing.moved import placement
from carpet.testing.orientation import ORIENTATIONS, reoriented
from carpet.testing.voxels import upright_grid

GRID = upright_grid((40, 40, 40), (5.0, 5.0, 5.0), first_centre_lps_mm=(-97.5, -97.5, -97.5), frame_uid="1.2.3")
MUSCLE, POOL, LIVER = 0.7, 1.6, 2.7
CENTRE, RADIUS_MM = np.array([2.0, -3.0, 1.0]), 14.0
TOLERANCE_MM = 6.0
STILL = np.eye(4)


def painted(*balls: tuple[tuple[float, float, float], float, float], background: float = MUSCLE) -> NDArray[np.float32]:
    """Later balls (centre, radius, SUV) stand above earlier ones."""
    values = np.full(GRID.shape_kji, background, dtype=np.float32)
    for centre, radius, suv in balls:
        region = sphere_region(GRID, np.array(centre), radius)
        values[region.box][region.mask] = suv
    return values


def place(radius_mm: float = RADIUS_MM) -> Placed:
    region = sphere_region(GRID, CENTRE, radius_mm)
    return Placed(region.centres_lps_mm(), region.volume_ml, 0.5 * float(np.linalg.norm(GRID.spacing_mm_kji)))


def scan(values: NDArray[np.float32], *regions: Region, organs: tuple[Region, ...] = (), liver: float | None = LIVER) -> ScanUptake:
    blocks = blocks_of(Volume(GRID, values, Quantity.SUV_BW))
    return scan_uptake(blocks, regions, organs, liver_suv_max=liver, candidate_suv=4.0)


def left(seen: ScanUptake, at: Placed | None = None, *, diffuse: bool = False) -> Residual:
    return residual(at or place(), seen, from_baseline=STILL, tolerance_mm=TOLERANCE_MM, diffuse=diffuse)


def by_level(level: float) -> NDArray[np.float32]:
    """A ball of this SUV, smaller than the lesion was, at the place."""
    return painted((tuple(CENTRE), 8.0, level))


@pytest.mark.parametrize("suv", [1.3, 2.2, 3.4, 6.0, 12.0])
def test_what_is_left_is_found_whether_faint_or_hot(suv: float) -> None:
    assert left(scan(by_level(suv))) == Residual(pytest.approx(suv, abs=1e-3), Above.YES)


@pytest.mark.parametrize("background", [0.4, MUSCLE, POOL, 2.2])
def test_the_tissue_around_is_no_residual(background: float) -> None:
    assert left(scan(painted(background=background))) == Residual(pytest.approx(background, abs=1e-3), Above.NO)


def test_what_lies_beside_the_place_counts_within_the_tolerance_and_not_beyond() -> None:
    near, far = (CENTRE[0] + RADIUS_MM + 2.0, CENTRE[1], CENTRE[2]), (CENTRE[0] + RADIUS_MM + 24.0, CENTRE[1], CENTRE[2])
    assert left(scan(painted((near, 4.0, 3.4)))).above is Above.YES
    assert left(scan(painted((far, 4.0, 3.4)))) == Residual(pytest.approx(MUSCLE, abs=1e-3), Above.NO)


def test_in_the_liver_only_what_stands_above_it_is_left() -> None:
    organ = ((0.0, 0.0, 0.0), 70.0, LIVER)
    grain = ndimage.gaussian_filter(np.random.default_rng(1).normal(size=GRID.shape_kji), 6.0 / 2.355 / 5.0)
    noise = (0.05 * LIVER * grain / grain.std()).astype(np.float32)
    assert left(scan(painted(organ))).above is Above.NO
    assert left(scan(painted(organ) + noise, liver=LIVER * 1.15)).above is Above.NO
    assert left(scan(painted(organ, (tuple(CENTRE), 8.0, 3.6)))) == Residual(pytest.approx(3.6, abs=1e-3), Above.YES)
    assert left(scan(painted(organ, (tuple(CENTRE), 8.0, 1.5)))).above is Above.NO  # a scar


def test_noise_alone_is_no_residual() -> None:
    for seed in range(20):
        noise = np.random.default_rng(seed).normal(0.0, 0.06, GRID.shape_kji).astype(np.float32)
        assert left(scan(painted() + noise)).above is Above.NO


BLADDER_AT = (CENTRE[0] + RADIUS_MM + 21.0, CENTRE[1], CENTRE[2])


def with_spill(values: NDArray[np.float32], at: tuple[float, float, float], radius: float, suv: float) -> NDArray[np.float32]:
    """A hot organ behind a scanner's point spread of 6 mm (FWHM)."""
    index = np.stack(np.meshgrid(*(np.arange(n) for n in GRID.shape_kji), indexing="ij"), axis=-1)
    away = np.linalg.norm(GRID.to_lps_mm(index) - np.array(at), axis=-1) - radius
    return values + (suv * ndtr(-away * 2.355 / 6.0)).astype(np.float32)


@pytest.mark.parametrize("as_organ", [False, True])
def test_beside_a_bladder_its_spill_is_no_residual_and_a_residual_is_one(as_organ: bool) -> None:
    region = sphere_region(GRID, np.array(BLADDER_AT), 20.0)

    def seen(values: NDArray[np.float32]) -> ScanUptake:
        return scan(values, organs=(region,)) if as_organ else scan(values, region)

    assert left(seen(with_spill(painted(), BLADDER_AT, 18.0, 20.0))).above is Above.NO
    found = left(seen(with_spill(by_level(3.4), BLADDER_AT, 18.0, 20.0)))
    assert found == Residual(pytest.approx(3.4, abs=0.2), Above.YES)


def test_a_place_that_is_mostly_taken_out_is_not_known() -> None:
    over = sphere_region(GRID, CENTRE + np.array([6.0, 0.0, 0.0]), 16.0)
    assert left(scan(painted(), over)) == Residual.unknown(NotKnown.TAKEN_OUT)
    assert left(scan(painted(), organs=(over,))) == Residual.unknown(NotKnown.TAKEN_OUT)
    touching = sphere_region(GRID, CENTRE + np.array([24.0, 0.0, 0.0]), 12.0)
    assert left(scan(painted(), touching)).above is Above.NO


def test_an_organ_on_a_coarser_grid_is_taken_out_as_well() -> None:
    coarse = upright_grid((30, 30, 30), (7.0, 7.0, 7.0), first_centre_lps_mm=(-100.0, -100.0, -100.0), frame_uid="1.2.3")
    over = sphere_region(coarse, CENTRE, 16.0)
    assert left(scan(painted(), organs=(over,))).reason_missing == "PLACE_TAKEN_OUT"


def test_uptake_that_goes_on_beyond_the_place_is_unsure_where_it_would_matter() -> None:
    grown = painted((tuple(CENTRE), 32.0, 3.4))  # a mass that has grown beyond its place, and faded
    assert left(scan(grown)) == Residual(pytest.approx(3.4, abs=1e-3), Above.UNSURE)
    tube = painted()
    j, i = (round(float(one)) for one in GRID.to_kji(CENTRE)[1:])
    tube[:, j, i : i + 3] = 9.0  # a ureter that crosses the place
    assert left(scan(tube)).above is Above.UNSURE
    tube[:, j, i : i + 3] = 0.8
    assert left(scan(tube)).above is Above.NO


def test_a_lesser_peak_is_unsure_where_it_is_hotter_than_the_liver() -> None:
    """Beside an organ of 2.6: 3.2 rises by 23 %, which noise may do."""
    organ = ((CENTRE[0] + 30.0, CENTRE[1], CENTRE[2]), 32.0, 2.6)
    values = painted(organ, (tuple(CENTRE), 8.0, 3.2))
    assert left(scan(values, liver=3.0)) == Residual(pytest.approx(3.2, abs=1e-3), Above.UNSURE)
    assert left(scan(values, liver=3.3)).above is Above.NO
    assert left(scan(painted(organ, (tuple(CENTRE), 8.0, 2.8)), liver=2.7)).above is Above.NO
    hot = painted(organ, (tuple(CENTRE), 8.0, 3.4))
    assert left(scan(hot, liver=3.0)) == Residual(pytest.approx(3.4, abs=1e-3), Above.YES)


def test_without_a_liver_to_compare_with_the_shell_alone_tells() -> None:
    assert left(scan(painted((tuple(CENTRE), 80.0, 3.4)), liver=None)).above is Above.NO
    assert left(scan(painted((tuple(CENTRE), 80.0, 3.4)))).above is Above.UNSURE


def test_a_whole_spleen_counts_as_healthy_up_to_the_livers_uptake() -> None:
    far = sphere_region(GRID, CENTRE, RADIUS_MM + TOLERANCE_MM + 3.0)
    for suv, above in ((2.2, Above.NO), (3.6, Above.UNSURE)):
        values = painted()
        values[far.box][far.mask] = suv  # fills the search, so that no way out is seen to fall
        values[20, 20, :] = suv
        found = residual(place(), scan(values), from_baseline=STILL, tolerance_mm=TOLERANCE_MM, diffuse=True)
        assert found.above is above
    assert left(scan(values)).above is Above.UNSURE


@pytest.mark.parametrize("turn", [(0.0, 0.0, 0.0), (8.0, -6.0, 5.0), (-6.0, 4.0, 10.0)])
@pytest.mark.parametrize("suv", [None, 3.4])
def test_the_place_is_found_on_a_body_that_lies_otherwise(turn: tuple[float, float, float], suv: float | None) -> None:
    matrix = placement(shift_mm=(22.0, -15.0, 18.0), turn_deg=turn)
    at = matrix[:3, :3] @ CENTRE + matrix[:3, 3]
    decoy = (tuple(CENTRE - [40.0, 0.0, 0.0]), 10.0, 12.0)  # where the lesion would be looked for without the alignment
    values = painted(decoy) if suv is None else painted(decoy, (tuple(at), 8.0, suv))
    found = residual(place(), scan(values), from_baseline=matrix, tolerance_mm=TOLERANCE_MM)
    assert found == Residual(pytest.approx(suv or MUSCLE, abs=1e-3), Above.NO if suv is None else Above.YES)


@pytest.mark.parametrize("orientation", ORIENTATIONS)
def test_the_order_of_storage_changes_nothing(orientation: str) -> None:
    rng = np.random.default_rng(4)
    values = by_level(2.2) + rng.normal(0.0, 0.05, GRID.shape_kji).astype(np.float32)
    turned = reoriented(Volume(GRID, values, Quantity.SUV_BW), orientation)
    seen = scan_uptake(blocks_of(turned), (), (), liver_suv_max=LIVER, candidate_suv=4.0)
    assert left(seen) == left(scan(values))


def test_at_the_edge_of_the_field_and_beyond() -> None:
    away = np.eye(4)
    away[2, 3] = 300.0
    found = residual(place(), scan(painted()), from_baseline=away, tolerance_mm=TOLERANCE_MM)
    assert found == Residual.unknown(NotKnown.OUT_OF_FIELD)
    edge = sphere_region(GRID, np.array([0.0, 0.0, -95.0]), 12.0)
    at = Placed(edge.centres_lps_mm(), edge.volume_ml, 4.0)
    assert left(scan(painted()), at).above is Above.NO
    assert left(scan(painted(((0.0, 0.0, -92.0), 7.0, 3.4))), at).above is Above.YES


@pytest.mark.parametrize(("spacing", "voxels"), [((5.0,) * 3, (1, 1, 1)), ((6.0, 4.0, 2.5), (1, 1, 2)), ((2.0, 1.6, 1.0), (2, 3, 5))])
def test_blocks_hold_the_largest_voxel_and_lie_where_their_voxels_lie(spacing: tuple[float, ...], voxels: tuple[int, ...]) -> None:
    grid = Grid((7, 8, 9), np.diag([*spacing, 1.0]), "1.2")
    values = np.random.default_rng(2).uniform(0.0, 9.0, grid.shape_kji).astype(np.float32)
    blocks = blocks_of(Volume(grid, values, Quantity.SUV_BW))
    assert block_voxels(grid) == voxels
    assert blocks.grid.same_as(block_grid(grid))
    for k, j, i in np.ndindex(*blocks.values.shape):
        part = values[tuple(slice(n * by, (n + 1) * by) for n, by in zip((k, j, i), voxels, strict=True))]
        expected = float(part.max()) if part.max() >= LEAST_SUV else 0.0
        assert blocks.values[k, j, i] == pytest.approx(expected, abs=5.1e-4)
        first = np.array([k, j, i]) * voxels
        assert np.allclose(blocks.grid.to_lps_mm([k, j, i]), grid.to_lps_mm(first + (np.array(voxels) - 1) / 2))


def test_blocks_saturate_and_leave_out_air() -> None:
    grid = Grid((1, 1, 3), np.diag([5.0, 5.0, 5.0, 1.0]), "1.2")
    values = np.array([[[0.05, 3.0, 400.0]]], dtype=np.float32)
    assert blocks_of(Volume(grid, values, Quantity.SUV_BW)).values.ravel().tolist() == pytest.approx([0.0, 3.0, MOST_SUV])
    with pytest.raises(SpaceError):
        blocks_of(Volume(grid, values, Quantity.ACTIVITY))


def test_the_words() -> None:
    assert Residual(3.04, Above.YES).words == "SUVmax 3.0 there, above its surroundings"
    assert Residual(1.8, Above.NO).words == "SUVmax 1.8 there, not above its surroundings"
    assert Residual(3.0, Above.UNSURE).words == "SUVmax 3.0 there, which cannot be told from what goes on beyond it"
    assert Residual.unknown(NotKnown.TAKEN_OUT).words == "what is left there cannot be told (PLACE_TAKEN_OUT)"


def test_blocks_are_kept_as_given() -> None:
    blocks = Blocks(GRID, painted())
    assert not scan_uptake(blocks, (), (), liver_suv_max=None, candidate_suv=4.0).taken.any()


@pytest.mark.slow
def test_on_images_nothing_above_the_liver_is_overlooked_and_nothing_is_made_up(from_checkout: Callable[[str], ModuleType]) -> None:
    """Three patients, bodies that lie otherwise on the second scan; the whole is validation/residual_uptake.py."""
    script = from_checkout("validation/residual_uptake.py")
    told = [one for seed in (1, 2, 3) for one in script.answers(seed)]
    hot, gone = [one for one in told if one.truth == "above the liver"], [one for one in told if one.truth == "nothing left"]
    assert len(hot) >= 3
    assert {one.said for one in hot} <= {"above the liver", "unsure", "not known"}
    assert [one.found.suv_max for one in hot if one.said == "above the liver"] == [
        pytest.approx(one.suv_max, rel=0.02) for one in hot if one.said == "above the liver"
    ]
    assert len(gone) >= 5
    assert {one.said for one in gone} <= {"none", "unsure", "not known"}
