"""Truth: Barrington 2014 J Clin Oncol 32:3048: the histologies that it sets apart, and names that must not be guessed at."""

from __future__ import annotations

import pytest

from carpet.clinical.avidity import RELIABLE, VARIABLE, reliably_avid


@pytest.mark.parametrize(
    "name",
    [
        *("CLL", "CLL/SLL", "Chronic lymphocytic leukaemia", "small lymphocytic lymphoma", "MZL", "Splenic marginal-zone lymphoma"),
        *("Waldenström macroglobulinaemia", "Waldenström's macroglobulinemia", "mycosis  fungoides", "MALT lymphoma"),
    ],
)
def test_variable(name: str) -> None:
    assert reliably_avid(name) is False


@pytest.mark.parametrize("name", ["DLBCL", "DLBCL, NOS", "Follicular lymphoma", "tFL", "Hodgkin lymphoma", "High-grade B-cell lymphoma"])
def test_reliable(name: str) -> None:
    assert reliably_avid(name) is True


@pytest.mark.parametrize("name", [None, "", "transformed CLL", "Richter transformation", "tMZL", "DLBCL from CLL", "lymphoma", "?"])
def test_what_is_in_neither_list_is_not_guessed(name: str | None) -> None:
    assert reliably_avid(name) is None


def test_no_name_is_in_both_lists_and_each_is_found_as_it_stands() -> None:
    assert not VARIABLE & RELIABLE
    assert {reliably_avid(name) for name in VARIABLE} == {False}
    assert {reliably_avid(name) for name in RELIABLE} == {True}
