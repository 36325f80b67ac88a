"""A lesion: a region of uptake, where it lies, what somebody decided about it, and why."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from carpet.core.errors import CarpetError
from carpet.core.space import Region


@dataclass(frozen=True, slots=True)
class Code:
    """A coded concept: value, coding scheme (SCT, DCM, NCIt, …) and meaning."""

    value: str
    scheme: str
    meaning: str


class Status(StrEnum):
    DISEASE = "disease"
    PHYSIOLOGIC = "physiologic"
    UNDECIDED = "undecided"


class Kind(StrEnum):
    """How a site counts in staging."""

    NODAL = "nodal"
    EXTRANODAL = "extranodal"
    SPLEEN = "spleen"
    MARROW = "marrow"


@dataclass(frozen=True, slots=True)
class Place:
    """Where a region lies in the body, as far as PET and CT tell.

    site: the organ or lymph-node region. organ_fraction: share of the region's voxels in each organ found in this scan.
    level: head, neck, thorax, abdomen, pelvis or leg. left_mm: from the midline, positive to the patient's left.
    anterior_mm: from the middle of the body's depth, positive to the front. hu_mean: mean CT number, None without CT.
    """

    site: Code | None
    kind: Kind | None
    level: str
    left_mm: float
    anterior_mm: float
    organ_fraction: Mapping[str, float] = field(default_factory=dict)
    hu_mean: float | None = None


@dataclass(frozen=True, slots=True)
class Lesion:
    """A region with a decision: `decided_by` a rule or a reader, `because` in words.

    An undecided or physiologic region is kept as well: nothing that was found is lost, only disease is counted.
    """

    id: str
    label: int
    region: Region
    status: Status
    decided_by: str
    because: str
    site: Code | None = None
    kind: Kind | None = None
    reviewed: bool = False

    def __post_init__(self) -> None:
        if self.region.voxels == 0:
            raise CarpetError(f"lesion {self.id} has no voxel")
        if self.label <= 0:
            raise CarpetError(f"lesion {self.id} needs a positive label")
