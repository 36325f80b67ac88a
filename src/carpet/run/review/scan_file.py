"""A surveyed scan in a folder of its own, so that it is opened again in a moment: voxels as they lie in memory, regions packed."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from carpet.core.anatomy import Anatomy
from carpet.core.errors import CarpetError, Notice, Severity
from carpet.core.lesion import Code, Kind, Lesion, Status
from carpet.core.protocol import Protocol
from carpet.core.space import Grid, Labels, Quantity, Region, Volume
from carpet.core.study import Study
from carpet.dicom.nifti import write_volume
from carpet.run.outputs import new_files
from carpet.run.pipeline import SmallRegions, Surveyed
from carpet.run.review.applied import base_digest
from carpet.run.review.spin import Spin, spin_arrays, spin_from, spin_of, spin_png
from carpet.suv import Quantification

FORMAT = 2  # 2: the projection reaches SUV 30
SUV, CT, REST, FACTS = "suv.npy", "ct.npy", "regions.npz", "scan.json"
PET_NIFTI, CT_NIFTI, SPIN_PNG = "pet.nii.gz", "ct.nii.gz", "spin.png"
DAMAGE = (OSError, CarpetError, ValueError, LookupError, TypeError, EOFError)
HU_LIMITS = (-32768, 32767)


@dataclass(frozen=True, eq=False)
class OpenScan:
    """A scan ready to be read. folder: holds PET_NIFTI, SPIN_PNG and, where there is a CT, CT_NIFTI."""

    surveyed: Surveyed
    spin: Spin
    folder: Path

    @property
    def has_ct(self) -> bool:
        return self.surveyed.study.ct is not None

    @cached_property
    def regions_digest(self) -> str:
        """Of which regions a reading of this scan is."""
        return base_digest(self.surveyed)


def write_scan(surveyed: Surveyed, folder: Path) -> None:
    """Write all that `read_scan` needs, whole or not at all, and the pictures that a screen asks for."""
    spin = spin_of(surveyed.suv)
    arrays = _arrays(surveyed) | spin_arrays(spin)
    with new_files(folder, ()) as part:
        np.save(part / SUV, np.ascontiguousarray(surveyed.suv.values))
        (part / PET_NIFTI).write_bytes(write_volume(surveyed.suv.values, surveyed.suv.grid, unpacked=True))
        (part / SPIN_PNG).write_bytes(spin_png(spin))
        ct = surveyed.study.ct
        if ct is not None:
            whole = _whole_hu(ct.values)
            np.save(part / CT, ct.values if whole is None else whole)
            shown = np.clip(np.rint(ct.values), *HU_LIMITS).astype(np.int16) if whole is None else whole
            (part / CT_NIFTI).write_bytes(write_volume(shown, ct.grid, unpacked=True))
        np.savez(part / REST, **arrays)
        (part / FACTS).write_text(json.dumps(_facts(surveyed)), encoding="utf-8")


def _whole_hu(values: NDArray[np.float32]) -> NDArray[np.int16] | None:
    """The same numbers in half the room, where they are whole; None where that would change one."""
    small = np.clip(values, *HU_LIMITS).astype(np.int16)
    return small if np.array_equal(small, values) else None


def read_scan(folder: Path, study: Study, quantification: Quantification, protocol: Protocol) -> OpenScan | None:
    """The scan in this folder; None where there is none, or none that is whole. study: as its headers say, its pixels are not read."""
    try:
        facts = json.loads((folder / FACTS).read_text(encoding="utf-8"))
        if facts["format"] != FORMAT or not all((folder / name).is_file() for name in (PET_NIFTI, SPIN_PNG)):
            return None
        with np.load(folder / REST, allow_pickle=False) as held:
            arrays = {name: held[name] for name in held.files}
        return OpenScan(_surveyed(folder, facts, arrays, study, quantification, protocol), spin_from(arrays), folder)
    except DAMAGE:
        return None


def _surveyed(
    folder: Path,
    facts: Mapping[str, Any],
    arrays: Mapping[str, NDArray[Any]],
    study: Study,
    quantification: Quantification,
    protocol: Protocol,
) -> Surveyed:
    if study.pet.grid is None:
        raise ValueError("no grid")
    suv = Volume(study.pet.grid, np.load(folder / SUV, mmap_mode="r", allow_pickle=False), Quantity.SUV_BW)
    ct = None
    if study.ct_series is not None and study.ct_series.grid is not None and facts["has_ct"]:
        ct = Volume(study.ct_series.grid, np.load(folder / CT, mmap_mode="r", allow_pickle=False), Quantity.HU)
    whole = Study(**{name: getattr(study, name) for name in study.__dataclass_fields__} | {"ct": ct})
    regions = _unpacked(suv.grid, arrays["boxes"], arrays["voxels"])
    lesions = tuple(_lesion(said, region) for said, region in zip(facts["lesions"], regions[: len(facts["lesions"])], strict=True))
    references = dict(zip(facts["references"], regions[len(lesions) :], strict=True))
    small = None if facts["small"] is None else SmallRegions(**facts["small"])
    flags = tuple(Notice(**{**one, "severity": Severity(one["severity"])}) for one in facts["flags"])
    anatomy = Anatomy(
        references, facts["absent"], _organs(arrays, suv.grid), {int(k): v for k, v in facts["organ_names"].items()}, facts["landmarks_mm"]
    )
    return Surveyed(whole, quantification, protocol, suv, anatomy, lesions, facts["segmenter"], flags, facts["accepted"], small)


def _lesion(said: Mapping[str, Any], region: Region) -> Lesion:
    coded = {
        "status": Status(said["status"]),
        "kind": None if said["kind"] is None else Kind(said["kind"]),
        "site": None if said["site"] is None else Code(*said["site"]),
    }
    return Lesion(**{**said, **coded, "region": region})


def _facts(one: Surveyed) -> dict[str, Any]:
    names = ("id", "label", "status", "decided_by", "because", "kind", "reviewed")
    lesions = [
        {name: getattr(lesion, name) for name in names}
        | {"site": None if lesion.site is None else [lesion.site.value, lesion.site.scheme, lesion.site.meaning]}
        for lesion in one.lesions
    ]
    return {
        "format": FORMAT,
        "has_ct": one.study.ct is not None,
        "lesions": lesions,
        "references": list(one.anatomy.references),
        "absent": dict(one.anatomy.absent),
        "organ_names": {str(number): name for number, name in one.anatomy.organ_names.items()},
        "landmarks_mm": {name: float(mm) for name, mm in one.anatomy.landmarks_mm.items()},
        "segmenter": one.segmenter,
        "flags": [notice.as_dict() for notice in one.flags],
        "accepted": one.accepted,
        "small": None if one.small is None else {"count": one.small.count, "volume_ml": one.small.volume_ml},
    }


def _arrays(one: Surveyed) -> dict[str, NDArray[Any]]:
    regions = [*(lesion.region for lesion in one.lesions), *one.anatomy.references.values()]
    arrays = _packed(regions)
    if one.anatomy.organs is not None:
        grid = one.anatomy.organs.grid
        arrays |= {"organs": one.anatomy.organs.to_values(), "organs_affine": np.array(grid.affine_lps)}
    return arrays


def _packed(regions: Sequence[Region]) -> dict[str, NDArray[Any]]:
    boxes = np.array([[*one.origin_kji, *one.mask.shape] for one in regions], dtype=np.int32).reshape(-1, 6)
    bits = np.packbits(np.concatenate([one.mask.reshape(-1) for one in regions] or [np.zeros(0, dtype=bool)]))
    return {"boxes": boxes, "voxels": bits}


def _unpacked(grid: Grid, boxes: NDArray[Any], packed: NDArray[Any]) -> list[Region]:
    sizes = [math.prod(box[3:]) for box in boxes.tolist()]
    masks = np.split(np.unpackbits(packed, count=sum(sizes)).astype(bool), np.cumsum(sizes)[:-1]) if sizes else []
    return [Region(grid, (box[0], box[1], box[2]), mask.reshape(box[3:])) for box, mask in zip(boxes.tolist(), masks, strict=True)]


def _organs(arrays: Mapping[str, NDArray[Any]], pet: Grid) -> Labels | None:
    if "organs" not in arrays:
        return None
    k, j, i = arrays["organs"].shape
    return Labels.of_values(Grid((k, j, i), arrays["organs_affine"], pet.frame_uid), arrays["organs"])
