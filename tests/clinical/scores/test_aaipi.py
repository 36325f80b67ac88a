"""Truth: worked example EX15; Shipp 1993: three questions, not above 60 years."""

from __future__ import annotations

import itertools
from typing import Any

import pytest

from carpet.clinical.score import Scored
from carpet.core.record import Missing


@pytest.mark.shared
def test_the_worked_example(asked: Any, index_patients: Any) -> None:
    for facts, expected in index_patients.values():
        found = asked("aaipi", **facts)
        if isinstance(expected["aaIPI"], int):
            assert found.value == expected["aaIPI"]
        else:
            assert expected["aaIPI"] == "not defined for age > 60"
            assert (type(found), found.reason) == (Missing, "AGE_OVER_60")


def test_all_answers(asked: Any) -> None:
    for high in itertools.product((False, True), repeat=3):
        ldh, ecog, stage = high
        found = asked("aaipi", age_years=60, ldh_uln_ratio=1.5 if ldh else 1.0, ecog=1 + ecog, ann_arbor_stage=2 + stage)
        assert found == Scored(sum(high), str(sum(high)))
