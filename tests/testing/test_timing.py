"""Truth: closed form (decay by half-lives, the mean-count time by numerical integration)."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pytest

from carpet.core.body import Body
from carpet.testing.timing import Visit, bed_times, bqml_per_suv

BODY = Body(70.0, 1.75, None)


def test_dose_halves_in_a_half_life() -> None:
    visit = Visit(dose_bq=300e6, half_life_s=3600.0, uptake_min=120.0)
    assert visit.scan_at - visit.injected_at == dt.timedelta(hours=2)
    assert visit.dose_at_scan_bq() == pytest.approx(75e6)


def test_mean_count_time_is_when_the_rate_equals_its_mean() -> None:
    visit = Visit(bed_s=1800.0)
    t = np.linspace(0.0, 1800.0, 200_001)
    mean_rate = np.trapezoid(np.exp(-visit.decay_per_s * t), t) / 1800.0
    assert np.exp(-visit.decay_per_s * visit.mean_count_s()) == pytest.approx(mean_rate, rel=1e-9)


def test_beds_run_from_the_thighs_up_and_point_back_to_the_scan_start() -> None:
    visit = Visit(bed_s=100.0, bed_gap_s=20.0, bed_mm=150.0)
    times = bed_times(np.array([0.0, 149.0, 151.0, 310.0]), visit)
    assert times.bed.tolist() == [0, 0, 1, 2]
    assert [(at - visit.scan_at).total_seconds() for at in times.acquired_at] == [0.0, 0.0, 120.0, 240.0]
    for at, reference_ms in zip(times.acquired_at, times.frame_reference_ms, strict=True):
        back = (at - visit.scan_at).total_seconds() + visit.mean_count_s() - reference_ms / 1000.0
        assert back == pytest.approx(0.0, abs=1e-6)


def test_activity_of_suv_one() -> None:
    visit = Visit(dose_bq=280e6, half_life_s=3600.0, uptake_min=60.0, bed_s=60.0)
    times = bed_times(np.array([0.0, 400.0]), visit)
    assert bqml_per_suv(times, visit, BODY, "ADMIN") == pytest.approx([4000.0, 4000.0])
    assert bqml_per_suv(times, visit, BODY, "START") == pytest.approx([2000.0, 2000.0])
    t = np.linspace(0.0, 60.0, 10_001)
    for number, at in zip(bqml_per_suv(times, visit, BODY, "NONE"), times.acquired_at, strict=True):
        since = (at - visit.injected_at).total_seconds()
        mean = np.trapezoid(4000.0 * 0.5 ** ((since + t) / 3600.0), t) / 60.0
        assert number == pytest.approx(mean, rel=1e-8)
