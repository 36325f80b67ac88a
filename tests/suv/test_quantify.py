"""Truth: METHODS EX01–EX03, closed form; IBSI reference objects, real scans and other programs' factors (read from shared data)."""

from __future__ import annotations

import datetime as dt
import json
import math

import numpy as np
import pytest

from carpet.core.protocol import SuvProtocol
from carpet.core.study import SliceFacts
from carpet.suv import quantify

PROTOCOL = SuvProtocol()
DAY = dt.date(2024, 3, 5)


def at(clock: str, day: dt.date = DAY) -> dt.datetime:
    return dt.datetime.combine(day, dt.time.fromisoformat(clock))


def codes(decided) -> set[str]:
    return {notice.code for notice in (*decided.refusals, *decided.flags)}


def test_bqml_start_is_weight_over_decayed_dose(facts_with) -> None:
    decided = quantify(facts_with(), PROTOCOL)
    assert decided.quantifiable
    assert decided.factor_bw_per_bqml == pytest.approx(70_000 / (350e6 * 2 ** (-3600 / 6586.2)), rel=1e-12)
    assert decided.slice_factors == pytest.approx(0.5 * decided.factor_bw_per_bqml, rel=1e-15)
    assert decided.uptake_s == 3600.0
    assert codes(decided) == set()


@pytest.mark.shared
def test_worked_example_one(facts_with, worked_example) -> None:
    expected = worked_example("EX01")["expected"]
    decided = quantify(facts_with(), PROTOCOL)
    assert decided.factor_bw_per_bqml == pytest.approx(expected["factor_SUVbw_per_BqmL"], rel=1e-5)
    assert 20_000 * decided.slice_factors[0] == pytest.approx(expected["SUVbw"], rel=1e-5)


@pytest.mark.shared
def test_worked_example_two_a_midnight(facts_with, worked_example) -> None:
    after = at("00:50", DAY + dt.timedelta(days=1))
    slices = (SliceFacts("1", 1.0, 0.0, after, None, None),)
    decided = quantify(facts_with(injected_at=None, injected_time=dt.time(23, 50), series_at=after, slices=slices), PROTOCOL)
    assert decided.uptake_s == worked_example("EX02")["expected"]["part_a"]["uptake_s"]
    assert codes(decided) == {"MIDNIGHT"}


@pytest.mark.shared
def test_worked_example_two_b_refused(facts_with, worked_example) -> None:
    late = at("22:30")
    slices = (SliceFacts("1", 1.0, 0.0, late, None, None),)
    decided = quantify(facts_with(injected_at=None, injected_time=dt.time(23, 50), series_at=late, slices=slices), PROTOCOL)
    assert not decided.quantifiable
    assert "UPTAKE_IMPLAUSIBLE" in codes(decided)
    assert decided.uptake_s == worked_example("EX02")["expected"]["part_b"]["previous_day_uptake_s"]


@pytest.mark.shared
def test_worked_example_two_c_rewritten_series_time(facts_with, worked_example) -> None:
    example = worked_example("EX02")
    stated = example["inputs"]["part_c"]
    day = dt.date(2024, 3, 6)
    beds = zip(stated["AcquisitionTime_per_bed"], stated["FrameReferenceTime_ms_per_bed"], strict=True)
    slices = tuple(
        SliceFacts(f"1.{clock}", 1.0, 0.0, at(f"{clock[:2]}:{clock[2:4]}", day), reference_ms, stated["ActualFrameDuration_ms"])
        for clock, reference_ms in beds
    )
    facts = facts_with(weight_kg=80.0, dose=300e6, injected_at=at("09:00", day), series_at=at("12:15", day), slices=slices)
    decided = quantify(facts, PROTOCOL)
    assert decided.reference.rule == "back_computed"
    assert abs((decided.reference.at - at("10:00", day)).total_seconds()) < 0.01
    expected = example["expected"]["part_c"]
    assert decided.factor_bw_per_bqml == pytest.approx(expected["factor_SUVbw_per_BqmL"], rel=1e-5)
    assert "SERIES_TIME_REWRITTEN" in codes(decided)


@pytest.mark.shared
@pytest.mark.parametrize("case", ["case_1", "case_2", "case_3"])
def test_worked_example_three_philips(facts_with, worked_example, case: str) -> None:
    example = worked_example("EX03")
    stated = example["inputs"][case]
    slices = (SliceFacts("1", 1.2, 0.0, at("09:30"), None, None),)
    facts = facts_with(
        units="CNTS", weight_kg=80.0, dose=300e6, slices=slices,
        philips_suv_factor=stated["(7053,xx00)"], philips_activity_factor=stated["(7053,xx09)"],
    )  # fmt: skip
    decided = quantify(facts, PROTOCOL)
    if case == "case_3":
        assert codes(decided) == {"COUNTS_WITHOUT_SCALE"}
        assert decided.slice_factors is None
    else:
        assert 5000 * decided.slice_factors[0] == pytest.approx(example["expected"][case]["SUVbw"], rel=1e-5)


def test_admin_is_not_decayed_again(facts_with) -> None:
    decided = quantify(facts_with(decay_correction="ADMIN"), PROTOCOL)
    assert decided.factor_bw_per_bqml == pytest.approx(70_000 / 350e6, rel=1e-15)


def test_none_is_corrected_slice_by_slice(facts_with) -> None:
    slices = tuple(SliceFacts(f"1.{n}", 1.0, 0.0, at(f"09:{30 + 4 * n}"), None, 180_000.0) for n in range(3))
    facts = facts_with(decay_correction="NONE", corrected_image=("ATTN",), slices=slices)
    decided = quantify(facts, PROTOCOL)
    assert decided.factor_bw_per_bqml is None
    rate = math.log(2) / 6586.2
    # the mean of e^(−λt) over the frame, by quadrature, is what the scanner counted
    t = (np.arange(100_000) + 0.5) / 100_000 * 180.0
    for n, factor in enumerate(decided.per_slice_bw_per_bqml):
        counted = math.exp(-rate * (3600 + 240 * n)) * np.exp(-rate * t).mean()
        assert factor == pytest.approx(70_000 / 350e6 / counted, rel=1e-9)
    assert codes(decided) == {"DECAY_NONE_CORRECTED", "CORRECTION_MISSING"}


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"units": "PROPCNTS"}, "UNITS_NOT_QUANTITATIVE"),
        ({"units": None}, "UNITS_MISSING"),
        ({"corrected_image": ("DECY",)}, "NAC_SERIES"),
        ({"corrected_image": None}, "NAC_SERIES"),
        ({"corrected_image": ("ATTN",)}, "DECAY_FLAG_CONFLICT"),
        ({"decay_correction": "NONE"}, "DECAY_FLAG_CONFLICT"),
        ({"decay_correction": None}, "DECAY_CORRECTION_UNKNOWN"),
        ({"decay_correction": "DECAY"}, "DECAY_CORRECTION_UNKNOWN"),
        ({"series_type": ("DYNAMIC", "IMAGE")}, "DYNAMIC_OR_GATED"),
        ({"series_type": ("GATED", "IMAGE")}, "DYNAMIC_OR_GATED"),
        ({"series_type": ("WHOLE BODY", "REPROJECTION")}, "DERIVED_IMAGE"),
        ({"image_type": ("DERIVED", "SECONDARY", "MIP")}, "DERIVED_IMAGE"),
        ({"weight_kg": None}, "WEIGHT_MISSING"),
        ({"dose": None}, "DOSE_MISSING"),
        ({"half_life_s": 6500.0}, "HALFLIFE_MISMATCH"),
        ({"injected_at": None}, "INJECTION_TIME_MISSING"),
        ({"injected_at": at("10:00")}, "UPTAKE_IMPLAUSIBLE"),
        ({"injected_at": at("02:00")}, "UPTAKE_IMPLAUSIBLE"),
        ({"units": "CNTS", "philips_suv_factor": -1.0}, "SCALE_UNREADABLE"),
        ({"units": "CNTS", "philips_suv_factor": 0.0, "philips_activity_factor": 0.0}, "COUNTS_WITHOUT_SCALE"),
        ({"units": "GML", "decay_correction": "NONE", "corrected_image": ("ATTN",)}, "NOT_DECAYED"),
        ({"units": "GML", "corrected_image": ("ATTN",)}, "DECAY_FLAG_CONFLICT"),
        ({"units": "GML", "decay_correction": "Start"}, "DECAY_CORRECTION_UNKNOWN"),
        ({"series_type": ("STATIC", "OTHER")}, "DERIVED_IMAGE"),
        ({"units": "GML", "suv_type": "XYZ"}, "SUV_TYPE_UNSUPPORTED"),
        ({"units": "CM2ML", "suv_type": "BW"}, "SUV_TYPE_UNSUPPORTED"),
        ({"units": "GML", "suv_type": "LBMJANMA", "sex": "O"}, "BODY_FACT_NEEDED"),
        ({"units": "GML", "suv_type": "IBW", "height_m": None}, "BODY_FACT_NEEDED"),
        ({"units": "CM2ML", "height_m": 0.0}, "BODY_FACT_NEEDED"),
        ({"units": "CNTS", "philips_suv_factor": 1e-3, "decay_correction": "NONE", "corrected_image": ("ATTN",)}, "NOT_DECAYED"),
    ],
)
def test_what_cannot_be_right_gives_no_number(facts_with, changes, code: str) -> None:
    decided = quantify(facts_with(**changes), PROTOCOL)
    assert code in {notice.code for notice in decided.refusals}
    assert decided.slice_factors is None
    assert decided.factor_bw_per_bqml is None
    assert decided.per_slice_bw_per_bqml == ()
    assert not decided.quantifiable


@pytest.mark.parametrize(
    ("slope", "intercept", "code"), [(None, 0.0, "SLOPE_MISSING"), (0.0, 0.0, "SLOPE_MISSING"), (1.0, 5.0, "INTERCEPT_NONZERO")]
)
def test_slopes(facts_with, slope, intercept, code: str) -> None:
    good = SliceFacts("1", 1.0, 0.0, at("09:30"), None, None)
    bad = SliceFacts("2", slope, intercept, at("09:30"), None, None)
    decided = quantify(facts_with(slices=(good, bad)), PROTOCOL)
    assert {notice.code for notice in decided.refusals} == {code}


def test_gml_needs_no_dose_and_no_weight(facts_with) -> None:
    decided = quantify(facts_with(units="GML", dose=None, weight_kg=None, injected_at=None), PROTOCOL)
    assert decided.quantifiable
    assert decided.slice_factors == pytest.approx(0.5)
    assert {notice.code: str(notice.severity) for notice in decided.flags} == {"WEIGHT_MISSING": "W"}


def test_stored_suv_with_a_late_scan_is_flagged(facts_with) -> None:
    decided = quantify(facts_with(units="GML", injected_at=at("06:30")), PROTOCOL)
    assert decided.quantifiable
    assert codes(decided) == {"UPTAKE_OUTSIDE_WINDOW"}


@pytest.mark.parametrize("days", [83, 365, 3650, -83, -365, -3650])
@pytest.mark.parametrize("correction", ["START", "ADMIN", "NONE"])
def test_dates_shifted_apart_are_refused_and_never_an_error(facts_with, days: int, correction: str) -> None:
    slices = tuple(SliceFacts(f"1.{n}", 1.0, 0.0, at("09:30"), 90_000.0, 180_000.0) for n in range(2))
    tokens = ("ATTN",) if correction == "NONE" else ("ATTN", "DECY")
    shifted = DAY + dt.timedelta(days=days)
    facts = facts_with(decay_correction=correction, corrected_image=tokens, injected_at=at("08:30", shifted), slices=slices)
    assert "UPTAKE_IMPLAUSIBLE" in {notice.code for notice in quantify(facts, PROTOCOL).refusals}
    stamped = facts_with(series_at=at("09:30", shifted), ge_scan_at=at("09:30"), decay_reference_at=at("09:30"), slices=slices)
    assert quantify(stamped, PROTOCOL).quantifiable


@pytest.mark.parametrize(
    ("life_s", "minutes", "good"), [(4057.7, 120, True), (4057.7, 140, False), (1221.8, 40, True), (1221.8, 60, False)]
)
def test_other_nuclides_have_two_half_lives(facts_with, life_s: float, minutes: int, good: bool) -> None:
    injected = at("09:30") - dt.timedelta(minutes=minutes)
    assert quantify(facts_with(half_life_s=life_s, nuclide_code=None, injected_at=injected), PROTOCOL).quantifiable is good


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"corrected_image": ("ATTN", "DECY", "NORM")}, "CORRECTION_MISSING"),
        ({"manufacturer": "IMAGE SYSTEMS GE"}, "VENDOR_UNKNOWN"),
        ({"manufacturer": None}, "VENDOR_UNKNOWN"),
        ({"series_type": None}, "SERIES_TYPE_MISSING"),
        ({"series_type": ("STATIC",)}, "SERIES_TYPE_MISSING"),
        ({"siemens_reference_at": at("09:20")}, "TREF_DISAGREE"),
        ({"siemens_reference_at": at("09:30", DAY - dt.timedelta(days=1))}, "PRIVATE_DATE_SHIFTED"),
    ],
)
def test_what_is_odd_is_said_beside_the_number(facts_with, changes, code: str) -> None:
    decided = quantify(facts_with(**changes), PROTOCOL)
    assert decided.factor_bw_per_bqml == quantify(facts_with(), PROTOCOL).factor_bw_per_bqml
    assert codes(decided) == {code}


def test_the_weight_that_the_user_gives_is_said(facts_with) -> None:
    decided = quantify(facts_with(weight_kg=None), PROTOCOL, weight_kg=70.0)
    assert decided.factor_bw_per_bqml == quantify(facts_with(), PROTOCOL).factor_bw_per_bqml
    assert codes(decided) == {"WEIGHT_GIVEN"}


def test_every_number_has_its_source(facts_with) -> None:
    told = {name: value for name, value, _, _ in quantify(facts_with(), PROTOCOL).facts_used}
    assert told["weight_kg"] == "70.0"
    assert told["corrected_image"] == "NORM\\ATTN\\SCAT\\DECY"
    assert told["injected_at"] == "2024-03-05T08:30:00"


@pytest.mark.shared
@pytest.mark.parametrize(
    "name", ["SIEMENS", "GE_MEDICAL_AND_BQML", "PHILIPS_BQML", "PHILIPS_CNTS_AND_SUV", "RADIOPHARM_DATETIME_UNDEFINED"]
)
def test_factors_of_another_program(facts_with, shared_data, name: str) -> None:
    folder = shared_data / "calculate_suv_metadata"
    headers = json.loads((folder / f"{name}-instances.json").read_text())
    expected = json.loads((folder / "expected_suvbw.json").read_text())[name]
    first = headers[0]

    def moment(date: str, time: str) -> dt.datetime:
        return dt.datetime.strptime(date + (time.strip() + ".0").split(".")[0], "%Y%m%d%H%M%S") + dt.timedelta(
            seconds=float("0." + time.strip().partition(".")[2]) if "." in time else 0.0
        )

    whole = first.get("RadiopharmaceuticalStartDateTime")
    clock = moment("20000101", first["RadiopharmaceuticalStartTime"]).time()
    private = first["PhilipsPETPrivateGroup"]
    slices = tuple(
        SliceFacts(str(n), 1.0, 0.0, moment(h["AcquisitionDate"], h["AcquisitionTime"]), h["FrameReferenceTime"], h["ActualFrameDuration"])
        for n, h in enumerate(headers)
    )
    facts = facts_with(
        slices=slices,
        units=first["Units"],
        decay_correction=first["DecayCorrection"],
        corrected_image=tuple(first["CorrectedImage"]),
        weight_kg=float(first["PatientWeight"]),
        height_m=first.get("PatientSize"),
        sex=first["PatientSex"],
        dose=float(first["RadionuclideTotalDose"]),
        half_life_s=float(first["RadionuclideHalfLife"]),
        injected_at=moment(whole.strip()[:8], whole.strip()[8:]) if whole else None,
        injected_time=clock,
        series_at=moment(first["SeriesDate"], first["SeriesTime"]),
        philips_suv_factor=float(private["SUVScaleFactor"]) if "SUVScaleFactor" in private else None,
        philips_activity_factor=float(private["ActivityConcentrationScaleFactor"])
        if "ActivityConcentrationScaleFactor" in private
        else None,
    )
    decided = quantify(facts, PROTOCOL)
    assert decided.quantifiable, decided.refusals
    assert decided.slice_factors == pytest.approx(expected, rel=1e-6)
