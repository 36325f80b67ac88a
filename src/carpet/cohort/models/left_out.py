"""Models tested on patients they have not seen: nested cross-validation, and one site left out after the other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from carpet.cohort import notices
from carpet.cohort.models.candidates import Candidates
from carpet.cohort.models.fitting import fits
from carpet.cohort.models.measures import areas, measured, times
from carpet.cohort.models.pipeline import Pipeline
from carpet.cohort.models.samples import dealt_folds
from carpet.cohort.survival import FloatArray, IntArray
from carpet.core.errors import Refused

FOLDS = 5  # [P] of the outer split
REPEATS = 5  # [P] of the whole nested validation, each with other folds
LEAST_SITES = 3  # METHODS G.5


@dataclass(frozen=True, eq=False)
class LeftOut:
    """block (r, n): the fold or site each patient was left out with, in each repeat. risk and free (r, n): what the others' model says
    of the patient: linear predictor, and probability to be free of the event after the day; NaN where there was no such model.
    """

    block: IntArray
    risk: FloatArray
    free: FloatArray
    day: int

    @property
    def risks(self) -> FloatArray:
        """Each patient's risk of the event by the day (n,), the mean over repeats."""
        found: FloatArray = 1.0 - self.free.mean(axis=0)
        return found


def nested(pipeline: Pipeline, table: Candidates, *, day: int, seed: int, folds: int = FOLDS, repeats: int = REPEATS) -> LeftOut:
    """Patients split, events and censored alike; every step, also the choice of the penalty, on the other folds. Refused as `fits`."""
    block = np.stack([dealt_folds(table.survival.event, folds, seed=seed + 1_000 * (1 + k)) for k in range(repeats)])
    return _left_out(pipeline, table, block, day=day, seed=seed)


def by_site(pipeline: Pipeline, table: Candidates, *, day: int, seed: int) -> LeftOut:
    """Each site by the model of the others.

    Raises Refused: SITES_TOO_FEW (three at least), SITE_UNKNOWN where the pipeline harmonises sites: of one left out it knows nothing.
    """
    sites = 0 if table.site is None else int(np.unique(table.site).size)
    if table.site is None or sites < LEAST_SITES:
        raise Refused(notices.SITES_TOO_FEW.at("site", f"{sites} sites"))
    if pipeline.harmonised:
        raise Refused(notices.SITE_UNKNOWN.at("site", "the one left out"))
    return _left_out(pipeline, table, table.site[None, :], day=day, seed=seed)


def _left_out(pipeline: Pipeline, table: Candidates, block: IntArray, *, day: int, seed: int) -> LeftOut:
    blocks = np.unique(block)
    weight = np.concatenate([(block != one).astype(np.int64) for one in blocks.tolist()])
    found = fits(pipeline, table, weight, day=day, seed=seed)
    risk, free = np.full(block.shape, np.nan), np.full(block.shape, np.nan)
    for k, one in enumerate(blocks.tolist()):
        rows = slice(k * block.shape[0], (k + 1) * block.shape[0])
        risk, free = np.where(block == one, found.risk[rows], risk), np.where(block == one, found.free[rows], free)
    return LeftOut(block, risk, free, day)


def performances(table: Candidates, found: LeftOut, weight: IntArray | None = None) -> FloatArray:
    """The measures (5,) of the predictions of patients left out, mean (of slopes: median) over repeats; (B, 5) with weight (B, n), how
    often each patient is drawn.

    Pairs and slopes are taken among patients left out together: linear predictors of two models cannot be compared.
    """
    drawn = np.ones((1, table.patients), dtype=np.int64) if weight is None else weight
    each = []
    for block, risk, free in zip(found.block, found.risk, found.free, strict=True):
        at = times(table.survival, day=found.day, block=block)
        each.append(measured(at, drawn, np.broadcast_to(risk, drawn.shape), np.broadcast_to(free, drawn.shape)))
    stacked = np.stack(each)
    found_each = np.concatenate([stacked[:, :, :-1].mean(axis=0), np.median(stacked[:, :, -1:], axis=0)], axis=1)
    return found_each[0] if weight is None else found_each


def areas_over_time(table: Candidates, found: LeftOut, days: Sequence[int], weight: IntArray | None = None) -> FloatArray:
    """The AUC (d,) of these predictions on each day, mean over repeats; (B, d) with weight (B, n), how often each patient is drawn.

    On the day of the predictions it is the AUC of `performances`. NaN where there is no case or no control.
    """
    drawn = np.ones((1, table.patients), dtype=np.int64) if weight is None else weight
    each = [
        areas(times(table.survival, day=found.day, block=block), days, drawn, np.broadcast_to(risk, drawn.shape))
        for block, risk in zip(found.block, found.risk, strict=True)
    ]
    mean: FloatArray = np.stack(each).mean(axis=0)
    return mean[0] if weight is None else mean
