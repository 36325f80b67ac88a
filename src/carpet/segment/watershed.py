"""Gradient watershed: the lesion ends where the uptake falls most steeply."""

from __future__ import annotations

import numpy as np

from carpet.core.space import BoolArray
from carpet.segment.delineate import segmenter
from carpet.segment.roi import Roi

CORE_FRACTION = 0.70  # the inner marker: voxels of the lesion at or above this share of its maximum [P]
SMOOTHING_MM = 2.0  # of the gradient, against noise; below half the resolution of a clinical PET [P]


@segmenter("watershed", source="vendor-specific idea; markers and smoothing are carpet's own")
def watershed(roi: Roi) -> BoolArray:
    """Catchment basin of the gradient magnitude around the lesion's hot core, against the edge of its neighbourhood."""
    from scipy.ndimage import gaussian_gradient_magnitude
    from skimage.segmentation import watershed as flooded

    values = roi.suv.values
    markers = np.zeros(values.shape, dtype=np.int32)
    markers[~roi.within | _border(roi)] = 2
    markers[roi.seed & (values >= np.float32(CORE_FRACTION * roi.maximum))] = 1
    sigma = [SMOOTHING_MM / spacing for spacing in roi.suv.grid.spacing_mm_kji]
    gradient = gaussian_gradient_magnitude(values.astype(np.float64), sigma)
    return np.asarray(flooded(gradient, markers) == 1)


def _border(roi: Roi) -> BoolArray:
    """The outermost voxels of the neighbourhood's box, but not where the image itself ends."""
    edge = np.ones(roi.seed.shape, dtype=bool)
    inner = (
        slice(int(part.start > 0), part.stop - part.start - int(part.stop < n))
        for part, n in zip(roi.box, roi.volume.grid.shape_kji, strict=True)
    )
    edge[tuple(inner)] = False
    return edge
