"""Truth: phantom with known organs and planted sites; closed form for the mean CT number and the distance from the midline."""

from __future__ import annotations

import numpy as np
import pytest

from carpet.anatomy.place import place
from carpet.anatomy.survey import survey
from carpet.core.anatomy import Anatomy
from carpet.core.geometry import sphere_region
from carpet.core.lesion import Kind
from carpet.core.space import Quantity, Volume
from carpet.testing import random_phantom
from carpet.testing.phantom import PhantomScan

SITES = ("cervical", "axillary", "mediastinal", "mesenteric", "para-aortic", "iliac", "inguinal", "liver", "lung", "ilium", "femur")
ALLOWED = {
    "cervical": {"Cervical lymph node"},
    "axillary": {"Axillary lymph node"},
    "mediastinal": {"Mediastinal lymph node"},
    "mesenteric": {"Mesentery", "Retroperitoneal lymph node"},
    "para-aortic": {"Retroperitoneal lymph node"},
    "iliac": {"Iliac lymph node"},
    "inguinal": {"Inguinal lymph node"},
    "liver": {"Liver", None},  # a lesion that makes up the dome is not told from lung base
    "lung": {"Lung"},
    "ilium": {"Bone", "Iliac lymph node"},
    "femur": {"Bone", None},
}


@pytest.fixture(scope="module")
def planted() -> tuple[PhantomScan, Anatomy]:
    scan = random_phantom(11, vendor="ge", sites=SITES)
    return scan, survey(scan.suv, scan.ct)


def test_planted_lesions_are_named_by_their_site(planted: tuple[PhantomScan, Anatomy]) -> None:
    scan, anatomy = planted
    wrong = {}
    for fact in scan.planted:
        where = place(scan.truth.regions[fact.label], scan.suv, anatomy, scan.ct)
        meaning = None if where.site is None else where.site.meaning
        if meaning not in ALLOWED[fact.site]:
            wrong[fact.site] = (meaning, where.level, round(where.left_mm), round(where.anterior_mm))
    assert len(scan.planted) >= 8
    assert not wrong


@pytest.mark.parametrize(
    ("organ", "kind"), [("liver", Kind.EXTRANODAL), ("spleen", Kind.SPLEEN), ("bladder", Kind.EXTRANODAL), ("brain", Kind.EXTRANODAL)]
)
def test_a_whole_organ_lies_in_itself(planted: tuple[PhantomScan, Anatomy], organ: str, kind: Kind) -> None:
    scan, anatomy = planted
    where = place(scan.organ(organ), scan.suv, anatomy, scan.ct)
    assert where.organ_fraction[organ] > 0.7
    assert where.kind is kind


def test_sides_and_levels(planted: tuple[PhantomScan, Anatomy]) -> None:
    scan, anatomy = planted
    liver, spleen, bladder, brain = (place(scan.organ(name), scan.suv, anatomy) for name in ("liver", "spleen", "bladder", "brain"))
    assert liver.left_mm < -20 < 20 < spleen.left_mm
    assert abs(bladder.left_mm) < 6
    assert (bladder.level, brain.level, liver.level) == ("pelvis", "head", "abdomen")
    assert spleen.anterior_mm < bladder.anterior_mm
    assert liver.hu_mean is None


def test_mean_ct_number_of_a_linear_ct_is_its_value_at_the_centre(planted: tuple[PhantomScan, Anatomy]) -> None:
    scan, anatomy = planted
    assert scan.ct is not None
    grid = scan.ct.grid
    index = np.stack(np.meshgrid(*(np.arange(n) for n in grid.shape_kji), indexing="ij"), axis=-1)
    ramp = Volume(grid, (grid.to_lps_mm(index) @ np.array([0.5, 1.0, 0.25])).astype(np.float32), Quantity.HU)
    region = sphere_region(scan.suv.grid, np.array([12.0, -7.0, -600.0]), 20.0)
    expected = float(region.centroid_lps_mm @ np.array([0.5, 1.0, 0.25]))
    assert place(region, scan.suv, anatomy, ramp).hu_mean == pytest.approx(expected, abs=0.05)  # float32


def test_without_a_survey_nothing_is_claimed(planted: tuple[PhantomScan, Anatomy]) -> None:
    scan, _ = planted
    where = place(scan.organ("liver"), scan.suv, Anatomy())
    assert (where.site, where.kind, where.level, where.organ_fraction) == (None, None, "unknown", {})
