"""Truth: our own eyes (not a nuclear physician's) on two real scans: each component's centroid was looked up on MIP and CT and named."""

from __future__ import annotations

import numpy as np
import pytest

from carpet.anatomy.place import place
from carpet.anatomy.survey import survey
from carpet.core.geometry import connected_regions
from carpet.core.lesion import Lesion, Status
from carpet.core.space import Volume
from carpet.lesions.suggest import suggest

pytestmark = pytest.mark.shared


def suggested(suv: Volume, ct: Volume | None) -> tuple[Lesion, ...]:
    anatomy = survey(suv, ct)
    regions = connected_regions(suv.grid, suv.values >= 4.0, min_ml=3.0)
    return suggest(regions, [place(region, suv, anatomy, ct) for region in regions], suv, anatomy=anatomy)


def at(lesions: tuple[Lesion, ...], lps_mm: tuple[float, float, float]) -> Lesion:
    """The lesion nearest to a point."""
    return min(lesions, key=lambda lesion: float(np.linalg.norm(lesion.region.centroid_lps_mm - np.array(lps_mm))))


def test_references_of_a_chest_with_ct(acrin: tuple[Volume, Volume]) -> None:
    pet, ct = acrin
    found = survey(pet, ct)
    assert found.absent == {}
    liver = found.references["liver"].centroid_lps_mm
    assert -130 < liver[0] < -50
    assert -290 < liver[2] < -225
    # The descending aorta's middle on CT at S −148 is (33, 13); its diameter 32 mm.
    blood = found.references["blood_pool"]
    near = blood.centres_lps_mm()[np.abs(blood.centres_lps_mm()[:, 2] + 148) < 6]
    assert np.hypot(near[:, 0] - 33, near[:, 1] - 13).max() < 12
    hu = ct.values[tuple(np.array([ct.grid.nearest_kji(point) for point in blood.centres_lps_mm()]).T)]
    assert 20 < hu.mean() < 60
    assert found.references["spleen"].centroid_lps_mm[0] > 80
    assert abs(found.references["marrow"].centroid_lps_mm[0]) < 15


@pytest.mark.parametrize("with_ct", [True, False])
def test_suggestions_for_a_lung_cancer(acrin: tuple[Volume, Volume], with_ct: bool) -> None:
    pet, ct = acrin
    lesions = suggested(pet, ct if with_ct else None)
    assert at(lesions, (-43, -15, -122)).status is Status.DISEASE  # right hilar tumour
    assert at(lesions, (-8, -37, 13)).status is Status.DISEASE  # node at the neck's root
    assert "PHY-HEART" in at(lesions, (37, -54, -193)).decided_by
    for kidney in ((45, -13, -334), (-63, 16, -293), (-60, -3, -328)):
        assert "PHY-KIDNEY" in at(lesions, kidney).decided_by


def test_suggestions_for_a_thigh_sarcoma_without_ct(sarcoma: Volume) -> None:
    lesions = suggested(sarcoma, None)
    assert at(lesions, (59, 31, -782)).status is Status.DISEASE  # the sarcoma
    assert "PHY-HEART" in at(lesions, (59, -19, -303)).decided_by
    assert "PHY-BLADDER" in at(lesions, (13, 36, -677)).decided_by
    assert "PHY-KIDNEY" in at(lesions, (-56, 54, -486)).decided_by
    assert at(lesions, (29, -12, -16)).status is Status.UNDECIDED  # brain cut by the top of the scan


@pytest.mark.frozen
def test_liver_uptake_of_the_sarcoma_patient(sarcoma: Volume) -> None:
    liver = survey(sarcoma, None).references["liver"]
    assert liver.values_of(sarcoma).mean() == pytest.approx(1.95, abs=0.1)  # between two spheres in the same lobe
