"""Truth: closed form; METHODS A.3, rank by rank."""

from __future__ import annotations

import datetime as dt
import math
from pathlib import Path

import numpy as np
import pydicom
import pytest

from carpet.core.protocol import SuvProtocol
from carpet.core.study import SliceFacts
from carpet.suv.clock import earliest_acquisition, injection_time, mean_count_offset_s, reference_time

LIFE_S = 6586.2
DAY = dt.date(2024, 3, 5)
AUTO = SuvProtocol()


def at(clock: str, day: dt.date = DAY) -> dt.datetime:
    return dt.datetime.combine(day, dt.time.fromisoformat(clock))


def beds(*clocks: str, reference_ms: tuple[float | None, ...] = (), duration_ms: float | None = 180_000.0) -> tuple[SliceFacts, ...]:
    padded = reference_ms or (None,) * len(clocks)
    return tuple(
        SliceFacts(f"1.{n}", 1.0, 0.0, at(clock), ms, duration_ms) for n, (clock, ms) in enumerate(zip(clocks, padded, strict=True))
    )


def chosen(facts, protocol: SuvProtocol = AUTO):
    reference, found = reference_time(facts, LIFE_S, protocol)
    return reference.rule, reference.at, {notice.code for notice in found}


@pytest.mark.parametrize("duration_s", [10.0, 180.0, 900.0])
def test_mean_count_offset_is_where_activity_equals_its_mean(duration_s: float) -> None:
    rate = math.log(2) / LIFE_S
    t = (np.arange(200_000) + 0.5) / 200_000 * duration_s
    assert math.exp(-rate * mean_count_offset_s(duration_s, LIFE_S)) == pytest.approx(np.exp(-rate * t).mean(), rel=1e-10)


def test_series_time_is_taken_when_nothing_ranks_higher(facts_with) -> None:
    assert chosen(facts_with(slices=beds("09:30", "09:33"))) == ("series_time", at("09:30"), set())


def test_one_second_after_is_rounding_two_are_a_rewritten_time(facts_with) -> None:
    assert chosen(facts_with(series_at=at("09:30:01"), slices=beds("09:30")))[0] == "series_time"
    rule, _, codes = chosen(facts_with(series_at=at("09:30:02"), number_of_slices=1, slices=beds("09:30")))
    assert (rule, codes) == ("earliest_acquisition", {"SERIES_TIME_REWRITTEN", "TREF_EARLIEST_ACQ"})


def test_explicit_reference_of_enhanced_pet_ranks_first(facts_with) -> None:
    facts = facts_with(decay_reference_at=at("09:29"), ge_scan_at=at("09:30"), slices=beds("09:30"))
    assert chosen(facts) == ("decay_correction_datetime", at("09:29"), set())


def test_explicit_reference_of_another_year_is_not_used(facts_with) -> None:
    facts = facts_with(decay_reference_at=at("09:29", dt.date(2020, 1, 1)), slices=beds("09:30"))
    reference, _ = reference_time(facts, LIFE_S, AUTO)
    assert reference.rule == "series_time"
    assert "decay_correction_datetime" in reference.rejected


def test_the_scanner_start_decides_when_acquisition_was_later(facts_with) -> None:
    facts = facts_with(ge_scan_at=at("09:00"), series_at=at("09:00"), slices=beds("09:30"))
    assert chosen(facts) == ("ge_scan_datetime", at("09:00"), {"VENDOR_SCAN_START"})


def test_private_date_of_another_day_is_not_used_and_said(facts_with) -> None:
    facts = facts_with(ge_scan_at=at("09:30", dt.date(2024, 2, 1)), slices=beds("09:30"))
    assert chosen(facts) == ("series_time", at("09:30"), {"PRIVATE_DATE_SHIFTED"})


def disagreements(facts) -> list[str]:
    """The severities of TREF_DISAGREE."""
    return [notice.severity for notice in reference_time(facts, LIFE_S, AUTO)[1] if notice.code == "TREF_DISAGREE"]


@pytest.mark.parametrize(("minutes", "severities"), [(1, []), (3, ["W"]), (20, ["E"])])
def test_explicit_times_that_disagree(facts_with, minutes: int, severities: list[str]) -> None:
    """1 min is 0.6 % of SUV, 3 min 1.9 %, 20 min 13 %."""
    facts = facts_with(ge_scan_at=at("09:30"), series_at=at("09:30") - dt.timedelta(minutes=minutes), slices=beds("09:30"))
    assert disagreements(facts) == severities


def test_a_named_candidate_is_used_and_said(facts_with) -> None:
    facts = facts_with(ge_scan_at=at("09:30"), series_at=at("09:10"), slices=beds("09:30"))
    assert chosen(facts, SuvProtocol(reference_time="series_time")) == ("series_time", at("09:10"), {"TREF_BY_NAME"})
    assert chosen(facts, SuvProtocol(reference_time="back_computed"))[::2] == (None, {"TREF_UNKNOWN"})


def test_back_computation_finds_the_start_of_a_scan_whose_first_bed_is_missing(facts_with) -> None:
    offset_ms = mean_count_offset_s(180.0, LIFE_S) * 1000
    slices = beds("09:33", "09:36", reference_ms=(180_000 + offset_ms, 360_000 + offset_ms))
    rule, when, codes = chosen(facts_with(series_at=at("11:00"), slices=slices))
    assert (rule, codes) == ("back_computed", {"SERIES_TIME_REWRITTEN", "BED_POSITION_MISSING"})
    assert abs((when - at("09:30")).total_seconds()) < 1e-3


def test_a_series_time_reset_to_the_first_bed_that_remained_is_passed_over(facts_with) -> None:
    offset_ms = mean_count_offset_s(180.0, LIFE_S) * 1000
    slices = beds("09:33", "09:36", reference_ms=(180_000 + offset_ms, 360_000 + offset_ms))
    cut = facts_with(series_at=at("09:33"), number_of_slices=3, slices=slices)
    rule, when, codes = chosen(cut)
    assert (rule, codes) == ("back_computed", {"BED_POSITION_MISSING"})
    assert abs((when - at("09:30")).total_seconds()) < 1e-3
    complete = facts_with(series_at=at("09:33"), number_of_slices=2, slices=slices)
    assert chosen(complete)[::2] == ("series_time", {"TREF_BACKCOMP_DISAGREE"})


@pytest.mark.shared
@pytest.mark.parametrize("folder", ["acrin042_ge/PT_AC_BQML", "sts001_ge"])
def test_ge_counts_the_frame_time_to_the_start_of_the_frame(shared_data: Path, folder: str) -> None:
    """Truth: DecayFactor, which GE applied itself: its logarithm is the time from the decay reference to the frame's mean count."""
    found = 0
    for path in sorted((shared_data / folder).rglob("*.dcm")):
        header = pydicom.dcmread(path, stop_before_pixels=True)
        if header.Modality != "PT" or header.get("DecayCorrection") != "START":
            continue
        life_s = float(header.RadiopharmaceuticalInformationSequence[0].RadionuclideHalfLife)
        applied_s = math.log(float(header.DecayFactor)) * life_s / math.log(2)
        offset_s = mean_count_offset_s(float(header.ActualFrameDuration) / 1000.0, life_s)
        assert applied_s == pytest.approx(float(header.FrameReferenceTime) / 1000.0 + offset_s, abs=1.0)
        found += 1
    assert found > 2


def test_back_computation_of_ge_needs_no_duration(facts_with) -> None:
    slices = beds("09:33", "09:36", reference_ms=(180_000.0, 360_000.0), duration_ms=None)
    made = facts_with(series_at=at("11:00"), slices=slices, manufacturer="GE MEDICAL SYSTEMS")
    assert chosen(made)[:2] == ("back_computed", at("09:30"))
    assert chosen(facts_with(series_at=at("11:00"), slices=slices, manufacturer="GEMINI"))[0] is None


def test_the_time_of_siemens_stands_in_for_a_rewritten_series_time(facts_with) -> None:
    facts = facts_with(series_at=at("11:00"), siemens_reference_at=at("09:00"), slices=beds("09:30"))
    assert chosen(facts) == ("siemens_datetime", at("09:00"), {"SERIES_TIME_REWRITTEN", "VENDOR_SCAN_START"})
    late = facts_with(siemens_reference_at=at("09:40"), slices=beds("09:30"))
    assert chosen(late) == ("series_time", at("09:30"), {"PRIVATE_TIME_UNFIT"})
    apart = facts_with(siemens_reference_at=at("09:00"), slices=beds("09:30"))
    assert disagreements(apart) == ["E"]


def test_back_computation_that_scatters_is_not_used(facts_with) -> None:
    slices = beds("09:33", "09:36", reference_ms=(0.0, 0.0))
    assert chosen(facts_with(series_at=at("11:00"), number_of_slices=2, slices=slices))[0] == "earliest_acquisition"


def test_back_computation_only_warns_beside_an_explicit_time(facts_with) -> None:
    slices = beds("09:30", reference_ms=(600_000.0,))
    assert chosen(facts_with(slices=slices)) == ("series_time", at("09:30"), {"TREF_BACKCOMP_DISAGREE"})


@pytest.mark.parametrize(("said", "rule"), [(5, None), (None, None), (2, "earliest_acquisition")])
def test_earliest_acquisition_is_trusted_only_in_a_complete_series(facts_with, said, rule) -> None:
    facts = facts_with(series_at=None, number_of_slices=said, slices=beds("09:30", "09:33"))
    assert chosen(facts)[0] == rule


def test_a_series_time_of_the_morning_is_not_the_scan(facts_with) -> None:
    reference, _ = reference_time(facts_with(series_at=at("03:00"), slices=beds("09:30")), LIFE_S, AUTO)
    assert "series_time" in reference.rejected


@pytest.mark.parametrize(("series", "flags"), [("09:29", set()), ("08:50", {"TREF_UNCONFIRMED"})])
@pytest.mark.parametrize("reference_ms", [(None, None), (0.0, 600_000.0)])  # absent, and pointing to times 10 min apart
def test_a_series_time_before_the_scan_that_nothing_confirms_is_said(facts_with, series, flags, reference_ms) -> None:
    slices = beds("09:30", "09:30", reference_ms=reference_ms)
    assert chosen(facts_with(series_at=at(series), slices=slices)) == ("series_time", at(series), flags)


def test_the_widest_disagreement_of_any_two_stamps_counts(facts_with) -> None:
    facts = facts_with(decay_reference_at=at("09:25"), ge_scan_at=at("09:20"), series_at=at("09:30"), slices=beds("09:30"))
    assert set(disagreements(facts)) == {"W"}  # 5 min each to the first, 10 min (6.5 %) between the others
    facts = facts_with(decay_reference_at=at("09:22"), ge_scan_at=at("09:13"), series_at=at("09:30"), slices=beds("09:30"))
    assert "E" in disagreements(facts)


def test_a_named_time_that_fails_its_test_is_refused(facts_with) -> None:
    facts = facts_with(series_at=at("11:00"), number_of_slices=1, slices=beds("09:30"))
    assert chosen(facts, SuvProtocol(reference_time="series_time"))[0] is None


def test_the_date_of_a_time_without_one_is_the_acquisition_s(facts_with) -> None:
    earlier = DAY - dt.timedelta(days=40)
    facts = facts_with(injected_at=None, injected_time=dt.time(8, 30), slices=beds("09:30"))
    assert injected(facts, scanned=at("09:30", earlier))[0] != at("08:30", earlier)


def test_a_slice_without_a_time(facts_with) -> None:
    facts = facts_with(slices=(SliceFacts("1", 1.0, 0.0, None, None, None),))
    assert earliest_acquisition(facts) is None
    assert chosen(facts)[::2] == (None, {"ACQUISITION_TIME_MISSING"})


SCANNED = at("09:30")


def injected(facts, scanned=SCANNED, life_s: float = LIFE_S, protocol: SuvProtocol = AUTO):
    time, found = injection_time(facts, scanned, life_s, protocol)
    return time.value if time else None, {notice.code for notice in found}


def test_date_time_wins_and_a_conflict_is_said(facts_with) -> None:
    assert injected(facts_with(injected_time=dt.time(8, 30, 59))) == (at("08:30"), set())
    assert injected(facts_with(injected_time=dt.time(8, 32))) == (at("08:30"), {"START_CONFLICT"})


def test_a_time_without_date_belongs_to_the_scan_day_or_the_day_before(facts_with) -> None:
    assert injected(facts_with(injected_at=None, injected_time=dt.time(8, 30))) == (at("08:30"), set())
    yesterday = DAY - dt.timedelta(days=1)
    facts = facts_with(injected_at=None, injected_time=dt.time(23, 50), slices=beds("00:50"))
    assert injected(facts, scanned=at("00:50")) == (at("23:50", yesterday), {"MIDNIGHT"})


def test_a_long_lived_nuclide_needs_a_date(facts_with) -> None:
    facts = facts_with(injected_at=None, injected_time=dt.time(8, 30))
    assert injected(facts, life_s=282_240.0) == (None, {"DATE_REQUIRED"})


def test_the_scanner_private_time_is_the_last_resort(facts_with) -> None:
    facts = facts_with(injected_at=None, ge_injected_at=at("08:31"))
    assert injected(facts) == (at("08:31"), {"GE_INJECTION_USED"})


def test_a_time_at_the_root_is_never_used(facts_with) -> None:
    facts = facts_with(injected_at=None, root_injection_time="083000")
    assert injected(facts) == (None, {"ROOT_INJECTION_TIME_IGNORED", "INJECTION_TIME_MISSING"})


def test_a_shifted_date_is_repaired_only_when_the_protocol_allows(facts_with) -> None:
    other = dt.date(1999, 1, 1)
    facts = facts_with(injected_at=at("08:30", other))
    assert injected(facts) == (at("08:30", other), set())
    assert injected(facts, protocol=SuvProtocol(repair_date_shift=True)) == (at("08:30"), {"DATE_SHIFT"})
    late = facts_with(injected_at=at("23:30", other))
    assert injected(late, protocol=SuvProtocol(repair_date_shift=True)) == (at("23:30", other), set())
    night = injected(late, scanned=at("00:30"), protocol=SuvProtocol(repair_date_shift=True))
    assert night == (at("23:30", DAY - dt.timedelta(days=1)), {"DATE_SHIFT"})
