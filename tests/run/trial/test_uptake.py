"""Truth: a region that nobody has decided may be the hottest disease: what follows, by hand."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from carpet.response.rule import Verdict
from carpet.run.trial.moments import NoCall
from carpet.run.trial.residuals import Left
from carpet.run.trial.uptake import Uptake, settled, undecided_tlg, unsettled, uptake, with_left

HOT = Uptake(3.0, 5.0, "L01 of day 29, SUVmax 5.0")


def test_only_a_hotter_region_matters(scan_at: Callable[..., Any]) -> None:
    assert uptake(scan_at(29, suv_max=3.0), "suv_max") == Uptake(3.0)
    assert uptake(scan_at(29, suv_max=3.0, undecided=2.9), "suv_max") == Uptake(3.0)
    assert uptake(scan_at(29, suv_max=3.0, undecided=5.0), "suv_max") == HOT
    assert uptake(scan_at(29, suv_max=None, undecided=5.0), "suv_max") == replace(HOT, disease=None)


def test_the_values_that_are_possible() -> None:
    assert (Uptake(3.0).possible, Uptake(None).possible, HOT.possible) == ((3.0,), (None,), (3.0, 5.0))


def test_what_is_left_where_disease_lay() -> None:
    left = Left(hottest=2.5, unsure=3.5, unknown="T03")
    assert Uptake(None, left=left).possible == (2.5, 3.5, math.inf)
    assert Uptake(None, 5.0, left=left).possible == (2.5, 5.0, 3.5, math.inf)
    assert Uptake(None, left=Left()).possible == (None,)
    # beside measured disease only what is hotter, and known
    assert Uptake(4.5, left=left).possible == (4.5,)
    assert Uptake(2.0, left=left).sure == 2.5
    assert (Uptake(None, left=left).open, Uptake(4.5, left=left).open, Uptake(None).open) == (left.open, "", "")
    assert with_left(Uptake(3.0), left) == Uptake(3.0, left=left)
    assert with_left(NoCall("why"), left) == NoCall("why")
    told = unsettled([Uptake(None, left=left)])
    assert told.flags == ("RESIDUAL_NOT_KNOWN",)
    assert told.because.endswith("change the call: SUVmax 3.5 there cannot be told from what goes on beyond it; T03")


def test_what_is_not_known_is_said(scan_at: Callable[..., Any]) -> None:
    assert uptake(scan_at(29), "suv_max") == NoCall("SUVmax: NOT_ASKED_FOR")
    scan = scan_at(29, suv_peak=3.0, undecided=5.0)
    region = scan.lesions[0]
    lost = replace(scan, lesions=(replace(region, payload={**region.payload, "suv_peak": None, "tlg_g": None}),))
    assert uptake(lost, "suv_peak") == NoCall("SUVpeak of an undecided region is not known", ("UNDECIDED_REGION_HOTTER",))
    assert undecided_tlg(lost) is None


def test_glycolysis_of_undecided_regions(scan_at: Callable[..., Any]) -> None:
    assert (undecided_tlg(scan_at(29)), undecided_tlg(scan_at(29, undecided=5.0))) == (0, 5.0)


@pytest.mark.parametrize(("categories", "expected"), [(["4"], "4"), (["4", "4"], "4"), (["4", "5"], None)])
def test_a_call_holds_where_all_possible_values_give_it(categories: list[str], expected: str | None) -> None:
    found = settled([Verdict("deauville@1", one, "DS", "") for one in categories], [HOT])
    assert (found.category if isinstance(found, Verdict) else None) == expected
    if expected is None:
        assert found == unsettled([HOT, Uptake(1.0), None])
        assert found.flags == ("UNDECIDED_REGION_HOTTER",)


def test_the_regions_are_named() -> None:
    assert unsettled([HOT, HOT]).because.endswith("call: L01 of day 29, SUVmax 5.0; L01 of day 29, SUVmax 5.0")
