"""Truth: closed form."""

from __future__ import annotations

from dataclasses import replace

from carpet.biomarkers import measure
from carpet.biomarkers.nodal_regions import nodal_regions
from carpet.core.lesion import Code, Kind
from carpet.core.protocol import BiomarkerProtocol
from carpet.core.record import Measurement, Missing
from carpet.testing import check_biomarker

ONLY = BiomarkerProtocol(names=("nodal_regions",))


def test_contract() -> None:
    check_biomarker(nodal_regions)


NECK, LIVER, GROIN = (Code(value, "SCT", value) for value in ("81105003", "10200004", "8928004"))
BOXES = [((2, 2, 2), (1, 1, 1), 5.0), ((8, 2, 2), (1, 1, 1), 5.0), ((14, 2, 2), (1, 1, 1), 5.0), ((20, 2, 2), (1, 1, 1), 5.0)]


def test_different_sites_of_the_kind_are_counted_once(scene) -> None:
    lesions, suv = scene(*BOXES)
    sites = [(NECK, Kind.NODAL), (NECK, Kind.NODAL), (LIVER, Kind.NODAL), (GROIN, Kind.EXTRANODAL)]
    placed = tuple(replace(lesion, site=site, kind=kind) for lesion, (site, kind) in zip(lesions, sites, strict=True))
    (value,) = measure(placed, suv, ONLY)
    assert isinstance(value, Measurement)
    assert value.value == 2.0


def test_a_lesion_without_a_site_cannot_be_counted(scene) -> None:
    lesions, suv = scene(*BOXES)
    (value,) = measure(lesions, suv, ONLY)
    assert isinstance(value, Missing)
    assert value.reason == "SITE_UNKNOWN"


def test_no_lesion_is_zero(scene) -> None:
    (value,) = measure((), scene()[1], ONLY)
    assert isinstance(value, Measurement)
    assert value.value == 0.0
