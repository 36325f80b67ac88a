"""Truth: days and categories at and beside each limit, by hand."""

from __future__ import annotations

import pytest

from carpet.response.called import Called
from carpet.response.early_progression import early_progression


def called(day: int, category: str, criterion: str = "lugano@1", assessor: str = "carpet") -> Called:
    return Called("M1", day, category, criterion, assessor, "LUG-PMD")


@pytest.mark.parametrize(("day", "fires"), [(0, False), (1, True), (45, True), (46, False)])
def test_within_the_first_months_window(day: int, fires: bool) -> None:
    found = early_progression([called(day, "PD")], last_day=45)
    assert [(one.code, one.day) for one in found] == ([("EARLY_PROGRESSION", day)] if fires else [])


def test_without_a_month_1_it_is_31_days() -> None:
    assert [len(early_progression([called(day, "PD")])) for day in (31, 32)] == [1, 0]


@pytest.mark.parametrize(
    ("category", "fires"), [("PD", True), ("PMD", True), ("IR1", False), ("SD", False), ("DISCORDANT", False), ("NE", False)]
)
def test_only_progression_is_one(category: str, fires: bool) -> None:
    assert bool(early_progression([called(29, category)], last_day=45)) is fires


def test_one_finding_a_scan_and_assessor_with_what_the_others_say() -> None:
    calls = [called(29, "PD"), called(29, "PMD", "lugano_pet@1"), called(29, "IR1", "lyric@1"), called(29, "PD", assessor="reader R")]
    one, other = early_progression(calls, last_day=45)
    assert one.because == "day 29, carpet: lugano@1 PD (LUG-PMD), lugano_pet@1 PMD (LUG-PMD); not by lyric@1 IR1"
    assert other.because == "day 29, reader R: lugano@1 PD (LUG-PMD)"


def test_progression_dated_back_stands_above_what_the_same_criterion_called_then() -> None:
    (one,) = early_progression([called(29, "IR1", "lyric@1"), called(29, "PD", "lyric@1")], last_day=45)
    assert one.because == "day 29, carpet: lyric@1 PD (LUG-PMD)"
