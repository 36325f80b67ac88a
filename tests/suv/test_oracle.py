"""Truth: validation/suv_oracle.py, a literal implementation of the same definitions that shares no code with the engine."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable
from types import ModuleType

import pytest

# Where the two may differ, and why; anything else is a fault of one of them. See docs/decisions/0013.
EXPLAINED = {
    "UPTAKE_OUTSIDE_WINDOW": "the engine also flags the uptake time of values that are SUV already",
    "NOT_DECAYED": "the engine refuses stored SUV without decay correction",
    "DECAY_CORRECTION_UNKNOWN": "the engine reads DecayCorrection of stored SUV too",
    "DERIVED_IMAGE": "SeriesType without a second value: flagged, not refused",
    "DYNAMIC_OR_GATED": "SeriesType absent: flagged, not refused",
    "UPTAKE_IMPLAUSIBLE": "nuclides that live longer than F-18 may be scanned later than 6 h",
    "TREF_DISAGREE, refused": "a series time of another half of the day is no candidate",
    "SERIES_TIME_REWRITTEN": "the same, as a flag",
    "TREF_UNKNOWN": "a named series time of another half of the day is refused",
    "COUNTS_NOT_DECAYED": "called NOT_DECAYED",
    "NUMBERS differ by less than 0.1 %": "a stamp up to 1 s after the first acquisition counts as the first acquisition",
}
HEADERS = 3000


@pytest.fixture(scope="module")
def script(from_checkout: Callable[[str], ModuleType]) -> ModuleType:
    return from_checkout("validation/suv_oracle.py")


def test_engine_and_oracle_agree_on_generated_headers(script: ModuleType) -> None:
    rng = random.Random(7)  # noqa: S311 - test headers
    outcomes: Counter[str] = Counter()
    numbers = 0
    for _ in range(HEADERS):
        facts = script.header(rng)
        outcomes[script.compare(facts, "auto", False)] += 1
        numbers += script.oracle(facts)[0] is not None
    assert numbers > HEADERS / 3
    assert outcomes[""] > 0.8 * HEADERS
    unexplained = {outcome: n for outcome, n in outcomes.items() if outcome and not any(code in outcome for code in EXPLAINED)}
    assert unexplained == {}
