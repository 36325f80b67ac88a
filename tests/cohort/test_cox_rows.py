"""Truth: closed form: who is tied, at risk and not yet in, counted row by row."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from carpet.cohort.cox_rows import batch, ordered
from carpet.cohort.survival import Survival
from carpet.core.errors import ProtocolError


def test_ties_and_fractions_by_hand() -> None:
    survival = Survival.of([5, 3, 5, 5, 9], [1, 0, 0, 1, 1])
    data = ordered(survival, np.arange(5.0)[:, None], strata=np.zeros(5, dtype=np.int64))
    assert data.order.tolist() == [1, 0, 3, 2, 4]  # deaths before who is censored that day
    rows = batch(data, np.arange(5)[None, :], ties="efron")
    assert rows.at.tolist() == [1, 2, 4]
    assert rows.fraction.tolist() == [0.0, 0.5, 0.0]
    assert rows.first.tolist() == [1, 1, 4]
    assert rows.dead_end.tolist() == [3, 3, 5]
    assert rows.tied_end.tolist() == [[1, 4, 4, 4, 5]]
    assert batch(data, np.arange(5)[None, :], ties="breslow").fraction.tolist() == [0.0, 0.0, 0.0]


def test_numbers_at_risk_of_every_death_with_entry_and_strata(rows: dict[str, Any]) -> None:
    stop, start, strata = rows["stop"], rows["start"], (rows["site"] == "B").astype(np.int64)
    survival = Survival.of(stop, rows["event"], entry=start, patient=rows["patient"])
    data = ordered(survival, np.ones((stop.size, 1)), strata=strata)
    made = batch(data, np.stack([np.arange(stop.size)] * 2), ties="efron")
    ones = np.concatenate([np.arange(stop.size + 1)] * 2)
    assert made.waiting_end is not None
    assert made.waiting_from is not None
    at_risk = ones[made.stratum_end] - ones[made.first] - (ones[made.waiting_end] - ones[made.waiting_from])
    deaths = data.order[np.concatenate([made.at[: made.at.size // 2]] * 2)]
    by_hand = [((stop >= stop[i]) & (start < stop[i]) & (strata == strata[i])).sum() for i in deaths]
    assert at_risk.tolist() == by_hand
    assert made.entered is not None
    met = made.tied_end[0] - made.entered[0]  # rows whose day lies within the row's own stretch
    for place in range(0, stop.size, 7):
        i = data.order[place]
        assert met[place] == ((stop > start[i]) & (stop <= stop[i]) & (strata == strata[i])).sum()


def test_unknown_ties() -> None:
    data = ordered(Survival.of([1, 2], [1, 1]), np.ones((2, 1)), strata=np.zeros(2, dtype=np.int64))
    with pytest.raises(ProtocolError, match="breslow"):
        batch(data, np.arange(2)[None, :], ties="exact")  # type: ignore[arg-type]
