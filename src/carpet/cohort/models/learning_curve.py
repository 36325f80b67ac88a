"""Would more patients help? A pipeline fitted to fewer patients than there are, and tested on those left over, again and again."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from carpet.cohort.models.candidates import Candidates
from carpet.cohort.models.fitting import fits
from carpet.cohort.models.measures import measured, names, times
from carpet.cohort.models.pipeline import Pipeline
from carpet.cohort.survival import IntArray
from carpet.core.errors import ProtocolError

SHARES = (0.5, 0.6, 0.7, 0.8, 0.9)  # [P] of the patients to learn from
SAMPLES = 100  # [P] splits at each size
LEAST_LEFT = 5  # [P] events among those left over, below which a C index is that of a few pairs


@dataclass(frozen=True, slots=True)
class Learnt:
    """One size: patients and events learnt from; of the splits that had the measure: the mean on patients left over, and their middle 80 %.

    The 80 % are the spread of the splits, no interval. value None: no split had it, or fewer than LEAST_LEFT events were left over.
    """

    model: str
    measure: str
    patients: int
    events: int
    value: float | None
    low: float | None
    high: float | None
    splits: int


def learning_curve(
    pipeline: Pipeline, table: Candidates, *, day: int, seed: int, shares: tuple[float, ...] = SHARES, samples: int = SAMPLES
) -> tuple[Learnt, ...]:
    """Splits drawn anew at each size, events and censored alike. All measures of `names`, size by size. Raises Refused as `fits`."""
    if not shares or not all(0.0 < share < 1.0 for share in shares):
        raise ProtocolError("shares of the patients lie between 0 and 1")
    at, found = times(table.survival, day=day), []
    for k, share in enumerate(shares):
        weight = _split(table.survival.event, share, samples, seed + k)
        made = fits(pipeline, table, weight, day=day, seed=seed)
        values = measured(at, 1 - weight, made.risk, made.free)
        size, events = int(weight[0].sum()), int(weight[0] @ (table.survival.event > 0))
        for name, column in zip(names(day), values.T, strict=True):
            kept = column[np.isfinite(column)] if table.events - events >= LEAST_LEFT else column[:0]
            if not kept.size:
                found.append(Learnt(pipeline.name, name, size, events, None, None, None, 0))
                continue
            middle = np.median(kept) if name == names(day)[-1] else kept.mean()
            low, high = np.quantile(kept, [0.1, 0.9])
            found.append(Learnt(pipeline.name, name, size, events, float(middle), float(low), float(high), int(kept.size)))
    return tuple(found)


def _split(event: IntArray, share: float, samples: int, seed: int) -> IntArray:
    """Weights (samples, n), 1 for patients learnt from; of events and of censored one at least on either side, where there are two."""
    rng = np.random.default_rng(seed)
    weight = np.zeros((samples, event.size), dtype=np.int64)
    for kind in (event > 0, event == 0):
        some = np.flatnonzero(kind)
        count = min(max(1, round(share * some.size)), max(1, some.size - 1)) if some.size else 0
        for row in weight:
            row[rng.permutation(some)[:count]] = 1
    return weight
