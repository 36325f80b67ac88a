"""A patient who lies otherwise at the next scan: a phantom displaced, turned and thinner, with the lesions where they went."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from carpet.core.space import Quantity, Region, Volume
from carpet.testing.phantom import OUTSIDE_HU, Phantom, as_scanned, make_phantom
from carpet.testing.shapes import Point, turned

BODY_AXIS_LPS_MM = (0.0, 45.0, -560.0)  # the spine at the diaphragm: turns and shrinkage leave this point where it was


@dataclass(frozen=True, eq=False)
class MovedScan:
    """Images of the moved body on the phantom's own grids, and each planted lesion's region by its id (those still on the grid)."""

    suv: Volume
    ct: Volume | None
    lesions: Mapping[str, Region]


def placement(
    *, shift_mm: Point = (0.0, 0.0, 0.0), turn_deg: Point = (0.0, 0.0, 0.0), scale: Point = (1.0, 1.0, 1.0)
) -> NDArray[np.float64]:
    """(4, 4) from the upright body's LPS mm to the moved one's: scaled, turned about L, P, S, then displaced; about the spine."""
    pivot = np.array(BODY_AXIS_LPS_MM)
    matrix = np.eye(4)
    matrix[:3, :3] = np.array(turned(*turn_deg)).T @ np.diag(scale)
    matrix[:3, 3] = pivot + np.array(shift_mm) - matrix[:3, :3] @ pivot
    return matrix


def moved_scan(phantom: Phantom, matrix_lps: NDArray[np.float64]) -> MovedScan:
    """The scan of the phantom's body carried by `matrix_lps`; every voxel takes what the upright body has at its centre's origin."""
    still = make_phantom(replace(phantom, psf_fwhm_mm=0.0, noise=0.0))
    grid = phantom.pet_grid
    true = _carried(still.true_suv.values, grid.affine_lps, matrix_lps, 0.0)
    scanned = as_scanned(true, grid, fwhm_mm=phantom.psf_fwhm_mm, noise=phantom.noise, seed=phantom.seed)
    labels = _carried(still.truth.to_values(), grid.affine_lps, matrix_lps, 0)
    regions = {fact.id: Region.of_mask(grid, labels == fact.label) for fact in still.planted}
    ct = still.ct and Volume(still.ct.grid, _carried(still.ct.values, still.ct.grid.affine_lps, matrix_lps, OUTSIDE_HU), Quantity.HU)
    return MovedScan(Volume(grid, scanned, Quantity.SUV_BW), ct, {name: region for name, region in regions.items() if region.voxels})


def _carried(values: NDArray[Any], affine: NDArray[np.float64], matrix: NDArray[np.float64], outside: float) -> NDArray[Any]:
    back = np.linalg.inv(affine) @ np.linalg.inv(matrix) @ affine
    return np.asarray(ndimage.affine_transform(values, back[:3, :3], back[:3, 3], order=0, mode="constant", cval=outside))
