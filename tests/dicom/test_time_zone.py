"""Truth: closed form; a phantom whose injection is written in another zone than its scan."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest

from carpet.dicom.series import catalogue
from carpet.dicom.values import MalformedValue, UnknownZone, datetime_of, zone_of
from carpet.testing import Storage, simple_phantom, write_study

HOUR = dt.timedelta(hours=1)
NINE = dt.datetime(2024, 3, 14, 9, 0)


@pytest.mark.parametrize(
    ("text", "study_zone", "beside", "local"),
    [
        ("20240314090000", None, None, NINE),
        ("20240314090000", 2 * HOUR, None, NINE),
        ("20240314090000+0200", 2 * HOUR, None, NINE),
        ("20240314070000+0000", 2 * HOUR, None, NINE),
        ("20240314023000.0-0430", 2 * HOUR, None, NINE),
        ("20240313230000-1000", 0 * HOUR, None, NINE),
        ("20240314090000+0200", None, dt.time(9, 0, 30), NINE),
    ],
)
def test_local_time(text, study_zone, beside, local) -> None:
    assert datetime_of(text, study_zone=study_zone, beside=beside) == local


def test_nobody_can_tell() -> None:
    with pytest.raises(UnknownZone):
        datetime_of("20240314070000+0000")
    with pytest.raises(UnknownZone):
        datetime_of("20240314070000+0000", beside=dt.time(9, 0))


@pytest.mark.parametrize(("text", "hours"), [("+0200", 2), ("-0330", -3.5), ("", None), ("20240314", None)])
def test_zone(text, hours) -> None:
    assert zone_of(text) == (None if hours is None else hours * HOUR)


@pytest.mark.parametrize("text", ["+0275", "+1500", "-2300"])
def test_zones_that_are_none(text) -> None:
    with pytest.raises(MalformedValue):
        zone_of(text)


@pytest.mark.parametrize(("zone", "code"), [("+0200", None), (None, "TIME_ZONE_UNKNOWN")])
def test_an_injection_written_in_utc(tmp_path: Path, zone: str | None, code: str | None) -> None:
    stored: list[dt.datetime] = []

    def in_utc(header, index: int) -> None:
        (item,) = header.get("RadiopharmaceuticalInformationSequence", [None])
        if item is None:
            return
        local = dt.datetime.strptime(item.RadiopharmaceuticalStartDateTime[:14], "%Y%m%d%H%M%S")
        stored.append(local)
        item.RadiopharmaceuticalStartDateTime = f"{local - 2 * HOUR:%Y%m%d%H%M%S}+0000"
        if "RadiopharmaceuticalStartTime" in item:
            del item.RadiopharmaceuticalStartTime
        if zone:
            header.TimezoneOffsetFromUTC = zone

    written = write_study(simple_phantom(), tmp_path, storage=Storage(with_ct=False), edit=in_utc)
    (series,) = catalogue([tmp_path / path for path in written.pet_files]).series
    assert series.pet is not None
    assert [notice.code for notice in series.refusals] == ([code] if code else [])
    if code is None:
        assert series.pet.injected_at is not None
        assert series.pet.injected_at.value == stored[0]
