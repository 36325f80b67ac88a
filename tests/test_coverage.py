"""Truth: closed form: what the simulation takes for true is integrated another way, and its judgement is tried on known shares."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "reference" / "coverage.md"
SMALL = 20


@pytest.fixture(scope="module")
def script(from_checkout: Callable[[str], ModuleType]) -> ModuleType:
    return from_checkout("validation/coverage.py")


@pytest.fixture(scope="module")
def found(script: ModuleType) -> Any:
    studies = [replace(one, share=0.25) if one.share < 1.0 else one for one in script.STUDIES]
    return script.everything(SMALL, studies)


def test_every_band_is_held_by_a_few_cohorts(script: ModuleType, found: Any) -> None:
    assert [(one.study.kind, one.question, one.yes, one.answered) for one in found if one.missed] == []
    assert {one.study.patients for one in found if "nothing" in one.study.kind} == {30, 80, 200}
    assert all(one.answered + one.refused in (SMALL, 5) for one in found)


def test_what_is_known_of_a_searched_cut_shows_already(found: Any) -> None:
    naive = [one.rate for one in found if one.question == "searched: naive P"]
    allowed = [one.rate for one in found if one.question == "searched: permutation P"]
    assert min(naive) >= 0.15
    assert max(allowed) <= 0.2


def test_a_wrong_interval_is_found_out(script: ModuleType) -> None:
    study = script.STUDIES[0]
    right, wrong, none = (script.Found(study, "Kaplan–Meier at day 365, log-log", yes, 1000, 0) for yes in (950, 880, 1000))
    assert not right.missed
    assert wrong.missed
    assert none.missed
    assert script.Found(study, "Kaplan–Meier at day 365, log-log", 0, 0, 1000).missed


def test_a_wide_band_hides_nothing(script: ModuleType) -> None:
    study = next(one for one in script.STUDIES if one.kind == "searched cut")
    short, fair = (script.Found(study, "searched cut, bootstrap", yes, 800, 0) for yes in (690, 752))
    assert not short.missed
    assert "no 95 % interval: searched cut, bootstrap, 100 patients: 86.2 %." in script.page(4000, (short,))
    assert "no 95 % interval: none." in script.page(4000, (fair,))


def test_a_size_above_five_is_said_though_its_band_is_held(script: ModuleType) -> None:
    study = next(one for one in script.STUDIES if one.kind == "marker that says nothing")
    above, fair, naive = (
        script.Found(study, f"searched: {name} P", yes, 4000, 0)
        for name, yes in (("permutation", 232), ("permutation", 200), ("naive", 1400))
    )
    assert not above.missed
    assert "above 5 %: searched: permutation P, 30 patients: 5.8 %." in script.page(4000, (above,))
    assert "above 5 %: none." in script.page(4000, (fair, naive))


def test_the_exit_status_tells_a_missed_band(
    script: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    study = script.STUDIES[0]
    held = {name: script.Band(0.0, 1.0, "all") for name in study.bands}
    never = {name: script.Band(0.0, 0.1, "none") for name in study.bands}
    for bands, status in ((held, 0), (never, 1)):
        monkeypatch.setattr(script, "STUDIES", (replace(study, bands=bands),))
        monkeypatch.setattr(script, "everything", lambda count: script.asked(script.STUDIES[0], 0, count))
        assert script.main(["50"]) == status
        assert ("**missed**" in capsys.readouterr().out) == bool(status)


def test_simulated_follow_up_has_the_survival_it_is_said_to_have(script: ModuleType) -> None:
    rng, many = np.random.default_rng(5), 40_000
    for ratio in (1.0, 2.5):
        survival = script.followed(rng, np.full(many, ratio))
        first = 100  # nobody is censored yet
        share = float((survival.days > first).mean())
        truth = (0.35 + 0.65 * math.exp(-first / 120.0)) ** ratio
        assert share == pytest.approx(truth, abs=4.0 * math.sqrt(truth * (1.0 - truth) / many))
        assert survival.days.max() <= 900


@pytest.mark.parametrize("censored", [True, False])
def test_the_true_concordance_is_that_of_very_many_patients(script: ModuleType, censored: bool) -> None:
    """Harrell's C of 8,000 patients estimates the one, Uno's to the horizon the other; errors below 0.006."""
    rng, many = np.random.default_rng(7), 8_000
    doublings, sites = script.SPREAD * rng.standard_normal(many), rng.random(many) < 0.4
    predictor = script.PER_DOUBLING * doublings + script.EXTRANODAL * sites
    survival = script.followed(rng, np.exp(predictor))
    if censored:
        seen = script.concordance_harrell(survival, predictor)
    else:
        seen = script.concordance_uno(survival, predictor, before=script.HORIZON)
    assert seen.value == pytest.approx(script.true_concordance(censored=censored), abs=0.015)
    assert seen.std_error < 0.006


@pytest.mark.parametrize(("events", "count", "low", "high"), [(0, 10, 0.0, 0.2775), (81, 263, 0.2553, 0.3662)])  # Newcombe 1998, table I
def test_intervals(script: ModuleType, events: int, count: int, low: float, high: float) -> None:
    assert script.interval(events, count) == pytest.approx((low, high), abs=1e-4)


def test_the_printed_page_asks_the_same_questions_and_misses_no_band(script: ModuleType) -> None:
    text = PAGE.read_text(encoding="utf-8")
    rows = re.findall(r"^\| (\d+) \| (.+?): (.+?) \| .+? \| ([\d.]+)–([\d.]+) \|", text, flags=re.MULTILINE)
    said = {(int(n), kind, question): (float(low), float(high)) for n, kind, question, low, high in rows}
    asked = {
        (study.patients, study.kind, question): (100 * band.low, 100 * band.high)
        for study in script.STUDIES
        for question, band in study.bands.items()
    }
    assert said.keys() == asked.keys()
    assert all(said[key] == pytest.approx(asked[key]) for key in asked)
    assert "**missed**" not in text
    assert text.startswith(script.page(4000, ()).partition("## Coverage")[0])
    assert "so no 95 % interval: searched cut, bootstrap, 100 patients: 8" in text
    assert text.endswith(f"Bands missed: 0 of {len(asked)}.\n")
