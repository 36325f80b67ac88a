"""Truth: closed form; R, with weights by hand."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from carpet.cohort.brier import brier
from carpet.cohort.kaplan_meier import kaplan_meier, survival_at
from carpet.cohort.survival import Survival
from carpet.core.errors import ProtocolError, Refused


def test_without_censoring_it_is_the_mean_square() -> None:
    rng = np.random.default_rng(14)
    days, chance = rng.integers(1, 100, 70), rng.uniform(0, 1, (70, 2))
    found = brier(Survival.of(days, [1] * 70), chance, days=[30, 60])
    free = days[:, None] > np.array([30, 60])
    assert found.score == pytest.approx(((free - chance) ** 2).mean(axis=0))
    share = free.mean(axis=0)
    assert found.null == pytest.approx(share * (1 - share))
    assert found.integrated == pytest.approx(found.score.mean())
    assert found.scaled == pytest.approx(1 - found.score / found.null)


def test_knowing_nothing_scores_nothing(survival: Survival) -> None:
    days = [200, 400, 600]
    curve = [one.survival for one in survival_at(kaplan_meier(survival), days)]
    found = brier(survival, np.tile(np.array(curve, dtype=float), (survival.rows, 1)), days=days)
    assert found.scaled == pytest.approx([0, 0, 0], abs=1e-12)
    assert found.integrated_scaled == pytest.approx(0, abs=1e-12)


def test_one_day_has_no_integral(survival: Survival) -> None:
    found = brier(survival, np.full(survival.rows, 0.5), days=300)
    assert found.score == pytest.approx([0.25])
    assert (found.integrated, found.integrated_scaled) == (None, None)


def test_wrong_calls(survival: Survival) -> None:
    with pytest.raises(Refused, match="PROBABILITY_RANGE"):
        brier(survival, np.full(survival.rows, 1.5), days=300)
    with pytest.raises(ProtocolError, match="rising"):
        brier(survival, np.full((survival.rows, 2), 0.5), days=[300, 200])
    with pytest.raises(Refused, match="DAY_WITHOUT_EVENTS"):
        brier(survival, np.full(survival.rows, 0.5), days=99_999)


@pytest.mark.r
def test_as_r(survival: Survival, patients: dict[str, Any], r: dict[str, Any]) -> None:
    free = np.exp(-0.5 * np.exp((patients["tmtv"] - patients["tmtv"].mean()) / 300.0))
    np.testing.assert_allclose(brier(survival, free, days=365).score[0], r["brier"][0], rtol=1e-6)
