"""Truth: closed form: the calendar, and what PS3.5 says of DA, DT, TM, AS and UI."""

from __future__ import annotations

import datetime as dt
import re
import uuid

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydicom.uid import UID

from carpet.dicom.deid.values import (
    MALFORMED,
    Alias,
    age_text,
    keyed,
    keyed_word,
    mapped_uid,
    number_text,
    shifted_date,
    shifted_datetime,
    time_text,
    zone_text,
)

SECRET, OTHER = b"s" * 32, b"t" * 32
DAYS = st.integers(1, 3650)
DATES = st.dates(dt.date(1911, 1, 1), dt.date(2100, 12, 31))


@given(DATES, DATES, DAYS)
def test_intervals_between_dates_are_exact(one: dt.date, other: dt.date, days: int) -> None:
    moved = [dt.datetime.strptime(shifted_date(f"{day:%Y%m%d}", days) or "", "%Y%m%d").date() for day in (one, other)]
    assert moved[0] - moved[1] == one - other
    assert (one - moved[0]).days == days


@given(DATES, DAYS, st.sampled_from(["", "10", "1011", "101112", "101112.5", "101112.123456"]), st.sampled_from(["", "+0100", "-1130"]))
def test_a_date_time_keeps_time_and_zone(day: dt.date, days: int, time: str, zone: str) -> None:
    moved = shifted_datetime(f"{day:%Y%m%d}{time}{zone}", days)
    assert moved == f"{day - dt.timedelta(days=days):%Y%m%d}{time}{zone}"


DATES_TOLD = [
    ("20240301", 1, "20240229"),
    ("20230301", 1, "20230228"),
    ("2024.03.01", 1, "2024.02.29"),
    ("20240101-20240131", 31, "20231201-20231231"),
    ("-20240131", 31, "-20231231"),
    ("2024", 1, None),
    ("202403", 1, None),
    ("2024-03-01", 1, MALFORMED),
    ("20240230", 1, MALFORMED),
    ("00010101", 1, MALFORMED),
    ("Zauberberg", 1, MALFORMED),
]


@pytest.mark.parametrize(("text", "days", "moved"), DATES_TOLD)
def test_dates(text: str, days: int, moved: str | None) -> None:
    assert shifted_date(text, days) == moved


@pytest.mark.parametrize(
    ("text", "moved"),
    [
        ("20240301101112.00+0100", "20240229101112.00+0100"),
        ("2024", None),
        ("202403", None),
        ("2024+0100", None),
        ("20240301 101112", MALFORMED),
        ("20241301", MALFORMED),
        ("4711-0815", None),  # as YYYY and an offset; nothing of it stays
        ("MRN", MALFORMED),
    ],
)
def test_date_times(text: str, moved: str | None) -> None:
    assert shifted_datetime(text, 1) == moved


@pytest.mark.parametrize(
    ("text", "stays"),
    [("10", True), ("101112.123456", True), ("10:11:12.5", True), ("1", False), ("101112.1234567", False), ("10h11", False)],
)
def test_times(text: str, stays: bool) -> None:
    assert time_text(text) == (text if stays else MALFORMED)


@pytest.mark.parametrize(
    ("text", "stays"),
    [
        ("70.5", True),
        ("-1.e-04", True),
        ("+.5", True),
        ("0.00007351088662", True),
        ("20958,0000415", False),
        ("4711-0815", False),
        ("9" * 30, False),
    ],
)
def test_numbers(text: str, stays: bool) -> None:
    assert number_text(text) == (text if stays else MALFORMED)


@pytest.mark.parametrize(
    ("text", "told"), [("058Y", "058Y"), ("089Y", "089Y"), ("090Y", "090Y"), ("104Y", "090Y"), ("104M", "104M"), ("58", None)]
)
def test_ages_above_89_are_one(text: str, told: str | None) -> None:
    assert age_text(text) == told


@pytest.mark.parametrize(("text", "told"), [("+0100", "+0100"), ("-1130", "-1130"), ("Berlin", MALFORMED)])
def test_zones(text: str, told: str) -> None:
    assert zone_text(text) == told


def test_a_mapped_uid_is_valid_the_same_again_and_another_with_another_secret() -> None:
    mapped = mapped_uid("1.2.3.4", SECRET)
    assert UID(mapped).is_valid
    assert uuid.UUID(int=int(mapped.removeprefix("2.25."))).version == 4
    assert mapped == mapped_uid("1.2.3.4", SECRET)
    assert len({mapped, mapped_uid("1.2.3.5", SECRET), mapped_uid("1.2.3.4", OTHER)}) == 3


@pytest.mark.parametrize("uid", ["", "1.2.840.10008.5.1.4.1.1.128", "1.2.840.10008.1.2.1", "1.2.840.10008.1.4.1.1"])
def test_registered_uids_stay(uid: str) -> None:
    assert mapped_uid(uid, SECRET) == uid


@pytest.mark.parametrize("uid", ["1.2.840.10008.4711.0815", "1.2.840.113619.2.55", "Zauberberg"])
def test_all_other_uids_are_mapped(uid: str) -> None:
    assert re.fullmatch(r"2\.25\.\d+", mapped_uid(uid, SECRET))


def test_keyed_words_tell_things_apart_and_nothing_else() -> None:
    assert keyed_word("SN-4711", SECRET, "D") == keyed_word("SN-4711", SECRET, "D")
    assert re.fullmatch(r"D-[0-9a-f]{12}", keyed_word("SN-4711", SECRET, "D"))
    assert keyed(SECRET, "a", "bc") != keyed(SECRET, "ab", "c")


def test_an_alias_does_not_show_its_secrets() -> None:
    assert repr(Alias("P-1", 4711, SECRET)) == "Alias(P-1)"
