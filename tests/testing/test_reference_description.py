"""Truth: closed form (the numbers of IBSI's own objects, METHODS A.1 by hand, quadrature of the decay)."""

from __future__ import annotations

import math

import numpy as np
import pytest

from carpet.testing.reference_description import (
    PSMA,
    Description,
    activity_per_suv,
    clock,
    per_suv,
    reference_grid,
    reference_mass_kg,
    stored_values,
    true_suv,
)


def test_the_phantom_has_four_values_and_no_symmetry() -> None:
    suv = true_suv()
    assert suv.grid.same_as(reference_grid())
    assert suv.grid.shape_kji == (20, 16, 16)
    assert sorted({round(float(value), 6) for value in np.unique(suv.values)}) == [0.0, 0.2, 1.0, 4.0]
    assert np.median(suv.values[suv.values > 0]) == 1.0
    assert min((suv.values == 4).sum(), (suv.values == np.float32(0.2)).sum()) >= 27
    for axis in range(3):
        assert not np.array_equal(suv.values, np.flip(suv.values, axis))
    assert not np.array_equal(suv.values, suv.values.transpose(0, 2, 1))


def test_the_default_stores_what_ibsis_does() -> None:
    assert activity_per_suv(Description(), 0) == pytest.approx(3600.0, abs=0.005)  # 368.08 MBq, 70 kg, one hour of F-18
    assert np.unique(stored_values(Description())[0]).tolist() == [0, 720, 3600, 14400]
    uneven = np.unique(stored_values(Description(slopes=(4.0, 3.0)))[0]).tolist()
    assert uneven == [0, 180, 240, 900, 1200, 3600, 4800]


def test_other_decays() -> None:
    assert activity_per_suv(Description(decay="ADMIN"), 0) == pytest.approx(368.08e6 / 70_000, rel=1e-15)
    assert activity_per_suv(Description(tracer=PSMA), 0) == pytest.approx(368.08e6 / 70_000 * 2 ** (-3600 / 4057.7), rel=1e-12)
    late = Description(decay="NONE", beds=(clock("11:00"), clock("11:05")))
    seconds = 3900.0 + (np.arange(30_000) + 0.5) / 100.0  # the frame of the second bed, since injection
    counted = np.exp2(-seconds / 6586.2).mean()
    assert activity_per_suv(late, 19) == pytest.approx(368.08e6 / 70_000 * counted, rel=1e-9)
    assert [late.bed(k).minute for k in (0, 9, 10, 19)] == [0, 0, 5, 5]


def test_frame_times() -> None:
    mean = Description().mean_count_s()
    exposure = math.log(2) / 6586.2 * 300
    assert math.exp(-math.log(2) / 6586.2 * mean) == pytest.approx((1 - math.exp(-exposure)) / exposure, rel=1e-12)
    beds = (clock("11:00"), clock("11:05"))
    assert Description(beds=beds).frame_reference_s(19) == pytest.approx(300 + mean)
    rate = math.log(2) / 6586.2
    assert Description(beds=beds).decay_factor(19) == pytest.approx(math.exp(rate * (300 + mean)))
    assert Description(decay="ADMIN").decay_factor(0) == pytest.approx(math.exp(rate * (3600 + mean)))
    assert [Description(manufacturer="GE MEDICAL SYSTEMS", beds=beds).frame_reference_s(k) for k in (0, 19)] == [0.0, 300.0]


@pytest.mark.parametrize(
    ("suv_type", "sex", "kg"),
    [  # 70 kg, 1.75 m: BMI 22.857, (W/H)² 0.16
        ("BW", "O", 70.0),
        ("LBMJAMES128", "M", 56.52),
        ("LBMJAMES128", "F", 51.22),
        ("LBMJAMES128", "O", 53.87),
        ("LBMJANMA", "M", 9270 * 70 / (6680 + 216 * 70 / 1.75**2)),
        ("LBMJANMA", "F", 9270 * 70 / (8780 + 244 * 70 / 1.75**2)),
        ("IBW", "M", 72.38),
        ("IBW", "F", 66.43),
    ],
)
def test_what_takes_the_weights_place(suv_type: str, sex: str, kg: float) -> None:
    assert reference_mass_kg(suv_type, sex) == pytest.approx(kg, rel=1e-12)


def test_other_units() -> None:
    assert per_suv(Description(units="GML", suv_type="LBMJAMES128", sex="M"), 0) == pytest.approx(56.52 / 70)
    assert per_suv(Description(units="CM2ML"), 0) == pytest.approx(1.8481 * 10 / 70, rel=1e-4)  # 1.848 m² by Du Bois
    assert per_suv(Description(units="CNTS", counts_are="SUV"), 0) == 2000.0
    assert per_suv(Description(units="CNTS", counts_are="activity"), 0) == pytest.approx(4000.0, abs=0.006)
