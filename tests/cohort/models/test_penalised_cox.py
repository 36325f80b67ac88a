"""Truth: closed form: Karush, Kuhn and Tucker's conditions at a maximum, and its limits; the penalised likelihood maximised by scipy."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from scipy.optimize import minimize

from carpet.cohort.cox import cox
from carpet.cohort.cox_likelihood import likelihood
from carpet.cohort.models.candidates import Candidates
from carpet.cohort.models.penalised_cox import EXCLUDED, Penalty, no_penalty, objective, of_size, path, penalised, tuned
from carpet.cohort.models.samples import Samples, dealt_folds, samples
from carpet.cohort.survival import FloatArray, IntArray, Survival

EFFECTS = (0.8, -0.5, 0.0, 0.3)


@pytest.fixture(scope="module")
def made(table: Callable[..., Candidates]) -> Candidates:
    return table(40, effects=EFFECTS)


def of(made: Candidates, weight: IntArray | None = None) -> tuple[Samples, FloatArray]:
    """One sample of everybody, or some, and the standardised covariates."""
    x = (made.values - made.values.mean(axis=0)) / made.values.std(axis=0)
    drawn = np.ones((1, made.patients), dtype=np.int64) if weight is None else weight
    return samples(made.survival, drawn, ties="efron"), np.broadcast_to(x, (drawn.shape[0], *x.shape))


@pytest.mark.parametrize(("lam", "mixing"), [(0.05, 1.0), (0.1, 0.0), (0.08, 0.5), (0.02, 0.9)])
def test_as_another_optimiser(made: Candidates, brute: Callable[..., float], lam: float, mixing: float) -> None:
    whole, x = of(made)
    days, event, n = made.survival.days, made.survival.event, made.patients

    def loss(parts: np.ndarray) -> float:
        """β as a difference of two parts that are not negative, so that the lasso is smooth."""
        beta = parts[:4] - parts[4:]
        value = brute(np.full(n, -1), days, event, x[0], beta, efron=True, strata=np.zeros(n))
        return -value / n + lam * (mixing * parts.sum() + 0.5 * (1 - mixing) * float(beta @ beta))

    best = minimize(loss, np.full(8, 0.01), method="L-BFGS-B", bounds=[(0, None)] * 8, options={"ftol": 1e-15, "gtol": 1e-9})
    none = np.zeros((1, 4), dtype=np.bool_)
    fit = penalised(whole.take(x), whole.size, of_size(np.array([lam]), mixing=mixing, excluded=none))
    assert fit.done.all()
    assert fit.beta[0] == pytest.approx(best.x[:4] - best.x[4:], abs=1e-4)
    penalty = of_size(np.array([lam]), mixing=mixing, excluded=none)
    assert objective(fit.value, fit.beta, whole.size, penalty)[0] == pytest.approx(-best.fun, abs=1e-8)


@pytest.mark.parametrize("mixing", [1.0, 0.5])
def test_slopes_at_the_maximum_are_what_the_penalty_holds(made: Candidates, mixing: float) -> None:
    weight = np.random.default_rng(3).integers(0, 3, (8, made.patients))
    whole, x = of(made, weight)
    rows, out = whole.take(x), np.zeros((8, 4), dtype=np.bool_)
    lam = path(rows, whole.size, mixing=mixing, excluded=out)[:, 6]
    beta = penalised(rows, whole.size, of_size(lam, mixing=mixing, excluded=out)).beta
    slope = likelihood(rows, beta).slope / whole.size[:, None]
    held = (mixing * lam)[:, None] * np.sign(beta) + (1 - mixing) * lam[:, None] * beta
    assert (beta == 0.0).any()
    assert (beta != 0.0).any()
    assert slope[beta != 0.0] == pytest.approx(held[beta != 0.0], abs=1e-7)
    assert (np.abs(slope) <= (mixing * lam)[:, None] + 1e-7)[beta == 0.0].all()


def test_a_ridge_of_nothing_is_cox_and_of_everything_is_nought(made: Candidates) -> None:
    whole, x = of(made)
    rows, out = whole.take(x), np.zeros((1, 4), dtype=np.bool_)
    plain = cox(made.survival, dict(zip(made.columns, x[0].T, strict=True)))
    for penalty in (no_penalty(1, 4), *(of_size(np.array([1e-12]), mixing=mixing, excluded=out) for mixing in (0.0, 1.0))):
        assert penalised(rows, whole.size, penalty).beta[0] == pytest.approx(plain.coefficients, abs=1e-7)
    fits = [penalised(rows, whole.size, of_size(np.array([lam]), mixing=0.0, excluded=out)).beta for lam in (0.01, 0.1, 1.0, 1e4)]
    sizes = [float(np.linalg.norm(beta)) for beta in fits]
    assert sizes[0] > sizes[1] > sizes[2] > sizes[3] > 0.0
    assert sizes[3] < 1e-4


def test_the_path_starts_where_nothing_is_left(made: Candidates) -> None:
    whole, x = of(made)
    rows, out = whole.take(x), np.zeros((1, 4), dtype=np.bool_)
    first = path(rows, whole.size, mixing=1.0, excluded=out)[:, 0]
    assert (penalised(rows, whole.size, of_size(first * 1.0001, mixing=1.0, excluded=out)).beta == 0.0).all()
    assert (penalised(rows, whole.size, of_size(first * 0.99, mixing=1.0, excluded=out)).beta != 0.0).sum() == 1


def test_columns_kept_out_stay_out(made: Candidates) -> None:
    whole, x = of(made)
    out = np.array([[False, True, False, True]])
    alone = cox(made.survival, {"x0": x[0, :, 0], "x2": x[0, :, 2]})
    found = penalised(whole.take(x), whole.size, no_penalty(1, 4, excluded=out))
    assert found.beta[0, [0, 2]] == pytest.approx(alone.coefficients, abs=1e-7)
    assert (found.beta[0, [1, 3]] == 0.0).all()
    lasso = penalised(whole.take(x), whole.size, Penalty(np.where(out, EXCLUDED, 0.01), np.zeros((1, 4))))
    assert (lasso.beta[0, [1, 3]] == 0.0).all()


def test_separation_is_marked_and_stops() -> None:
    apart = -np.linspace(-1.6, 1.6, 12)[None, :, None]
    whole = samples(Survival.of(np.arange(1, 13), np.ones(12, dtype=int)), np.ones((1, 12), dtype=np.int64), ties="efron")
    fit = penalised(whole.take(apart), whole.size, no_penalty(1, 1))
    assert fit.separated.all()
    assert np.isfinite(fit.beta).all()
    assert not penalised(whole.take(apart), whole.size, Penalty(np.zeros((1, 1)), np.full((1, 1), 0.01))).separated.any()


def test_the_penalty_is_the_best_of_its_cross_validation(made: Candidates, brute: Callable[..., float]) -> None:
    whole, x = of(made)
    fold, out = dealt_folds(made.survival.event, 4, seed=2), np.zeros((1, 4), dtype=np.bool_)
    parts = tuple(of(made, (fold != one).astype(np.int64)[None, :])[0] for one in range(4))
    lam, fit = tuned(whole, parts, x, mixing=0.0, excluded=out)
    days, event = made.survival.days, made.survival.event

    def value(rows: np.ndarray, beta: np.ndarray) -> float:
        return brute(np.full(rows.size, -1), days[rows], event[rows], x[0][rows], beta, efron=True, strata=np.zeros(rows.size))

    scores = []
    tried = path(whole.take(x), whole.size, mixing=0.0, excluded=out)[0]
    for size in tried:
        score = 0.0
        for one, part in enumerate(parts):
            beta = penalised(part.take(x), part.size, of_size(np.array([size]), mixing=0.0, excluded=out)).beta[0]
            score += value(np.arange(made.patients), beta) - value(np.flatnonzero(fold != one), beta)
        scores.append(score)
    assert lam[0] == tried[int(np.argmax(scores))]
    assert fit.beta[0] == pytest.approx(penalised(whole.take(x), whole.size, of_size(lam, mixing=0.0, excluded=out)).beta[0])
