"""Truth: real headers (ACRIN-042, cornerstone's metadata): the words and private elements a vendor writes."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path

import pydicom
import pytest
from pydicom.dataset import Dataset

from carpet.testing.timing import Visit
from carpet.testing.vendors import GE, PHILIPS, SIEMENS, VENDORS, Vendor, date

AT = dt.datetime(2024, 3, 14, 9, 5, 7)


@pytest.mark.parametrize(("vendor", "written"), [(SIEMENS, "090507.000000"), (GE, "090507.00"), (PHILIPS, "090507")])
def test_time_formats(vendor: Vendor, written: str) -> None:
    assert vendor.time(AT) == written
    assert vendor.date_time(AT) == "20240314" + written
    assert date(AT) == "20240314"


def test_no_microsecond_is_lost() -> None:
    assert {vendor.time(AT.replace(microsecond=1)) for vendor in VENDORS.values()} == {"090507.000001"}


def test_private_times_of_ge_and_siemens() -> None:
    visit = Visit(injected_at=AT, uptake_min=60.0)
    ge, siemens = Dataset(), Dataset()
    GE.private(ge, visit)
    SIEMENS.private(siemens, visit)
    assert ge[0x0009, 0x0010].value == "GEMS_PETD_01"
    assert ge[0x0009, 0x100D].value == "20240314100507.00"
    assert ge[0x0009, 0x103B].value == "20240314090507.00"
    assert siemens[0x0071, 0x0010].value == "SIEMENS MED PT"
    assert siemens[0x0071, 0x1022].value == "20240314100507.000000"


@pytest.mark.shared
def test_ge_writes_the_elements_of_a_real_ge(shared_data: Path) -> None:
    real = pydicom.dcmread(next(iter(sorted((shared_data / "acrin042_ge" / "PT_AC_BQML").glob("*.dcm")))), stop_before_pixels=True)
    ours = Dataset()
    GE.private(ours, Visit())
    for element in ours:
        assert element.tag in real
        assert element.VR == real[element.tag].VR
    assert real.Manufacturer == GE.manufacturer


@pytest.mark.shared
@pytest.mark.parametrize(("file", "vendor"), [("SIEMENS", SIEMENS), ("GE_MEDICAL_AND_BQML", GE), ("PHILIPS_CNTS_AND_SUV", PHILIPS)])
def test_units_and_corrections_of_real_series(shared_data: Path, file: str, vendor: Vendor) -> None:
    real = json.loads((shared_data / "calculate_suv_metadata" / f"{file}-instances.json").read_text())[0]
    assert real["Units"] == vendor.units
    assert set(real["CorrectedImage"]) == set(vendor.corrections)
    assert ("RadiopharmaceuticalStartDateTime" not in real) == vendor.start_time_only
