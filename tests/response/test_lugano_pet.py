"""Truth: worked example EX11, patients p1 to p5; METHODS D.4."""

from __future__ import annotations

import pytest

from carpet.response.deauville import Deauville
from carpet.response.lugano_pet import Change, LuganoPet, change_of_uptake, lugano_pet


@pytest.mark.parametrize(
    ("score", "baseline", "now", "new_focus", "category"),
    [
        ("3", 18.0, 2.5, False, "CMR"),  # p1, whatever mass is left
        ("4", 18.0, 7.0, False, "PMR"),  # p2, −61.1 %
        ("5", 12.0, 12.5, False, "NMR"),  # p3, +4.2 %
        ("5", 12.0, 17.0, False, "PMD"),  # p4, +41.7 %
        ("2", 12.0, 2.0, True, "PMD"),  # p5, one new focus
        ("4", 10.0, 7.0, False, "PMR"),  # −30 % exactly
        ("4", 10.0, 7.01, False, "NMR"),
        ("5", 10.0, 13.0, False, "PMD"),
        ("X", 10.0, 7.0, False, "NE"),
    ],
)
def test_metabolic_response(score: str, baseline: float, now: float, new_focus: bool, category: str) -> None:
    assert lugano_pet(LuganoPet(Deauville(score), change_of_uptake(baseline, now), new_focus)).category == category


def test_what_is_not_known_is_not_called() -> None:
    assert lugano_pet(LuganoPet(None, Change.FELL, False)).rule == "PET-NE-score"
    assert lugano_pet(LuganoPet(Deauville.DS4, None, False)).rule == "PET-NE-change"
    assert lugano_pet(LuganoPet(Deauville.DS3, None, False)).category == "CMR"


def test_another_scanner_takes_the_comparison_and_nothing_else() -> None:
    assert lugano_pet(LuganoPet(Deauville.DS4, None, False, same_imaging=False)).rule == "PET-NE-recon"
    assert lugano_pet(LuganoPet(Deauville.DS3, None, False, same_imaging=False)).category == "CMR"
    assert lugano_pet(LuganoPet(Deauville.DS4, None, True, same_imaging=False)).category == "PMD"


def test_another_limit_may_be_named() -> None:
    assert change_of_uptake(10.0, 7.5, significant_percent=25.0) is Change.FELL
    assert change_of_uptake(10.0, 7.5) is Change.STEADY


def test_an_involved_marrow_is_no_complete_response() -> None:
    assert lugano_pet(LuganoPet(Deauville.DS2, None, False, marrow_involved=True)).rule == "PET-NE-marrow"
    assert lugano_pet(LuganoPet(Deauville.DS4, Change.FELL, False, marrow_involved=True)).category == "PMR"
    assert lugano_pet(LuganoPet(Deauville.DS2, None, True, marrow_involved=True)).category == "PMD"
