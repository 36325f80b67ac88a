"""Truth: closed form: 2 to the power of the half-lives between reference and mean count; two public GE series."""

from __future__ import annotations

import datetime as dt
import math
from dataclasses import replace
from pathlib import Path

import pytest

from carpet.core.protocol import SuvProtocol
from carpet.core.study import Fact, SliceFacts
from carpet.run.opening import found_under
from carpet.suv.clock import mean_count_offset_s
from carpet.suv.decay_factor import decay_factor_check

LIFE_S = 6586.2
START = dt.datetime(2024, 3, 5, 9, 30)
BED_MS = 180_000.0


def beds(reference: dt.datetime, *, factors: tuple[float | None, ...] = ()) -> tuple[SliceFacts, ...]:
    """Three beds from START on, corrected to `reference`."""
    made = []
    for bed in range(3):
        at = START + dt.timedelta(minutes=3 * bed)
        since_s = (at - reference).total_seconds() + mean_count_offset_s(BED_MS / 1000, LIFE_S)
        factor = factors[bed] if factors else math.exp2(since_s / LIFE_S)
        made.append(SliceFacts(str(bed), 1.0, 0.0, at, None, BED_MS, factor))
    return tuple(made)


def said(facts, reference: dt.datetime) -> list[str]:
    return [notice.found for notice in decay_factor_check(facts, reference, LIFE_S)]


def test_a_factor_that_fits_is_silent(facts_with) -> None:
    assert said(facts_with(slices=beds(START)), START) == []
    injected = START - dt.timedelta(hours=1)
    assert said(facts_with(slices=beds(injected), decay_correction="ADMIN"), injected) == []


def test_values_corrected_to_the_injection_and_called_start(facts_with) -> None:
    (found,) = said(facts_with(slices=beds(START - dt.timedelta(hours=1))), START)
    assert found.endswith("changes SUV by 46 %")


def test_another_start_shows_from_5_percent(facts_with) -> None:
    facts = facts_with(slices=beds(START - dt.timedelta(minutes=8)))
    assert said(facts, START - dt.timedelta(minutes=1)) == []  # 7 min: 4.5 %
    assert len(said(facts, START)) == 1  # 8 min: 5.2 %


@pytest.mark.parametrize("factors", [(1.0, 1.0, 1.0), (None, 1.5, 1.6), (-2.0, 1.5, 1.6), (1e9, 1e9, 1e9)])
def test_what_tells_nothing(facts_with, factors: tuple[float | None, ...]) -> None:
    assert said(facts_with(slices=beds(START, factors=factors)), START) == []


def test_without_a_duration_or_decay_correction_nothing_is_compared(facts_with) -> None:
    far = START - dt.timedelta(hours=3)
    facts = facts_with(slices=tuple(replace(one, frame_duration_ms=None) for one in beds(START)))
    assert said(facts, far) == []
    assert said(facts_with(slices=beds(START), decay_correction="NONE"), far) == []
    assert said(replace(facts, decay_correction=None), far) == []


@pytest.mark.shared
@pytest.mark.parametrize("folder", ["acrin042_ge/PT_AC_BQML", "sts001_ge"])
def test_real_series_confirm_their_reference_and_contradict_another(shared_data: Path, folder: str) -> None:
    with found_under([shared_data / folder], SuvProtocol()) as found:
        decided = {uid: one for uid, one in found.quantifications.items() if one.reference.rule is not None}
        facts = {series.series_uid: series.pet for series in found.catalogue.series}
    ((uid, decided),) = decided.items()
    pet = facts[uid]
    assert decided.reference.at is not None
    assert decided.half_life is not None
    assert pet.decay_correction == Fact("START", "(0054,1102)")
    assert all(one.decay_factor for one in pet.slices)
    assert said_of(pet, decided.reference.at, decided.half_life.seconds) == []
    assert len(said_of(pet, decided.reference.at - dt.timedelta(hours=1), decided.half_life.seconds)) == 1


def said_of(pet, reference: dt.datetime, life_s: float) -> list[str]:
    return [notice.code for notice in decay_factor_check(pet, reference, life_s)]
