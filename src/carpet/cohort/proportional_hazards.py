"""Do hazards stay proportional: the score test of a coefficient that changes with time, and the residuals that show how it changes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from carpet.cohort.at_risk import step
from carpet.cohort.cox import ChiSquare, Cox, chi_square
from carpet.cohort.cox_likelihood import cumulated
from carpet.cohort.kaplan_meier import kaplan_meier
from carpet.cohort.survival import FloatArray, IntArray


@dataclass(frozen=True, eq=False)
class Proportionality:
    """The tests by covariate and of all together. Per death (m,): day, time (1 − Kaplan–Meier just before), and coefficients (m, p): the
    scaled Schoenfeld residual plus the coefficient, whose trend over time is the change of the log hazard ratio."""

    names: tuple[str, ...]
    tests: tuple[ChiSquare, ...]
    together: ChiSquare
    days: IntArray
    time: FloatArray
    coefficients: FloatArray


def proportional_hazards(model: Cox) -> Proportionality:
    """Score tests of β + θ·g(t), g = 1 − Kaplan–Meier of all patients just before t.

    Source: Grambsch & Therneau 1994 Biometrika 81:515, as the exact score test of R's survival 3.x (cox.zph).
    """
    fitted, there = model.fitted, model.fitted.found.there
    rows, terms = fitted.rows, len(model.names)
    x = rows.x[0].T
    curve = kaplan_meier(fitted.survival)
    days = fitted.survival.days[fitted.data.order][rows.at]
    time = 1.0 - step(curve.days, curve.survival, days, before=1.0, strictly=True)
    shift = time - time.mean()
    slope = ((x[rows.at] - there.mean) * shift[:, None]).sum(axis=0)
    first, second = (_information(model, shift**power) for power in (1, 2))
    whole = np.block([[there.information[0], first], [first, second]])
    tests = []
    for term in range(terms):
        kept = [*range(terms), terms + term]
        tests.append(chi_square(float(slope[term] ** 2 * np.linalg.inv(whole[np.ix_(kept, kept)])[-1, -1]), 1))
    full = np.concatenate([np.zeros(terms), slope])
    together = chi_square(float(full @ np.linalg.solve(whole, full)), terms)
    residuals = (x[rows.at] - _of_ties(model)) @ np.linalg.inv(there.information[0]) * rows.at.size
    scaled = (residuals + fitted.found.beta[0]) / fitted.design.scale
    order = np.argsort(days, kind="stable")
    return Proportionality(model.names, tuple(tests), together, days[order], time[order], scaled[order])


def _information(model: Cox, weight: FloatArray) -> FloatArray:
    """The information (p, p) with every death's part times its weight (m,)."""
    rows, there = model.fitted.rows, model.fitted.found.there
    x = rows.x[0].T
    risk = np.exp(x @ model.fitted.found.beta[0]) * cumulated(rows, weight / there.risk)[0]
    found: FloatArray = (x * risk[:, None]).T @ x - (there.mean * weight[:, None]).T @ there.mean
    return found


def _of_ties(model: Cox) -> FloatArray:
    """Per death (m, p): the mean at risk, averaged over Efron's steps of its ties."""
    rows, there = model.fitted.rows, model.fitted.found.there
    _, tie = np.unique(rows.first, return_inverse=True)
    count = np.bincount(tie)
    return np.column_stack([(np.bincount(tie, column) / count)[tie] for column in there.mean.T])
