"""Truth: closed form (components counted by hand)."""

from __future__ import annotations

import numpy as np

from carpet.core.lesion import Status
from carpet.core.space import Grid, Labels
from carpet.lesions.from_labels import lesions_of_mask

GRID = Grid((6, 8, 9), np.diag([4.0, 4.0, 4.0, 1.0])[[2, 1, 0, 3]], "1.2")


def test_each_component_of_each_value_is_a_lesion() -> None:
    values = np.zeros(GRID.shape_kji, dtype=np.uint16)
    values[0, 0, 0] = 7
    values[1, 1, 1] = 7  # touches by a corner: one component
    values[4:6, 5, 5] = 7
    values[4:6, 5, 6:8] = 2  # touches value 7, another lesion
    lesions = lesions_of_mask(Labels.of_values(GRID, values), decided_by="mask nodes.nii.gz", reviewed=True)
    assert [(lesion.id, lesion.label, lesion.region.voxels) for lesion in lesions] == [("L01", 1, 4), ("L02", 2, 2), ("L03", 3, 2)]
    assert [lesion.because for lesion in lesions] == ["label 2 of the mask", "label 7 of the mask", "label 7 of the mask"]
    assert all(lesion.status is Status.DISEASE and lesion.reviewed and lesion.decided_by == "mask nodes.nii.gz" for lesion in lesions)
    assert {tuple(index) for index in lesions[1].region.indices_kji.tolist()} == {(0, 0, 0), (1, 1, 1)}


def test_an_empty_mask_has_no_lesion() -> None:
    assert lesions_of_mask(Labels(GRID, {}), decided_by="x", reviewed=False) == ()
