"""A small scene of block lesions with all a biomarker may ask for, and the changes under which its laws are tested."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from carpet.core.anatomy import Anatomy
from carpet.core.body import Body, Sex
from carpet.core.lesion import Code, Kind, Lesion, Status
from carpet.core.space import Grid, Labels, Quantity, Region, Volume
from carpet.testing.orientation import reoriented, reoriented_region
from carpet.testing.phantom import frame_uid
from carpet.testing.voxels import upright_grid

SHAPE_KJI = (64, 72, 96)
SPACING_MM_KJI = (3.0, 2.5, 2.0)  # no two alike, so that swapped axes show
BACKGROUND_SUV = 0.5
BODY = Body(70.0, 1.75, Sex.MALE)

# (first voxel, size) of a lesion and of its uniform hot core, (k, j, i); each core is wider than 13 mm along every axis, so that the
# 12.4 mm sphere of SUVpeak fits in. Rim SUV, core SUV, site, kind.
LESIONS = (
    ((6, 6, 8), (10, 12, 16), (8, 8, 12), (6, 7, 8), 6.0, 12.0, Code("62683002", "SCT", "Mediastinal lymph node"), Kind.NODAL),
    ((46, 10, 70), (8, 9, 12), (47, 11, 72), (6, 7, 8), 5.0, 9.0, Code("68171009", "SCT", "Axillary lymph node"), Kind.NODAL),
    ((22, 52, 60), (9, 10, 11), (23, 53, 61), (6, 7, 9), 7.0, 21.0, Code("272673000", "SCT", "Bone"), Kind.EXTRANODAL),
)
REFERENCES = {"liver": (30, 8, 20, 2.2), "blood_pool": (30, 24, 40, 1.6), "spleen": (30, 34, 80, 2.0), "marrow": (52, 44, 30, 1.4)}
REFERENCE_SIZE = (6, 7, 8)


@dataclass(frozen=True, eq=False)
class BlockScene:
    """Lesions (all disease), SUV, body and anatomy on one grid."""

    suv: Volume
    lesions: tuple[Lesion, ...]
    body: Body | None
    anatomy: Anatomy

    def with_suv_times(self, factor: float) -> BlockScene:
        """Every SUV multiplied; nothing else changes."""
        return replace(self, suv=Volume(self.suv.grid, self.suv.values * np.float32(factor), self.suv.quantity))

    def stretched(self, factor: float) -> BlockScene:
        """The patient grown: lengths by `factor`, weight by its cube; the voxels' numbers stay."""
        affine = self.suv.grid.affine_lps.copy()
        affine[:3] *= factor
        grid = Grid(self.suv.grid.shape_kji, affine, self.suv.grid.frame_uid)
        body = self.body and _grown(self.body, factor)
        suv = Volume(grid, self.suv.values, self.suv.quantity)
        return self._moved(suv, body, lambda region: Region(grid, region.origin_kji, region.mask))

    def stored_as(self, orientation: str) -> BlockScene:
        """The same patient space in another storage order."""
        suv = reoriented(self.suv, orientation)
        return self._moved(suv, self.body, lambda region: reoriented_region(region, orientation, suv.grid))

    def _moved(self, suv: Volume, body: Body | None, move: Callable[[Region], Region]) -> BlockScene:
        lesions = tuple(replace(lesion, region=move(lesion.region)) for lesion in self.lesions)
        references = {name: move(region) for name, region in self.anatomy.references.items()}
        organs = Labels(suv.grid, dict(enumerate(references.values(), start=1)))
        anatomy = replace(self.anatomy, references=references, organs=organs)
        return BlockScene(suv, lesions, body, anatomy)

    def with_lesions(self, count: int) -> BlockScene:
        """Only the first `count` lesions; the SUV volume stays."""
        return replace(self, lesions=self.lesions[:count])

    def without_anatomy(self) -> BlockScene:
        return replace(self, anatomy=Anatomy(absent=dict.fromkeys(REFERENCES, "OUTSIDE_SCAN")))

    def with_body(self, body: Body | None) -> BlockScene:
        return replace(self, body=body)


def block_scene() -> BlockScene:
    """Three block lesions of different size and SUV, not on one line, with liver, blood pool, spleen and marrow."""
    first = (-96.0, -90.0, -96.0)
    grid = upright_grid(SHAPE_KJI, SPACING_MM_KJI, first_centre_lps_mm=first, frame_uid=frame_uid("blocks"))
    values = np.full(SHAPE_KJI, BACKGROUND_SUV, dtype=np.float32)
    lesions = []
    for label, (start, size, core_start, core_size, rim, core, site, kind) in enumerate(LESIONS, start=1):
        region = _block(grid, start, size)
        values[region.box] = rim
        values[_block(grid, core_start, core_size).box] = core
        lesions.append(Lesion(f"L{label}", label, region, Status.DISEASE, "phantom", "planted", site, kind))
    references = {name: _block(grid, (k, j, i), REFERENCE_SIZE) for name, (k, j, i, _) in REFERENCES.items()}
    for name, region in references.items():
        values[region.box] = REFERENCES[name][3]
    anatomy = Anatomy(
        references=references,
        organs=Labels(grid, dict(enumerate(references.values(), start=1))),
        organ_names=dict(enumerate(references, start=1)),
    )
    return BlockScene(Volume(grid, values, Quantity.SUV_BW), tuple(lesions), BODY, anatomy)


def _grown(body: Body, factor: float) -> Body:
    return Body(body.weight_kg * factor**3, None if body.height_m is None else body.height_m * factor, body.sex)


def _block(grid: Grid, start: tuple[int, int, int], size: tuple[int, int, int]) -> Region:
    return Region(grid, start, np.ones(size, dtype=bool))
