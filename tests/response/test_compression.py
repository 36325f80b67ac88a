"""Truth: closed form: volumes of spheres at and beside each limit of diameter; growth by hand."""

from __future__ import annotations

import math

import pytest

from carpet.response.compression import NARROW, Mass, compression, mass_of, masses_by_site
from carpet.response.finding import When
from carpet.response.seen_region import SeenRegion


def ball(diameter_mm: float) -> float:
    return math.pi * (diameter_mm / 10.0) ** 3 / 6.0


def mass(diameter_mm: float, before_ml: float | None, site: str = "mediastinal") -> Mass:
    return Mass("L01", site, ball(diameter_mm), ball(diameter_mm), before_ml)


def fires(one: Mass, day: int = 5) -> bool:
    return bool(compression([one], When("D7", day)))


@pytest.mark.parametrize(("mm", "yes"), [(30.0, True), (29.9, False)])
def test_new_from_30_mm(mm: float, yes: bool) -> None:
    assert fires(mass(mm, 0.0)) is yes


@pytest.mark.parametrize("site", ["marrow", "spinal_cord", "brain", "orbit"])
@pytest.mark.parametrize(("mm", "yes"), [(15.0, True), (14.9, False)])
def test_new_at_the_spine_and_in_the_skull_from_15_mm(site: str, mm: float, yes: bool) -> None:
    assert fires(mass(mm, 0.0, site)) is yes


@pytest.mark.parametrize(("times", "yes"), [(1.5, True), (1.49, False), (1.0, False), (0.5, False)])
def test_growing_by_half(times: float, yes: bool) -> None:
    assert fires(mass(40.0, ball(40.0) / times)) is yes


@pytest.mark.parametrize(("mm", "before", "yes"), [(60.0, 500.0, True), (59.9, 500.0, False), (60.0, None, True), (59.9, None, False)])
def test_large_whatever_it_was(mm: float, before: float | None, yes: bool) -> None:
    assert fires(mass(mm, before)) is yes


@pytest.mark.parametrize(("day", "yes"), [(0, False), (1, True), (84, True), (85, False)])
def test_in_the_first_12_weeks(day: int, yes: bool) -> None:
    assert fires(mass(40.0, 0.0), day) is yes


def test_sites_where_nothing_narrow_lies_beside() -> None:
    assert not {"axillary", "inguinal", "liver", "spleen", "lung", "bone", ""} & NARROW.keys()
    assert not fires(mass(100.0, 0.0, "axillary"))


def test_the_facts() -> None:
    (one,) = compression([mass(40.0, 0.0)], When("D7", 5))
    assert (one.code, one.timepoint, one.day, one.flags) == ("COMPRESSION_RISK", "D7", 5, ())
    assert one.because == (
        "new: L01, mediastinal, beside airway and great vessels; 33.5 mL, a region at least 40 mm long; 0.0 mL at baseline"
    )
    assert "size at baseline not known" in compression([mass(70.0, None)], When("D7", 5))[0].because


def region(name: str, site: str, volume: float, status: str = "disease") -> SeenRegion:
    return SeenRegion(name, site, status, "rule DIS-DEFAULT@1", volume, 6.0, (0.0, 0.0, 0.0))


def test_by_site_all_disease_is_one_mass_and_the_length_is_the_largest_regions() -> None:
    now = [region("L01", "iliac", 60.0), region("L02", "iliac", 90.0), region("L03", "iliac", 999.0, "undecided")]
    (one,) = masses_by_site(now, [region("L01", "iliac", 20.0)])
    assert one == Mass("L01, L02", "iliac", 150.0, 90.0, 20.0, True)
    (told,) = compression([one], When("M1", 29))
    assert (told.because.startswith("growing: L01, L02"), told.flags) == (True, ("GROWTH_BY_SITE",))
    assert masses_by_site(now, []) == (Mass("L01, L02", "iliac", 150.0, 90.0, 0.0, True),)
    assert masses_by_site(now, None)[0].before_ml is None
    assert masses_by_site([], []) == ()


def test_a_track_of_several_regions_lies_where_its_largest_does() -> None:
    assert mass_of([region("L01", "hilar", 4.0), region("L02", "mediastinal", 6.0)], 5.0) == Mass("L01, L02", "mediastinal", 10.0, 6.0, 5.0)


def test_many_small_regions_of_one_site_are_not_long() -> None:
    small, long = ball(29.9), ball(30.0)
    assert not fires(Mass("L01, L02, L03", "iliac", 3 * small, small, 0.0, True))
    assert fires(Mass("L01, L02", "iliac", 2 * long, long, 0.0, True))
