"""Truth: Wahl 2009; O 2016; METHODS D.8, by hand."""

from __future__ import annotations

from dataclasses import replace

import pytest

from carpet.response.percist import SulScan, percist

BASE = SulScan(peak=10.0, liver_mean=1.5, liver_sd=0.2, uptake_min=60.0, tlg_g=500.0)


@pytest.mark.parametrize(
    ("peak", "tlg", "rule"),
    [
        (7.0, 400.0, "PCT-PMR"),  # −30 %, −3.0
        (7.01, 400.0, "PCT-SMD"),
        (13.0, 400.0, "PCT-PMD"),
        (12.99, 400.0, "PCT-SMD"),
        (10.0, 875.0, "PCT-SMD"),  # TLG must rise by more than 75 %
        (10.0, 875.1, "PCT-PMD-TLG"),
        (None, 0.0, "PCT-CMR"),
    ],
)
def test_limits(peak: float | None, tlg: float, rule: str) -> None:
    assert percist(BASE, replace(BASE, peak=peak, tlg_g=tlg), new_lesion=False).rule == rule


def test_both_the_percentage_and_the_difference_count() -> None:
    base = replace(BASE, peak=2.65)
    assert percist(base, replace(base, peak=1.86), new_lesion=False).rule == "PCT-SMD"  # −29.8 %
    assert percist(base, replace(base, peak=1.85), new_lesion=False).rule == "PCT-PMR"  # −30.2 %, −0.80


def test_what_is_left_below_the_liver_clears_only_at_background() -> None:
    left = replace(BASE, peak=1.2, tlg_g=10.0)
    assert percist(BASE, left, new_lesion=False).rule == "PCT-PMR"
    assert percist(BASE, replace(left, above_background=False), new_lesion=False).rule == "PCT-CMR"


def test_a_new_lesion_needs_no_comparison() -> None:
    assert percist(replace(BASE, peak=None), replace(BASE, uptake_min=120.0), new_lesion=True).rule == "PCT-PMD-new"


@pytest.mark.parametrize(
    "now",
    [replace(BASE, liver_mean=1.81), replace(BASE, liver_mean=1.19), replace(BASE, uptake_min=76.0)],
)
def test_scans_that_cannot_be_compared(now: SulScan) -> None:
    assert percist(BASE, now, new_lesion=False).rule == "PCT-NE-comparable"


def test_another_scanner_leaves_new_lesions_only() -> None:
    assert percist(BASE, replace(BASE, peak=5.0), new_lesion=False, same_imaging=False).rule == "PCT-NE-recon"
    assert percist(BASE, replace(BASE, peak=5.0), new_lesion=True, same_imaging=False).category == "PMD"


def test_comparable_to_the_limit() -> None:
    assert percist(BASE, replace(BASE, liver_mean=1.79, uptake_min=75.0), new_lesion=False).rule == "PCT-SMD"


def test_measurable_from_1_5_times_the_liver_and_2_sd() -> None:
    assert percist(replace(BASE, peak=2.64), BASE, new_lesion=False).rule == "PCT-NE-measurable"
    assert percist(replace(BASE, peak=2.65), replace(BASE, peak=2.65), new_lesion=False).rule == "PCT-SMD"
