"""The regions everything starts from: connected uptake above a fixed SUV and of a least volume (TMTV1 of the benchmark)."""

from __future__ import annotations

from dataclasses import dataclass

from carpet.core.geometry import connected_regions
from carpet.core.protocol import SegmentProtocol
from carpet.core.space import Labels, Quantity, Region, SpaceError, Volume


@dataclass(frozen=True)
class Candidates:
    """Labels 1, 2, … by falling volume; and the regions below the least volume, which a reader may still add."""

    labels: Labels
    small: tuple[Region, ...]

    @property
    def small_count(self) -> int:
        return len(self.small)

    @property
    def small_ml(self) -> float:
        return sum(region.volume_ml for region in self.small)

    @property
    def every(self) -> tuple[Region, ...]:
        """All regions above the threshold, whatever their volume."""
        return (*self.labels.regions.values(), *self.small)


def candidates(suv: Volume, protocol: SegmentProtocol) -> Candidates:
    """Connected voxels (26) with SUVbw ≥ `preselect_suv`, of at least `preselect_min_ml`.

    Source: Boellaard 2024, J Nucl Med 65:1343 (SUV ≥ 4.0 and ≥ 3 mL). No region gives empty labels.
    """
    if suv.quantity is not Quantity.SUV_BW:
        raise SpaceError(f"candidates need SUVbw, not {suv.quantity.says}")
    every = connected_regions(suv.grid, suv.values >= protocol.preselect_suv)
    least = protocol.preselect_min_ml - 1e-9
    large = [region for region in every if region.volume_ml >= least]
    return Candidates(Labels(suv.grid, dict(enumerate(large, start=1))), every[len(large) :])
