"""Truth: numbers of scans written down here; changes in percent by hand, the same of the table as computed again."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from carpet.clinical import ClinicalTables, Patient
from carpet.core.protocol import Protocol
from carpet.run.cohort.columns import Cell
from carpet.run.cohort.markers import marker_cells
from carpet.run.cohort.stand_in import stand_in
from carpet.run.trial.course import course_of, kinetics_rows

from .conftest import INFUSED

Call = Callable[..., Any]
A = Patient(patient_id="A", infusion_date=INFUSED, bridging=True)


def cells(scans: list[Any], *, segmenter: str = "", patient: Patient = A) -> dict[str, Cell]:
    course = course_of(patient, scans, ClinicalTables((patient,)), Protocol())
    return marker_cells(course, stand_in(course, "TT"), kinetics_rows(course), segmenter)


def test_markers_are_those_of_the_main_delineation_with_what_must_be_known(scan_at: Call) -> None:
    values = {"tmtv": 12.5, "tlg": 80.0, "suv_max": 9.0, "sdmax": 0.1, "dmax": 150.0, "lesion_count": 2.0}
    found = cells([scan_at(-3, **values)])
    assert {name: found[name].value for name in values} == values
    assert {cell.flags for name, cell in found.items() if name in values} == {("UNREVIEWED",)}
    read = scan_at(-3, tmtv=12.5)
    read = replace(read, study=replace(read.study, payload=read.study.payload | {"status": "REVIEWED"}))
    assert cells([read])["tmtv"].flags == ()
    assert cells([read])["dmax"] == Cell(None, "NOT_ASKED_FOR")


def test_no_lesion_and_no_scan_are_two_reasons(scan_at: Call) -> None:
    assert cells([scan_at(-3, suv_max=None)])["suv_max"].reason == "NO_LESION"
    assert cells([scan_at(-40, suv_max=3.0)])["suv_max"].reason == "BASELINE_BEFORE_BRIDGING"


def test_changes_over_bridging_and_to_month_1(scan_at: Call) -> None:
    scans = [scan_at(-40, tmtv=50.0, suv_max=20.0), scan_at(-3, tmtv=100.0, suv_max=10.0), scan_at(29, tmtv=0.0, suv_max=None)]
    found = cells(scans)
    assert [found[name].value for name in ("tmtv_bridging_percent", "suv_max_bridging_percent", "tmtv_m1_percent")] == [
        100.0,
        -50.0,
        -100.0,
    ]
    assert found["tmtv_m1_percent"].flags == ("UNREVIEWED",)
    assert cells(scans[1:])["tmtv_bridging_percent"] == Cell(None, "NO_SCAN_AT_TIMEPOINT")


@pytest.mark.parametrize("change", [{}, {"voxel": 2.0}])
def test_another_delineation_goes_by_the_same_rules(scan_at: Call, change: dict[str, float]) -> None:
    def twice(scan: Any) -> Any:
        more = [replace(one, payload=one.payload | {"segmenter": "max41"}) for one in scan.values]
        return replace(scan, values=(*scan.values, *more))

    scans = [twice(scan_at(-3, tmtv=40.0, tlg=10.0)), twice(scan_at(29, tmtv=10.0, tlg=10.0, **change))]
    main, again = cells(scans), cells(scans, segmenter="max41")
    assert again == main
    assert again["tmtv_m1_percent"].value == (None if change else -75.0)
    assert again["tmtv_m1_percent"].reason == ("RECON_CHANGED" if change else "")
    assert cells(scans, segmenter="a50p")["tmtv"].reason == "NOT_ASKED_FOR"
    assert cells(scans, segmenter="a50p")["tmtv_m1_percent"].reason == "NOT_ASKED_FOR"
