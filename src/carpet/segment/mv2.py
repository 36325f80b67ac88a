"""Majority vote MV2: voxels that at least 2 of four methods take."""

from __future__ import annotations

from carpet.core.space import BoolArray
from carpet.segment.delineate import segmenter
from carpet.segment.majority import votes
from carpet.segment.roi import Roi

VOTES_NEEDED = 2


@segmenter("mv2", source="Burggraaff 2020, Mol Imaging Biol, doi:10.1007/s11307-020-01474-z")
def mv2(roi: Roi) -> BoolArray:
    """Voxels in at least 2 of: 41 % of maximum, A50P, SUV ≥ 2.5, SUV ≥ 4.0."""
    return votes(roi) >= VOTES_NEEDED
