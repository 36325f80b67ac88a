"""All organs of one scan on the coarse grid, found in an order in which each helps the next."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from carpet.anatomy.aorta import aorta_path
from carpet.anatomy.body import Body, neck_base_mm
from carpet.anatomy.coarse import STEP_MM, dilated, eroded, parts_of
from carpet.anatomy.hot_organs import bladder_of, brain_of, heart_of, kidneys_of
from carpet.anatomy.skeleton import Spine, bones_of, pelvis_mm, spine_of, vertebral_bodies
from carpet.anatomy.thorax import lungs_of
from carpet.anatomy.uptake_organs import even_uptake, liver_of, spleen_of
from carpet.core.space import BoolArray, Labels

# Label values on the coarse grid; a later organ takes voxels from an earlier one.
ORGAN_NAMES: Mapping[int, str] = MappingProxyType(
    dict(
        enumerate(
            (
                "body",
                "lung_right",
                "lung_left",
                "bone",
                "spine",
                "bowel_gas",
                "heart",
                "aorta",
                "liver",
                "spleen",
                "kidney_right",
                "kidney_left",
                "bladder",
                "brain",
            ),
            start=1,
        )
    )
)
EXPECTED_LIVER_SUV = 2.0  # [P] stands in for the patient's own liver when hot organs are sought without one
GAS_HU = -300.0  # [P] bowel gas averaged with its wall
GAS_REACH_MM = 13.5  # [P] wall and content of the loop that holds the gas
SKIN_MM = 13.5
AORTA_LABEL_MM = 12.0


@dataclass(frozen=True, eq=False)
class Organs:
    """What was found: masks by name, the spine's and the aorta's centre lines, heights in LPS mm."""

    body: Body
    masks: Mapping[str, BoolArray]
    spine: Spine | None
    aorta_kji: NDArray[np.float64] | None
    heights_mm: Mapping[str, float]

    def labels(self) -> Labels:
        """The masks as disjoint labels of ORGAN_NAMES."""
        values = np.zeros(self.body.mask.shape, dtype=np.uint8)
        for value, name in ORGAN_NAMES.items():
            if name in self.masks:
                values[self.masks[name]] = value
        return Labels.of_values(self.body.coarse.grid, values)


def organs_of(body: Body) -> Organs:
    """Every organ that can be told safely on this scan; the others are not in `masks`."""
    masks: dict[str, BoolArray] = {"body": body.mask}
    heights: dict[str, float] = {}
    lungs = lungs_of(body)
    spine, bones = spine_of(body), bones_of(body)
    if lungs is not None:
        masks["lung_right"], masks["lung_left"] = lungs
        slices = np.flatnonzero((lungs[0] | lungs[1]).any(axis=(1, 2)))
        heights |= _inside(body, lung_base=int(slices[0]), lung_apex=int(slices[-1]))
    if bones is not None:
        masks["bone"] = bones
        heights |= pelvis_mm(body, bones, heights["lung_base"]) if "lung_base" in heights else {}
    if spine is not None:
        masks["spine"] = vertebral_bodies(spine, body.mask.shape) & body.mask
    _add_liver_and_spleen(body, lungs, masks, heights)
    _add_hot_organs(body, lungs, spine, masks, heights)
    path = aorta_path(body, spine, lungs[1]) if spine is not None and lungs is not None else None
    if path is not None:
        masks["aorta"] = _around(path, body.mask.shape) & body.mask
    return Organs(body, masks, spine, path, heights)


def _inside(body: Body, **slices: int) -> dict[str, float]:
    """Heights of slices that do not touch the ends of the scan."""
    return {name: body.coarse.s_mm(k) for name, k in slices.items() if 0 < k < body.mask.shape[0] - 1}


def _add_liver_and_spleen(
    body: Body, lungs: tuple[BoolArray, BoolArray] | None, masks: dict[str, BoolArray], heights: dict[str, float]
) -> None:
    even = even_uptake(body)
    liver = liver_of(body, even, lungs[0] if lungs else None)
    if liver is None:
        return
    masks["liver"] = liver
    heights |= _inside(body, liver_dome=int(np.flatnonzero(liver.any(axis=(1, 2)))[-1]))
    spleen = spleen_of(body, even, lungs[1] if lungs else None, liver)
    if spleen is not None:
        masks["spleen"] = spleen


def _add_hot_organs(
    body: Body,
    lungs: tuple[BoolArray, BoolArray] | None,
    spine: Spine | None,
    masks: dict[str, BoolArray],
    heights: dict[str, float],
) -> None:
    dome, liver = heights.get("liver_dome"), masks.get("liver")
    liver_mean = EXPECTED_LIVER_SUV if liver is None else float(np.median(body.coarse.suv[liver]))
    brain = brain_of(body, dome)
    if brain is not None:
        masks["brain"] = brain
        slices = np.flatnonzero(brain.any(axis=(1, 2)))
        heights |= _inside(body, skull_base=int(slices[0]))
        top = int(np.flatnonzero(body.mask.any(axis=(1, 2)))[-1])
        heights |= _inside(body, vertex=top)
    elif lungs is None and dome is not None and (neck := neck_base_mm(body, dome)) is not None:
        heights["neck_base"] = neck
    heart = heart_of(body, lungs, None if spine is None else spine.centre_ji[:, 0], dome)
    if heart is not None:
        masks["heart"] = heart & ~masks.get("liver", np.zeros_like(heart))
    if dome is not None:
        nothing = np.zeros_like(body.mask)
        taken = masks.get("liver", nothing) | masks.get("spleen", nothing) | masks.get("spine", nothing)
        above_crest = body.s_mm > heights.get("iliac_crest", -np.inf)
        masks |= kidneys_of(body, dome, liver_mean, taken | masks.get("bone", nothing) | ~above_crest)
        if body.coarse.hu is not None:
            masks["bowel_gas"] = _gas_in_bowel(body, body.coarse.hu, lungs, dome) & ~taken
    bladder = bladder_of(body, dome_mm=dome, floor_mm=heights.get("pelvis_floor"), liver_mean=liver_mean)
    if bladder is not None:
        masks["bladder"] = bladder


def _gas_in_bowel(body: Body, hu: NDArray[np.float32], lungs: tuple[BoolArray, BoolArray] | None, dome_mm: float) -> BoolArray:
    """Loops of gut that hold gas: air deep in the body under the liver's dome that is not joined to a lung."""
    labels, volumes = parts_of((hu < GAS_HU) & eroded(body.mask, SKIN_MM))
    own = np.ones(volumes.size, dtype=bool)
    own[0] = False
    if lungs is not None:
        own[np.unique(labels[lungs[0] | lungs[1]])] = False
    return dilated(own[labels] & (body.s_mm < dome_mm), GAS_REACH_MM) & body.mask


def _around(path_kji: NDArray[np.float64], shape: tuple[int, ...]) -> BoolArray:
    """A tube around the aorta's centre line."""
    mask = np.zeros(shape, dtype=bool)
    j, i = np.arange(shape[1])[:, None], np.arange(shape[2])[None, :]
    for k, centre_j, centre_i in path_kji:
        mask[int(k)] = np.hypot(j - centre_j, i - centre_i) * STEP_MM <= AORTA_LABEL_MM
    return mask
