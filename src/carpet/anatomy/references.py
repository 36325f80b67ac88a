"""Reference regions on the PET grid: liver sphere, blood pool in the descending aorta, spleen, vertebral marrow."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from carpet.anatomy.coarse import STEP_MM, cubes, dilated, eroded, on_pet
from carpet.anatomy.organs import Organs
from carpet.anatomy.skeleton import vertebral_bodies
from carpet.core.geometry import sphere_region
from carpet.core.space import BoolArray, Grid, Region, Volume

LIVER_RADIUS_MM = 15.0  # 3 cm sphere in the right lobe
LIVER_LEAST_ML = 14.0  # the ideal sphere holds 14.14 mL, a voxelised one is widened until it does
WIDEST_MM = 16.5  # [P] no wider than needed on the coarsest clinical grid
LIVER_EDGE_MM = 6.0  # [P] from the sphere to the organ's edge: one PET resolution
LESION_GAP_MM = 10.0  # [P] from any reference to a lesion: spill-out of 4–7 mm resolution
RIGHT_LOBE_MM = -30.0  # [P] sphere's centre at least this far right of the midline
UNDER_DOME_MM = 30.0  # [P] breathing blurs the dome by up to 3 cm
LIVER_MEAN = (1.0, 4.0)  # [P] SUVbw; outside, this is not a normal liver
LIVER_CV = 0.30  # [P]
AORTA_RADIUS_MM, AORTA_LENGTH_MM = 5.0, 20.0  # cylinder of 1 cm × 2 cm
BLOOD_MEAN = (0.5, 4.0)  # [P] SUVbw of mediastinal blood is 1–2.5 an hour after injection
BLOOD_CV = 0.35  # [P]
BLOOD_LIVER = (0.3, 1.4)  # [P] blood is below the liver in nearly everyone
SPLEEN_ERODED_MM = 5.0  # away from the capsule
SPLEEN_LEAST_ML = 15.0  # [P]
SPLEEN_BEFORE_SPINE_MM = 20.0  # [P] how far the middle of a spleen may lie in front of the vertebral bodies' centre line
MARROW_RADIUS_MM = 12.0  # [P] inside the cortex of a lumbar body
MARROW_LENGTH_MM = 150.0  # [P] T12–L4 in an adult is about 150–170 mm
MARROW_LEAST_MM = 60.0  # [P] two vertebrae

Found = tuple[dict[str, Region], dict[str, str]]


def references_of(organs: Organs, suv: Volume, exclude: tuple[Region, ...]) -> Found:
    """The references found, and a reason code for each that was not."""
    lesions = _coarse_mask(exclude, organs)
    near_lesion = dilated(lesions, LESION_GAP_MM) if lesions.any() else lesions
    no_ct = organs.body.coarse.hu is None
    found: dict[str, Region | str] = {
        "liver": _liver(organs, suv, near_lesion),
        "blood_pool": "NO_CT" if no_ct else _blood_pool(organs, suv, exclude),
        "spleen": _spleen(organs, suv, near_lesion, exclude),
        "marrow": "NO_CT" if no_ct else _marrow(organs, suv, near_lesion, exclude),
    }
    regions = {name: item for name, item in found.items() if isinstance(item, Region)}
    reasons = {name: item for name, item in found.items() if isinstance(item, str)}
    return _consistent(regions, reasons, suv)


def _consistent(regions: dict[str, Region], reasons: dict[str, str], suv: Volume) -> Found:
    """Blood must be plausible beside the liver, else the cylinder is not in blood."""
    if "liver" in regions and "blood_pool" in regions:
        ratio = regions["blood_pool"].values_of(suv).mean() / regions["liver"].values_of(suv).mean()
        if not BLOOD_LIVER[0] <= ratio <= BLOOD_LIVER[1]:
            del regions["blood_pool"]
            reasons["blood_pool"] = "AORTA_UPTAKE_IMPLAUSIBLE"
    return regions, reasons


def _coarse_mask(regions: tuple[Region, ...], organs: Organs) -> BoolArray:
    """The coarse voxels that hold any voxel of these regions."""
    grid = organs.body.coarse.grid
    mask = np.zeros(grid.shape_kji, dtype=bool)
    for region in regions:
        cell = np.floor(grid.to_kji(region.centres_lps_mm()) + 0.5).astype(int)
        k, j, i = cell[((cell >= 0) & (cell < grid.shape_kji)).all(axis=1)].T
        mask[k, j, i] = True
    return mask


def _apart(region: Region, lesions: tuple[Region, ...]) -> Region:
    """The region without the voxels whose centres lie within the gap of a lesion's, exact where the coarse grid rounds."""
    reach = [int(np.ceil(LESION_GAP_MM / spacing)) for spacing in region.grid.spacing_mm_kji]
    box = region.box_grown((reach[0], reach[1], reach[2]))
    lesion = np.zeros(tuple(part.stop - part.start for part in box), dtype=bool)
    for each in lesions:
        lesion |= each.mask_in(box)
    if not lesion.any():
        return region
    far = ndimage.distance_transform_edt(~lesion, sampling=region.grid.spacing_mm_kji) > LESION_GAP_MM
    return Region(region.grid, (box[0].start, box[1].start, box[2].start), region.mask_in(box) & far)


def _liver(organs: Organs, suv: Volume, near_lesion: BoolArray) -> Region | str:
    """The evenest 3 cm sphere well inside the right lobe."""
    if "liver" not in organs.masks:
        return "LIVER_NOT_FOUND"
    body, free = organs.body, organs.masks["liver"] & ~near_lesion
    depth = _depth_mm(free)
    top = body.coarse.s_mm(int(np.flatnonzero(organs.masks["liver"].any(axis=(1, 2)))[-1]))
    room = (depth >= LIVER_RADIUS_MM + LIVER_EDGE_MM) & (body.left_mm <= RIGHT_LOBE_MM) & (body.s_mm <= top - UNDER_DOME_MM)
    if not room.any():
        return "LIVER_TOO_SMALL_OR_DISEASED"
    centres = np.argwhere(room)
    values = body.coarse.suv
    width = cubes(LIVER_RADIUS_MM - STEP_MM)
    mean = ndimage.uniform_filter(values, width)[room]
    spread = np.sqrt(np.maximum(ndimage.uniform_filter(values * values, width)[room] - mean**2, 0)) / mean
    typical = np.abs(mean / np.median(values[free]) - 1.0)
    best = centres[int(np.argmin(spread + typical - 0.002 * np.minimum(depth[room], 40.0)))]
    sphere = _sphere_of_least_volume(suv.grid, body.coarse.grid.to_lps_mm(best))
    if sphere is None:
        return "LIVER_OUTSIDE_SCAN"
    inside = sphere.values_of(suv)
    if not LIVER_MEAN[0] <= inside.mean() <= LIVER_MEAN[1]:
        return "LIVER_UPTAKE_IMPLAUSIBLE"
    return sphere if inside.std() / inside.mean() < LIVER_CV else "LIVER_NOT_HOMOGENEOUS"


def _depth_mm(mask: BoolArray) -> NDArray[np.float64]:
    """Distance of every voxel of the mask to the nearest voxel outside it; the scan's end is outside."""
    depth = np.zeros(mask.shape)
    boxes = ndimage.find_objects(mask.view(np.uint8))
    if boxes and boxes[0] is not None:
        depth[boxes[0]] = ndimage.distance_transform_edt(np.pad(mask[boxes[0]], 1))[1:-1, 1:-1, 1:-1] * STEP_MM
    return depth


def _sphere_of_least_volume(grid: Grid, centre_lps_mm: NDArray[np.float64]) -> Region | None:
    for radius in np.arange(LIVER_RADIUS_MM, WIDEST_MM, 0.1):
        sphere = sphere_region(grid, centre_lps_mm, float(radius))
        if sphere.volume_ml >= LIVER_LEAST_ML:
            return sphere
    return None


def _blood_pool(organs: Organs, suv: Volume, lesions: tuple[Region, ...]) -> Region | str:
    """The evenest cylinder of 1 cm × 2 cm along the aorta's centre line, all of which keeps away from lesions."""
    if organs.aorta_kji is None:
        return "AORTA_NOT_FOUND"
    path = organs.aorta_kji
    grid = organs.body.coarse.grid
    reach = int(np.ceil(AORTA_LENGTH_MM / 2 / STEP_MM))
    best: tuple[float, Region] | None = None
    for n in range(reach, len(path) - reach):
        cylinder = _cylinder(suv.grid, grid.to_lps_mm(path[n - reach : n + reach + 1]))
        if cylinder is None or _apart(cylinder, lesions).voxels < cylinder.voxels:
            continue
        values = cylinder.values_of(suv)
        cv = float(values.std() / max(float(values.mean()), 1e-6))
        if BLOOD_MEAN[0] <= values.mean() <= BLOOD_MEAN[1] and cv < BLOOD_CV and (best is None or cv < best[0]):
            best = cv, cylinder
    return "AORTA_UPTAKE_IMPLAUSIBLE" if best is None else best[1]


def _cylinder(grid: Grid, line_lps_mm: NDArray[np.float64]) -> Region | None:
    """Voxels within the radius of the centre line, at most half the length above or below its middle."""
    middle = line_lps_mm[len(line_lps_mm) // 2]
    ball = sphere_region(grid, middle, float(np.hypot(AORTA_LENGTH_MM / 2, AORTA_RADIUS_MM)) + STEP_MM)
    points = grid.to_lps_mm(np.stack(np.meshgrid(*(np.arange(p.start, p.stop) for p in ball.box), indexing="ij"), axis=-1))
    s = points[..., 2]
    order = np.argsort(line_lps_mm[:, 2])
    left, back = (np.interp(s, line_lps_mm[order, 2], line_lps_mm[order, axis]) for axis in (0, 1))
    mask = (np.hypot(points[..., 0] - left, points[..., 1] - back) <= AORTA_RADIUS_MM) & (np.abs(s - middle[2]) <= AORTA_LENGTH_MM / 2)
    return Region(grid, ball.origin_kji, mask) if mask.any() else None


def _spleen(organs: Organs, suv: Volume, near_lesion: BoolArray, lesions: tuple[Region, ...]) -> Region | str:
    if "spleen" not in organs.masks:
        return "NO_CT" if organs.body.coarse.hu is None else "SPLEEN_NOT_FOUND"
    mask = eroded(organs.masks["spleen"], SPLEEN_ERODED_MM) & ~near_lesion
    region = _apart(on_pet(mask, organs.body.coarse.grid, suv.grid), lesions)
    if region.voxels and _before_the_spine(region, organs):
        return "SPLEEN_NOT_FOUND"
    return region if region.volume_ml >= SPLEEN_LEAST_ML else "SPLEEN_TOO_SMALL_OR_DISEASED"


def _before_the_spine(region: Region, organs: Organs) -> bool:
    """The spleen lies beside the spine; what lies well before it in the left upper abdomen is stomach or bowel."""
    if organs.spine is None:
        return False
    tube = vertebral_bodies(organs.spine, organs.body.mask.shape, radius_mm=MARROW_RADIUS_MM)
    spine_lps_mm = organs.body.coarse.grid.to_lps_mm(np.argwhere(tube).mean(axis=0))
    return bool(region.centroid_lps_mm[1] < spine_lps_mm[1] - SPLEEN_BEFORE_SPINE_MM)


def _marrow(organs: Organs, suv: Volume, near_lesion: BoolArray, lesions: tuple[Region, ...]) -> Region | str:
    """The vertebral bodies from the lungs' lower tips (T12) down to the iliac crests (L4), or 15 cm where the crests are not seen."""
    heights: Mapping[str, float] = organs.heights_mm
    if organs.spine is None or "lung_base" not in heights:
        return "SPINE_NOT_FOUND"
    body, top = organs.body, heights["lung_base"]
    bottom = heights.get("iliac_crest", top - MARROW_LENGTH_MM)
    tube = vertebral_bodies(organs.spine, body.mask.shape, radius_mm=MARROW_RADIUS_MM)
    mask = tube & body.mask & ~near_lesion & (body.s_mm <= top) & (body.s_mm >= bottom)
    length = np.count_nonzero(mask.any(axis=(1, 2))) * STEP_MM
    return _apart(on_pet(mask, body.coarse.grid, suv.grid), lesions) if length >= MARROW_LEAST_MM else "LUMBAR_SPINE_OUTSIDE_SCAN"
