"""Discrimination, error and calibration of many predictions at once, each in its own sample of patients."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from carpet.cohort.models.penalised_cox import no_penalty, penalised
from carpet.cohort.models.samples import samples
from carpet.cohort.survival import BoolArray, FloatArray, IntArray, Survival

PAIRS_AT_ONCE = 250_000  # what stays in a processor's cache
NAMES = ("C (Harrell)", "C (Uno) before day {day}", "AUC at day {day}", "scaled Brier at day {day}", "calibration slope")
LEAST_BY_DAY = 5  # [P] patients with the event by a day, and still followed without it: of fewer an AUC or Brier score is that of a few
FLAT = 1e-9  # spread of a linear predictor that tells nobody apart


@dataclass(frozen=True, eq=False)
class Times:
    """What the follow-up of n patients fixes for every sample. first (c,): patients with an event; later (c, n): who outlived them, in
    the same block (n,) where there are blocks."""

    survival: Survival
    day: int
    first: IntArray
    later: BoolArray
    block: IntArray | None


def times(survival: Survival, *, day: int, block: IntArray | None = None) -> Times:
    """block (n,): pairs are compared, and slopes taken, within it only, as in patients left out together."""
    had = survival.event > 0
    first = np.flatnonzero(had)
    days = survival.days
    later = (days > days[first][:, None]) | ((days == days[first][:, None]) & ~had)
    if block is not None:
        later &= block == block[first][:, None]
    return Times(survival, day, first, later, block)


def few_by_day(survival: Survival, day: int) -> bool:
    """Whether fewer than LEAST_BY_DAY patients had the event by the day, or were followed beyond it without: too few to tell them apart."""
    return min(int(((survival.days <= day) & (survival.event > 0)).sum()), int((survival.days > day).sum())) < LEAST_BY_DAY


def names(day: int) -> tuple[str, ...]:
    """What the columns of `measured` are called."""
    return tuple(name.format(day=day) for name in NAMES)


def measured(at: Times, weight: IntArray, risk: FloatArray, free: FloatArray) -> FloatArray:
    """(S, 5), NaN where a sample does not have it: Harrell's C, Uno's C before the day, AUC at the day, 1 − Brier / Brier of
    Kaplan–Meier, slope of a Cox model on the linear predictor; by weight (S, n), risk (S, n), chance to be free of the event then (S, n).

    Equal to concordance_harrell, concordance_uno, roc, brier and cox of the drawn patients. Source: METHODS G.4.
    """
    found = np.full((weight.shape[0], len(NAMES)), np.nan)
    usable = np.isfinite(risk).all(axis=1) & np.isfinite(free).all(axis=1) & ((weight * (at.survival.event > 0)).sum(axis=1) > 0)
    step = max(1, PAIRS_AT_ONCE // max(1, at.later.size))
    places = np.flatnonzero(usable)
    for start in range(0, places.size, step):
        some = places[start : start + step]
        found[some, :3] = _discrimination(at, weight[some].astype(np.float64), risk[some])
    if places.size:
        found[places, 3] = _scaled_brier(at, weight[places].astype(np.float64), free[places])
        found[places, 4] = _slope(at, weight[places], risk[places])
    return found


def _staying(survival: Survival, weight: FloatArray, day: int) -> tuple[FloatArray, FloatArray]:
    """G just before each patient's last day (S, n), and at the day (S,): Kaplan–Meier of censoring, events first."""
    days, index = np.unique(survival.days, return_inverse=True)
    member = np.zeros((survival.rows, days.size))
    member[np.arange(survival.rows), index] = 1.0
    event = weight * (survival.event > 0)
    dead, lost = event @ member, (weight - event) @ member
    risk = np.cumsum((weight @ member)[:, ::-1], axis=1)[:, ::-1] - dead
    stay = np.cumprod(1.0 - lost / np.maximum(risk, 1.0), axis=1)
    before = np.concatenate([np.ones((weight.shape[0], 1)), stay], axis=1)
    return before[:, index], before[:, int(np.searchsorted(days, day, side="right"))]


def _curve(survival: Survival, weight: FloatArray, day: int) -> FloatArray:
    """Kaplan–Meier (S,) at the day."""
    days, index = np.unique(survival.days, return_inverse=True)
    member = np.zeros((survival.rows, days.size))
    member[np.arange(survival.rows), index] = 1.0
    dead = (weight * (survival.event > 0)) @ member
    risk = np.cumsum((weight @ member)[:, ::-1], axis=1)[:, ::-1]
    return np.asarray(np.prod((1.0 - dead / np.maximum(risk, 1.0))[:, days <= day], axis=1), dtype=np.float64)


def _discrimination(at: Times, weight: FloatArray, risk: FloatArray) -> FloatArray:
    """Harrell's C, Uno's C, AUC (S, 3)."""
    first = at.first
    order = risk[:, first, None] - risk[:, None, :]
    np.sign(order, out=order)
    order *= at.later
    before = _staying(at.survival, weight, at.day)[0]
    days = at.survival.days
    inverse = _inverse(before[:, first])
    earlier, so_late = inverse * (days[first] < at.day), ((weight > 0) & (days >= at.day)).any(axis=1)
    inverse = inverse * (days[first] <= at.day)
    own, controls = weight[:, first], weight * (days > at.day)
    both = np.matmul(order, np.stack([weight, controls], axis=2))
    total, case_total = (each @ at.later.T.astype(np.float64) for each in (weight, controls))
    agree, case_agree = 0.5 * (both[:, :, 0] + total), 0.5 * (both[:, :, 1] + case_total)
    found = [
        _share(own * agree, own * total),
        np.where(so_late, _share(own * earlier**2 * agree, own * earlier**2 * total), np.nan),
        _share(own * inverse * case_agree, own * inverse * case_total),
    ]
    return np.stack(found, axis=1)


def areas(at: Times, days: Sequence[int], weight: IntArray, risk: FloatArray) -> FloatArray:
    """The AUC (S, d) on each of these days, whatever that of `at`, as `measured` has it; NaN without a case or a control then, and in
    samples without a risk for everybody; by weight (S, n), risk (S, n)."""
    when = np.asarray(days, dtype=np.int64)
    found = np.full((weight.shape[0], when.size), np.nan)
    places = np.flatnonzero(np.isfinite(risk).all(axis=1))
    step = max(1, PAIRS_AT_ONCE // max(1, at.later.size))
    for start in range(0, places.size, step):
        some = places[start : start + step]
        found[some] = _areas(at, when, weight[some].astype(np.float64), risk[some])
    return found


def _areas(at: Times, when: IntArray, weight: FloatArray, risk: FloatArray) -> FloatArray:
    first, days = at.first, at.survival.days
    order = np.sign(risk[:, first, None] - risk[:, None, :]) * at.later
    inverse = _inverse(_staying(at.survival, weight, 0)[0][:, first]) * weight[:, first]
    controls = weight[:, :, None] * (days[:, None] > when)
    total = np.einsum("cn,snd->scd", at.later.astype(np.float64), controls)
    agree = 0.5 * (np.matmul(order, controls) + total)
    case = inverse[:, :, None] * (days[first][:, None] <= when)
    return _share(case * agree, case * total)


def _inverse(chance: FloatArray) -> FloatArray:
    """1 / G; 0 where nobody of the sample is followed so long, for then nobody there has this weight."""
    found: FloatArray = np.where(chance > 0.0, 1.0 / np.where(chance > 0.0, chance, 1.0), 0.0)
    return found


def _share(part: FloatArray, whole: FloatArray) -> FloatArray:
    top, bottom = part.sum(axis=1), whole.sum(axis=1)
    return np.where(bottom > 0.0, top / np.where(bottom > 0.0, bottom, 1.0), np.nan)


def _scaled_brier(at: Times, weight: FloatArray, free: FloatArray) -> FloatArray:
    before, then = _staying(at.survival, weight, at.day)
    days, had = at.survival.days, at.survival.event > 0
    is_case, is_control = (days <= at.day) & had, days > at.day
    case = np.where(is_case, weight, 0.0) * _inverse(before)
    control = np.where(is_control, weight, 0.0) * _inverse(then)[:, None]
    marginal = _curve(at.survival, weight, at.day)[:, None]
    score = (case * free**2 + control * (1.0 - free) ** 2).sum(axis=1)
    null = (case * marginal**2 + control * (1.0 - marginal) ** 2).sum(axis=1)
    there = (weight * is_case).any(axis=1) & (weight * is_control).any(axis=1) & (null > 0.0)
    return np.where(there, 1.0 - score / np.where(there, null, 1.0), np.nan)


def _slope(at: Times, weight: IntArray, risk: FloatArray) -> FloatArray:
    """The Cox coefficient of the linear predictor (S,), a baseline of its own in each block; NaN where it tells nobody apart."""
    w = weight.astype(np.float64)
    blocks = np.zeros(risk.shape[1], dtype=np.int64) if at.block is None else np.unique(at.block, return_inverse=True)[1]
    member = (blocks[:, None] == np.arange(blocks.max() + 1)).astype(np.float64)
    middle = ((w * risk) @ member) / np.maximum(w @ member, 1.0)  # of each block: a shift of it is no difference
    away = risk - middle[:, blocks]
    spread = np.sqrt((w * away**2).sum(axis=1) / w.sum(axis=1))
    flat = spread <= FLAT
    standard = away / np.where(flat, 1.0, spread)[:, None]
    found = np.full(weight.shape[0], np.nan)
    step = max(1, 12_000 // int(weight.sum(axis=1).max()))
    for start in range(0, weight.shape[0], step):
        some = slice(start, start + step)
        part = samples(at.survival, weight[some], ties="efron", strata=at.block)
        none = no_penalty(weight[some].shape[0], 1)
        fit = penalised(part.take(standard[some, :, None]), part.size, none)
        found[some] = np.where(flat[some] | ~fit.done | fit.separated, np.nan, fit.beta[:, 0] / np.where(flat, 1.0, spread)[some])
    return found
