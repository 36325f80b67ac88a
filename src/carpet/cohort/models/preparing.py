"""From the table with gaps to the covariates of a fit: harmonised, completed, cut and standardised in each sample's patients only."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from carpet.cohort import notices
from carpet.cohort.harmonisation import combat, harmonised, means_only
from carpet.cohort.maximal_log_rank import maximal_log_rank
from carpet.cohort.models.candidates import NO_SITE, Candidates
from carpet.cohort.models.imputation import Gaps, by_chained_equations, by_median, nelson_aalen
from carpet.cohort.models.pipeline import Pipeline
from carpet.cohort.survival import BoolArray, FloatArray, IntArray
from carpet.core.errors import ProtocolError, Refused


@dataclass(frozen=True, eq=False)
class Prepared:
    """S samples × M completed tables, sample by sample. weight (S·M, n). fit (S·M, n, p): standardised, completed with the outcome;
    predict: on the same scale, completed without it. flat (S·M, p): columns without spread. mean, scale (S·M, p). cut (S·M, p): the
    cut-points, NaN where none. usable (S·M,): whether every step could be done.
    """

    weight: IntArray
    fit: FloatArray
    predict: FloatArray
    flat: BoolArray
    mean: FloatArray
    scale: FloatArray
    cut: FloatArray
    usable: BoolArray


def check(pipeline: Pipeline, table: Candidates) -> None:
    """Raises Refused(SITE_UNKNOWN, SITE_TOO_SMALL), ProtocolError where a step is not possible with these patients at all."""
    if pipeline.harmonised:
        if table.site is None or (table.site == NO_SITE).any():
            raise Refused(notices.SITE_UNKNOWN.at("site", "some patients have none"))
        means_only(table.site)
    for name in (*pipeline.harmonised, *pipeline.cut):
        if int((table.of == table.terms.index(name)).sum()) != 1:
            raise ProtocolError(f"{name} has levels: it can be neither harmonised nor cut")


def prepared(pipeline: Pipeline, table: Candidates, weight: IntArray, *, seed: tuple[int, ...]) -> Prepared:
    """The covariates of samples by weight (S, n); table has the pipeline's terms only, in its order."""
    gaps_there = bool(np.isnan(table.values).any())
    copies = pipeline.imputations if gaps_there and pipeline.imputation == "chained" else 1
    weights = np.repeat(weight, copies, axis=0)
    values = np.broadcast_to(table.values, (weights.shape[0], *table.values.shape))
    usable = (weights * (table.survival.event > 0)).sum(axis=1) > 0
    if pipeline.harmonised:
        values, usable = _harmonised(pipeline, table, weights, usable)
    fit, predict = _completed(pipeline, table, Gaps(values, table.of, weights), seed) if gaps_there else (values, values)
    cut = np.full((weights.shape[0], table.values.shape[1]), np.nan)
    for name in pipeline.cut:
        column = int(np.flatnonzero(table.of == table.terms.index(name))[0])
        fit, predict, cut, usable = _cut(table, column, (fit, predict, cut, usable), weights)
    w = weights.astype(np.float64)
    total = np.maximum(w.sum(axis=1), 1.0)[:, None]
    mean = np.einsum("sn,snp->sp", w, fit) / total
    scale = np.sqrt(np.maximum(np.einsum("sn,snp->sp", w, (fit - mean[:, None, :]) ** 2) / total, 0.0))
    flat = scale <= 1e-9 * np.maximum(1.0, np.abs(mean))
    scale = np.where(flat, 1.0, scale)
    away = np.where(flat[:, None, :], 0.0, 1.0)
    fit, predict = ((each - mean[:, None, :]) / scale[:, None, :] * away for each in (fit, predict))
    return Prepared(weights, fit, predict, flat, mean, scale, cut, usable)


def _completed(pipeline: Pipeline, table: Candidates, gaps: Gaps, seed: tuple[int, ...]) -> tuple[FloatArray, FloatArray]:
    if pipeline.imputation == "median":
        filled = by_median(gaps)
        return filled, filled
    rng = np.random.default_rng(seed)
    hazard = nelson_aalen(table.survival, gaps.weight)
    outcome = np.stack([hazard, np.broadcast_to(table.survival.event > 0, hazard.shape)], axis=2)
    return by_chained_equations(gaps, outcome=outcome, rng=rng), by_chained_equations(gaps, outcome=None, rng=rng)


def _harmonised(pipeline: Pipeline, table: Candidates, weights: IntArray, usable: BoolArray) -> tuple[FloatArray, BoolArray]:
    """Every marker by itself, on the patients of the sample who have it; a sample in which a site says nothing is not usable."""
    assert table.site is not None
    shifts_only = means_only(table.site)
    values, usable = np.repeat(table.values[None], weights.shape[0], axis=0), usable.copy()
    for column in np.flatnonzero(np.isin(table.of, [table.terms.index(name) for name in pipeline.harmonised])).tolist():
        known = np.flatnonzero(~np.isnan(table.values[:, column]))
        all_values, all_sites = table.values[known, column, None], table.site[known]
        for k, weight in enumerate(weights):
            drawn = np.repeat(known, weight[known])
            try:
                model = combat(table.values[drawn, column, None], table.site[drawn], mean_only=shifts_only)
                values[k, known, column] = harmonised(model, all_values, all_sites)[:, 0]
            except Refused:
                usable[k] = False
    return values, usable


def _cut(
    table: Candidates, column: int, so_far: tuple[FloatArray, FloatArray, FloatArray, BoolArray], weights: IntArray
) -> tuple[FloatArray, FloatArray, FloatArray, BoolArray]:
    fit, predict, cut, usable = so_far[0].copy(), so_far[1].copy(), so_far[2].copy(), so_far[3].copy()
    for k, weight in enumerate(weights):
        drawn = np.repeat(np.arange(weight.size), weight)
        try:
            found = maximal_log_rank(table.survival.take(drawn), fit[k, drawn, column])
        except Refused:
            usable[k] = False
            continue
        cut[k, column] = found.values[found.best]
        for each in (fit, predict):
            each[k, :, column] = each[k, :, column] > cut[k, column]
    return fit, predict, cut, usable
