"""How many of the four benchmark methods take a voxel: 41 % of maximum, A50P, SUV 2.5, SUV 4.0."""

from __future__ import annotations

import numpy as np

from carpet.core.space import IntArray
from carpet.segment.a50p import a50p
from carpet.segment.max41 import max41
from carpet.segment.roi import Roi
from carpet.segment.suv2_5 import suv2_5
from carpet.segment.suv4_0 import suv4_0

VOTERS = (max41, a50p, suv2_5, suv4_0)


def votes(roi: Roi) -> IntArray:
    """0–4 for each voxel of the neighbourhood's box."""
    return np.asarray(np.sum([voter(roi) for voter in VOTERS], axis=0, dtype=np.int8))
