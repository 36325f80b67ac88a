"""Truth: Cheson 2014, Younes 2017 and the other tables, for findings that leave one answer; found by hand."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from carpet.clinical import ClinicalTables, Patient
from carpet.clinical.ct_targets import CtTarget
from carpet.clinical.readings import Reading
from carpet.clinical.scans import ScanRow
from carpet.core.protocol import Protocol
from carpet.lesions.alignment import Confidence
from carpet.lesions.tracks import Appeared, Event
from carpet.run.trial.course import Scan, course_of
from carpet.run.trial.response import response_rows
from carpet.run.trial.tracks import CourseTracks

ScanAt = Callable[..., Any]
INFUSED = dt.date(2024, 3, 1)
A = Patient(patient_id="A", infusion_date=INFUSED, bridging=False)


def on(day: int) -> dt.date:
    return INFUSED + dt.timedelta(days=day)


def target(day: int, ldi: float, sdi: float, name: str = "n1", status: str = "present") -> CtTarget:
    return CtTarget(patient_id="A", date=on(day), lesion=name, kind="node", ldi_mm=ldi, sdi_mm=sdi, target=True, status=status)


def read(day: int, **said: Any) -> Reading:
    return Reading(patient_id="A", date=on(day), reader="R", **said)


def _tracks(scans: list[Any], residual: tuple[float, str]) -> tuple[dict[str, Any], ...]:
    """One lesion on the first scan, and what is left at its place on all later ones."""
    left = {"residual_suv_max": residual[0], "residual_above": residual[1], "residual_reason_missing": "", "into": "", "track": "T01"}
    return tuple({"study_uid": one.study_uid, "day": one.day, "lesion_ids": [] if n else ["L01"], **left} for n, one in enumerate(scans))


def rows_of(
    scans: list[Any],
    readings: tuple[Reading, ...] = (),
    ct: tuple[CtTarget, ...] = (),
    appeared: Mapping[str, Any] | None = None,
    accepted: tuple[ScanRow, ...] = (),
    patient: Patient = A,
    residual: tuple[float, str] = (0.8, "no"),
) -> dict[tuple[str, str, str], Any]:
    course = course_of(patient, scans, ClinicalTables((patient,), ct_targets=ct, readings=readings, scans=accepted), Protocol())
    rows, _ = response_rows(course, Protocol(), tracks=CourseTracks(_tracks(scans, residual), appeared or {}, step="made"))
    found = {(row["timepoint"], row["criterion"].partition("@")[0], row["assessor"]): row for row in rows}
    assert len(found) == len(rows)
    return found


def test_every_criterion_by_every_assessor_has_exactly_one_row(scan_at: ScanAt) -> None:
    rows = rows_of([scan_at(-2, suv_max=10.0), scan_at(29, suv_max=3.0)], (read(29, deauville="4"),))
    names = {"deauville", "lugano_pet", "lugano_ct", "lugano", "lyric", "recil", "cheson2007"}
    assert {key[1] for key in rows if key[2] == "carpet"} == names | {"qpet", "percist", "delta_suv_max"}
    assert {key[1] for key in rows if key[2] == "reader R"} == names
    assert all(row["because"] for row in rows.values())
    assert rows["M1", "lugano_ct", "carpet"]["because"] == "no CT was measured (ct_targets.csv)"


def test_the_numbers_alone(scan_at: ScanAt) -> None:
    # liver 2.0: 3.0 is above it and not twice it; 10 → 3 is a fall of 70 %
    rows = rows_of([scan_at(-2, suv_max=10.0), scan_at(29, suv_max=3.0, suv_peak=2.6)])
    said = [rows["M1", name, "carpet"]["category"] for name in ("deauville", "lugano_pet", "lugano", "qpet")]
    assert said == ["4", "PMR", "PR", "4"]
    assert rows["M1", "qpet", "carpet"]["value"] == 2.6 / 2.0
    assert "NEW_LESIONS_NOT_READ" in rows["M1", "lugano_pet", "carpet"]["flags"]


def test_ct_decides_where_the_lymphoma_is_not_fdg_avid(scan_at: ScanAt) -> None:
    """METHODS D.5: variably avid histology: CT decides. 40 × 20 to 24 × 16 mm is 52 % less; the PET has risen by 50 %."""
    scans, ct = [scan_at(-2, suv_max=10.0), scan_at(29, suv_max=15.0)], (target(-2, 40, 20), target(29, 24, 16))
    names = ("lugano_pet", "lugano_ct", "lugano", "lyric", "recil", "cheson2007")

    def said(patient: Patient) -> list[str]:
        rows = rows_of(scans, ct=ct, patient=patient)
        return [rows["M1", name, "carpet"]["category"] for name in names]

    assert said(A) == ["PMD", "PR", "PD", "IR3", "PR", "PR"]
    assert said(replace(A, fdg_avid=False)) == ["PMD", "PR", "PR", "PR", "PR", "PR"]
    assert said(replace(A, histology="CLL")) == said(replace(A, fdg_avid=False))
    without_ct = rows_of(scans, patient=replace(A, fdg_avid=False))
    assert without_ct["M1", "lugano", "carpet"]["category"] == "NE"


def test_percist_in_sul(scan_at: ScanAt) -> None:
    # SUL is 0.75 SUV: peak 6.0 → 3.0, half and 3.0 lower; measurable from 1.5 · 1.5 + 2 · 0.075 = 2.4
    rows = rows_of([scan_at(-2, suv_peak=8.0, tlg=10.0), scan_at(29, suv_peak=4.0, tlg=5.0)])
    assert rows["M1", "percist", "carpet"]["category"] == "PMR"
    # liver SUL 1.5 → 2.25: the scans cannot be compared
    rows = rows_of([scan_at(-2, suv_peak=8.0), scan_at(29, suv_peak=4.0, liver=3.0)])
    assert rows["M1", "percist", "carpet"]["rule"] == "PCT-NE-comparable"


def test_a_reader_stands_beside_the_numbers(scan_at: ScanAt) -> None:
    scans = [scan_at(-2, suv_max=10.0), scan_at(29, suv_max=3.0)]
    rows = rows_of(scans, (read(29, deauville="3", new_lesions=False),))
    assert rows["M1", "lugano_pet", "reader R"]["category"] == "CMR"
    assert rows["M1", "lugano", "reader R"]["category"] == "CR"
    assert rows["M1", "lugano_pet", "carpet"]["category"] == "PMR"
    assert "NEW_LESIONS_NOT_READ" not in rows["M1", "lugano_pet", "carpet"]["flags"]
    rows = rows_of(scans, (read(29, deauville="3", metabolic_response="PMR"),))
    assert (rows["M1", "lugano_pet", "reader R"]["category"], rows["M1", "lugano_pet", "reader R"]["rule"]) == ("PMR", "READING")
    assert "READING_DIFFERS" in rows["M1", "lugano_pet", "reader R"]["flags"]
    rows = rows_of(scans, (read(29, new_lesions=True, ct_response="SD"),))
    assert rows["M1", "lugano_pet", "carpet"]["category"] == "PMD"
    assert (rows["M1", "lugano_ct", "reader R"]["category"], rows["M1", "lugano", "reader R"]["category"]) == ("SD", "PD")


def test_nothing_found_is_said_with_what_was_not_looked_for(scan_at: ScanAt) -> None:
    gone = rows_of([scan_at(-2, suv_max=10.0), scan_at(29, suv_max=None)])["M1", "deauville", "carpet"]
    assert (gone["category"], "NEW_FAINT_NOT_SOUGHT" in gone["flags"]) == ("1", True)
    hot_liver = rows_of([scan_at(-2, suv_max=10.0), scan_at(29, suv_max=None, liver=4.5)])["M1", "deauville", "carpet"]
    assert "NEW_FAINT_NOT_SOUGHT" not in hot_liver["flags"]
    open_ = rows_of([scan_at(-2, suv_max=10.0), scan_at(29, suv_max=None, undecided=5.0)])
    assert open_["M1", "deauville", "carpet"]["category"] == "NE"
    assert open_["M1", "lugano", "carpet"]["category"] == "NE"


def test_what_is_left_where_disease_lay_decides_every_criterion(scan_at: ScanAt) -> None:
    """SPD 1200 → 300 mm², diameters 40 → 20 mm; SUVmax 10 → 1.7 or 3.0 over a blood pool of 1.5 and a liver of 2."""
    ct = (target(-2, 40, 30), target(29, 20, 15))
    scans = [scan_at(-2, suv_max=10.0, suv_peak=8.0), scan_at(29, suv_max=None, suv_peak=None)]
    names = ("deauville", "lugano_pet", "lugano", "lyric", "recil", "cheson2007", "qpet", "percist")

    def said(suv_max: float, above: str) -> list[str]:
        rows = rows_of(scans, ct=ct, residual=(suv_max, above))
        return [rows["M1", name, "carpet"]["category"] for name in names]

    assert said(1.7, "no") == ["1", "CMR", "CR", "CR", "CR", "CR", "1-2", "CMR"]
    assert said(1.7, "yes") == ["3", "CMR", "CR", "CR", "CR", "PR", "1-2", "PMR"]
    assert said(3.0, "yes") == ["4", "PMR", "PR", "PR", "PR", "PR", "NE", "PMR"]
    assert said(3.0, "unsure") == ["NE", "NE", "PR", "PR", "NE", "NE", "NE", "NE"]  # without PET the CT decides by Lugano
    assert rows_of(scans, residual=(3.0, "yes"))["M1", "delta_suv_max", "carpet"]["value"] == 70.0


def test_ct_alone_calls_a_time_point_without_pet(scan_at: ScanAt) -> None:
    ct = (target(-2, 40, 30), target(29, 20, 15), target(90, 40, 30))
    rows = rows_of([scan_at(-2, suv_max=10.0)], ct=ct)
    # 1200 → 300 → 1200 mm²
    assert [rows[name, "lugano_ct", "carpet"]["category"] for name in ("M1", "M3")] == ["PR", "PD"]
    assert [rows[name, "lugano", "carpet"]["category"] for name in ("M1", "M3")] == ["PR", "PD"]
    assert rows["M3", "deauville", "carpet"]["because"] == "no PET at this time point"
    assert ("M6", "lugano", "carpet") not in rows


def test_pet_and_ct_against_each_other(scan_at: ScanAt) -> None:
    rows = rows_of([scan_at(-2, suv_max=10.0), scan_at(29, suv_max=3.0)], ct=(target(-2, 20, 15), target(29, 40, 30)))
    assert rows["M1", "lugano", "carpet"]["category"] == "DISCORDANT"


def test_a_ct_row_that_cannot_be_is_refused_and_the_rest_goes_on(scan_at: ScanAt) -> None:
    ct = (target(-2, 40, 30), target(29, 20, 15), target(29, 20, 15, name="n2"))
    course = course_of(A, [scan_at(-2, suv_max=10.0), scan_at(29, suv_max=3.0)], ClinicalTables((A,), ct_targets=ct), Protocol())
    rows, refusals = response_rows(course, Protocol(), tracks=CourseTracks())
    assert [one.code for one in refusals] == ["CT_BASELINE_MISSING"]
    said = {row["criterion"].partition("@")[0]: row for row in rows}
    assert said["lugano_ct"]["because"] == "refused: CT_BASELINE_MISSING"
    assert said["lugano_pet"]["category"] == "PMR"


def test_without_baseline_or_with_a_refused_scan_nothing_is_silent(scan_at: ScanAt) -> None:
    rows = rows_of([scan_at(29, suv_max=3.0)])
    assert (rows["M1", "lugano_pet", "carpet"]["category"], rows["M1", "lugano_pet", "carpet"]["rule"]) == ("NE", "PET-NE-change")
    assert rows["M1", "percist", "carpet"]["because"] == "no baseline PET"
    rows = rows_of([scan_at(-2, suv_max=10.0), Scan("1.9", "s", 29, None, "k")])
    assert "was refused" in rows["M1", "deauville", "carpet"]["because"]
    assert rows["M1", "lugano", "carpet"]["category"] == "NE"


def new(*, small: bool = False, low: bool = False) -> Appeared:
    confidence = Confidence.LOW if low else Confidence.HIGH
    return Appeared("T2", ("L02",), Event.NEW, 0.5 if small else 5.0, small, confidence, "nothing was there")


def test_new_lesions_by_the_tracks(scan_at: ScanAt) -> None:
    scans = [scan_at(-2, suv_max=10.0), scan_at(29, suv_max=3.0)]
    sure = rows_of(scans, appeared={"1.2.29": (new(),)})
    assert [sure["M1", name, "carpet"]["category"] for name in ("deauville", "lugano_pet", "lugano")] == ["5", "PMD", "PD"]
    assert "NEW_LESIONS_NOT_READ" not in sure["M1", "lugano_pet", "carpet"]["flags"]
    none = rows_of(scans, appeared={"1.2.29": ()})["M1", "lugano_pet", "carpet"]
    assert (none["category"], none["flags"]) == ("PMR", [])
    for unsure in (new(small=True), new(low=True)):
        row = rows_of(scans, appeared={"1.2.29": (unsure,)})["M1", "lugano_pet", "carpet"]
        assert (row["category"], row["flags"]) == ("PMR", ["NEW_LESION_UNSURE"])
    lost = rows_of(scans, appeared={"1.2.29": None})["M1", "lugano_pet", "carpet"]
    assert (lost["category"], lost["flags"]) == ("PMR", ["NEW_LESIONS_NOT_READ"])


def test_the_reader_stands_above_the_tracks_and_both_are_kept(scan_at: ScanAt) -> None:
    scans = [scan_at(-2, suv_max=10.0), scan_at(29, suv_max=3.0)]
    rows = rows_of(scans, (read(29, deauville="4", new_lesions=False),), appeared={"1.2.29": (new(),)})
    assert [rows["M1", "lugano_pet", who]["category"] for who in ("carpet", "reader R")] == ["PMD", "PMR"]
    assert rows["M1", "lugano_pet", "reader R"]["flags"] == ["READING_DIFFERS"]
    silent = rows_of(scans, (read(29, deauville="4"),), appeared={"1.2.29": (new(),)})
    assert silent["M1", "lugano_pet", "reader R"]["category"] == "PMD"


def test_numbers_that_another_scanner_made_are_not_compared(scan_at: ScanAt) -> None:
    scans = [scan_at(-2, suv_max=20.0, suv_peak=16.0), scan_at(29, suv_max=3.0, suv_peak=2.6, voxel=2.0)]
    rows = rows_of(scans)
    said = {name: (rows["M1", name, "carpet"]["category"], rows["M1", name, "carpet"]["rule"]) for name in ("lugano_pet", "percist")}
    assert said == {"lugano_pet": ("NE", "PET-NE-recon"), "percist": ("NE", "PCT-NE-recon")}
    delta = rows["M1", "delta_suv_max", "carpet"]
    assert (delta["category"], delta["value"], "RECON_CHANGED" in delta["flags"]) == ("NE", None, True)
    assert [rows["M1", name, "carpet"]["category"] for name in ("deauville", "qpet")] == ["4", "4"]
    row = ScanRow(patient_id="A", date=on(29), accept_recon_change="Dr B")
    rows = rows_of(scans, accepted=(row,))
    assert [rows["M1", name, "carpet"]["category"] for name in ("lugano_pet", "percist")] == ["PMR", "PMR"]
    assert (rows["M1", "delta_suv_max", "carpet"]["value"], rows["M1", "delta_suv_max", "carpet"]["category"]) == (85.0, "REPORTED")
    assert "RECON_CHANGED_ACCEPTED" in rows["M1", "delta_suv_max", "carpet"]["flags"]
    assert "RECON_CHANGED" not in rows["M1", "delta_suv_max", "carpet"]["flags"]


def test_marrow_keeps_a_response_from_being_complete(scan_at: ScanAt) -> None:
    ct = (target(-2, 40, 30), target(31, 10, 8))
    scans = [scan_at(-2, suv_max=10.0), scan_at(29, suv_max=1.2)]
    assert rows_of(scans, ct=ct)["M1", "lugano_ct", "carpet"]["category"] == "CR"
    before = read(-2, marrow_involved=True)
    assert rows_of(scans, (before,), ct)["M1", "lugano_ct", "carpet"]["category"] == "PR"
    rows = rows_of(scans, (before, read(29, marrow_involved=False)), ct)
    assert [rows["M1", "lugano_ct", who]["category"] for who in ("carpet", "reader R")] == ["CR", "CR"]


def test_seven_targets_are_refused(scan_at: ScanAt) -> None:
    ct = tuple(target(day, 40, 30, name=f"n{number}") for day in (-2, 29) for number in range(7))
    rows = rows_of([scan_at(-2, suv_max=10.0), scan_at(29, suv_max=3.0)], ct=ct)
    assert rows["M1", "lugano_ct", "carpet"]["because"] == "refused: CT_TARGETS_TOO_MANY"
    assert rows["M1", "recil", "carpet"]["category"] == "NE"


def test_progression_confirmed_later_is_dated_back(scan_at: ScanAt) -> None:
    # 1200 → 1887 mm² on day 29 (+57 %: IR1), → 2760 on day 90 (+46 %, 9 mm more of a lesion of 51 mm: not yet), → 4200 on day 180
    ct = (target(-2, 40, 30), target(29, 51, 37), target(90, 60, 46), target(180, 70, 60))
    rows = rows_of([scan_at(-2, suv_max=10.0)], (read(29, clinical_deterioration=False),), ct)
    lyric = [rows[name, "lyric", "carpet"] for name in ("M1", "M3", "M6")]
    assert [row["category"] for row in lyric] == ["IR1", "IR1", "PD"]
    assert [row["rule"] for row in lyric] == ["LY-IR1", "LYF-IR1", "LYF-PD-IR1"]
    assert [row["dated_to_day"] for row in lyric] == [None, None, 29]
    assert {row["criterion"] for row in lyric} == {"lyric@1"}
    assert ["DATED_BACK" in row["flags"] for row in lyric] == [False, False, True]
    assert ["CLINICAL_COURSE_UNKNOWN" in row["flags"] for row in lyric] == [False, True, True]
    assert [rows[name, "lugano", "carpet"]["category"] for name in ("M1", "M3", "M6")] == ["PD"] * 3
    assert rows["M6", "lugano", "carpet"]["dated_to_day"] is None


def test_criteria_with_a_score_are_called_where_every_possible_score_agrees(scan_at: ScanAt) -> None:
    ct = (target(-2, 40, 30), target(29, 9, 8))
    scans = [scan_at(-2, suv_max=10.0), scan_at(29, suv_max=None, undecided=9.0)]
    rows = rows_of(scans, ct=ct)
    for name in ("recil", "cheson2007"):  # complete without uptake, partial with it
        assert (rows["M1", name, "carpet"]["category"], "UNDECIDED_REGION_HOTTER" in rows["M1", name, "carpet"]["flags"]) == ("NE", True)
    rows = rows_of(scans, ct=(target(-2, 40, 30), target(29, 39, 30)))
    assert [rows["M1", name, "carpet"]["category"] for name in ("recil", "lugano_ct")] == ["SD", "SD"]


def test_a_reader_who_starts_later_finds_what_the_numbers_left_open(scan_at: ScanAt) -> None:
    ct = (target(-2, 40, 30), target(29, 55, 40), target(90, 55, 40))  # 1200 → 2200 → 2200 mm²
    rows = rows_of([scan_at(-2, suv_max=10.0)], (read(90, clinical_deterioration=False),), ct)
    assert [rows["M3", "lyric", who]["rule"] for who in ("carpet", "reader R")] == ["LYF-IR1", "LYF-IR1"]


def test_a_marrow_that_a_reader_calls_involved_leaves_pet_open(scan_at: ScanAt) -> None:
    rows = rows_of([scan_at(-2, suv_max=10.0), scan_at(29, suv_max=1.0)], (read(29, deauville="2", marrow_involved=True),))
    assert [rows["M1", "lugano_pet", who]["rule"] for who in ("carpet", "reader R")] == ["PET-NE-marrow"] * 2
