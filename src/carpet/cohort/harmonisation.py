"""ComBat: measurements of several sites put on one footing, fitted on some patients, frozen, and applied to others of the same sites."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from carpet.cohort import notices
from carpet.cohort.survival import FloatArray, IntArray
from carpet.core.errors import ProtocolError, Refused

SMALL_CHANGE = 1e-4  # relative, of the empirical Bayes iteration; METHODS H.2
MOST_STEPS = 1_000
LEAST_PATIENTS = 10  # of a site, below which nothing is harmonised; METHODS H.2
SCALE_PATIENTS = 20  # of a site, below which its mean alone is moved; METHODS H.2


@dataclass(frozen=True, eq=False)
class Combat:
    """sites (k,); alpha (g,), beta (c, g) of covariates, sigma (g,); gamma and delta (k, g): shift and spread of each site.

    reference: the site that is left as it is, empty for none.
    """

    sites: tuple[str, ...]
    alpha: FloatArray
    beta: FloatArray
    sigma: FloatArray
    gamma: FloatArray
    delta: FloatArray
    reference: str = ""


def combat(
    values: ArrayLike,
    site: ArrayLike,
    *,
    covariates: ArrayLike | None = None,
    empirical_bayes: bool = False,
    mean_only: bool = False,
    reference: str = "",
) -> Combat:
    """Shift and spread of the features (n, g) at each site (n,), beyond what covariates (n, c) explain.

    empirical_bayes: drawn together over features, for many of them. mean_only: shifts alone. Volumes come in as logarithms. Raises Refused:
    ONE_GROUP for one site, VALUE_MISSING, SITE_SPREAD_UNKNOWN where a site has one patient or the same value in all.
    Source: Johnson 2007 Biostatistics 8:118; reference site: Stein 2015 BMC Bioinformatics 16:63; METHODS H.2.
    """
    y, names, batch, x = _checked(values, site, covariates)
    if len(names) < 2:
        raise Refused(notices.ONE_GROUP.at("site", names[0]))
    if reference and reference not in names:
        raise ProtocolError(f"no site is called {reference!r}; there are {', '.join(names)}")
    if empirical_bayes and y.shape[1] < 2:
        raise ProtocolError("empirical Bayes borrows from other features: two at least")
    dummies = (batch[:, None] == np.arange(len(names))).astype(np.float64)
    found = np.linalg.lstsq(np.hstack([dummies, x]), y, rcond=None)[0]
    effect, beta = found[: len(names)], found[len(names) :]
    residual = y - np.hstack([dummies, x]) @ found
    own = names.index(reference) if reference else -1
    share = dummies.mean(axis=0)
    alpha = effect[own] if reference else share @ effect
    inside = batch == own if reference else np.ones(y.shape[0], dtype=np.bool_)
    sigma = np.sqrt((residual[inside] ** 2).mean(axis=0))
    if (sigma <= 0.0).any():
        raise Refused(notices.SITE_SPREAD_UNKNOWN.at("all sites", "a feature that does not vary"))
    z = (y - alpha - x @ beta) / sigma
    gamma, delta = _site_effects(z, batch, names, mean_only=mean_only)
    if empirical_bayes:
        gamma, delta = _drawn_together(z, batch, gamma, delta, mean_only=mean_only)
    if reference:
        gamma[own], delta[own] = 0.0, 1.0
    return Combat(names, alpha, beta, sigma, gamma, delta, reference)


def harmonised(model: Combat, values: ArrayLike, site: ArrayLike, *, covariates: ArrayLike | None = None) -> FloatArray:
    """The features (n, g) as if all sites were one: σ (Z − γ)/δ + α + X β. Raises Refused(SITE_UNKNOWN) for a site it was not fitted to."""
    y, names, batch, x = _checked(values, site, covariates)
    strange = sorted(set(names) - set(model.sites))
    if strange:
        raise Refused(notices.SITE_UNKNOWN.at("site", ", ".join(strange)))
    place = np.array([model.sites.index(name) for name in names])[batch]
    middle = model.alpha + x @ model.beta
    z = (y - middle) / model.sigma
    return np.asarray(model.sigma * (z - model.gamma[place]) / model.delta[place] + middle, dtype=np.float64)


def means_only(site: ArrayLike) -> bool:
    """Whether some site is too small for its spread (fewer than 20 patients); raises Refused(SITE_TOO_SMALL) below 10. METHODS H.2."""
    names, count = np.unique(np.asarray(site).astype(str), return_counts=True)
    if count.min() < LEAST_PATIENTS:
        raise Refused(notices.SITE_TOO_SMALL.at(f"site {names[int(np.argmin(count))]}", f"{int(count.min())} patients"))
    return bool(count.min() < SCALE_PATIENTS)


def _checked(values: ArrayLike, site: ArrayLike, covariates: ArrayLike | None) -> tuple[FloatArray, tuple[str, ...], IntArray, FloatArray]:
    y = np.asarray(values, dtype=np.float64)
    x = np.zeros((y.shape[0], 0)) if covariates is None else np.asarray(covariates, dtype=np.float64).reshape(y.shape[0], -1)
    if y.ndim != 2 or np.asarray(site).shape != (y.shape[0],):
        raise ProtocolError("values (patients, features), and a site for each patient")
    gaps = int((~np.isfinite(y)).sum() + (~np.isfinite(x)).sum())
    if gaps:
        raise Refused(notices.VALUE_MISSING.at("values or covariates", f"{gaps} values"))
    names, batch = np.unique(np.asarray(site).astype(str), return_inverse=True)
    return y, tuple(str(name) for name in names), batch.astype(np.int64), x


def _site_effects(z: FloatArray, batch: IntArray, names: tuple[str, ...], *, mean_only: bool) -> tuple[FloatArray, FloatArray]:
    """Mean and standard deviation (ddof 1) of each site."""
    gamma = np.array([z[batch == k].mean(axis=0) for k in range(len(names))])
    if mean_only:
        return gamma, np.ones_like(gamma)
    if np.bincount(batch).min() < 2:
        raise Refused(notices.SITE_SPREAD_UNKNOWN.at(f"site {names[int(np.argmin(np.bincount(batch)))]}", "1 patient"))
    delta = np.array([z[batch == k].std(axis=0, ddof=1) for k in range(len(names))])
    flat = np.flatnonzero((delta <= 0.0).any(axis=1))
    if flat.size:
        raise Refused(notices.SITE_SPREAD_UNKNOWN.at(f"site {names[int(flat[0])]}", "a feature with one value"))
    return gamma, delta


def _drawn_together(
    z: FloatArray, batch: IntArray, gamma: FloatArray, delta: FloatArray, *, mean_only: bool
) -> tuple[FloatArray, FloatArray]:
    """Posterior shifts and spreads, their priors read off the features of the same site."""
    shift, spread = np.empty_like(gamma), np.ones_like(delta)
    for k in range(gamma.shape[0]):
        some = z[batch == k]
        count, centre, tau2 = some.shape[0], float(gamma[k].mean()), float(gamma[k].var(ddof=1))
        if mean_only:
            shift[k] = (tau2 * count * gamma[k] + centre) / (tau2 * count + 1.0)
            continue
        square = delta[k] ** 2
        mean, var = float(square.mean()), float(square.var(ddof=1))
        a, b = (2.0 * var + mean**2) / var, (mean * var + mean**3) / var
        shift[k], variance = _posterior(some, gamma[k], square, (centre, tau2, a, b))
        spread[k] = np.sqrt(variance)
    return shift, spread


def _posterior(
    some: FloatArray, gamma: FloatArray, square: FloatArray, prior: tuple[float, float, float, float]
) -> tuple[FloatArray, FloatArray]:
    centre, tau2, a, b = prior
    count, old_shift, old_square = some.shape[0], gamma, square
    for _ in range(MOST_STEPS):
        shift = (tau2 * count * gamma + old_square * centre) / (tau2 * count + old_square)
        variance = (0.5 * ((some - shift) ** 2).sum(axis=0) + b) / (count / 2.0 + a - 1.0)
        change = max(float(np.abs((shift - old_shift) / old_shift).max()), float(np.abs((variance - old_square) / old_square).max()))
        old_shift, old_square = shift, variance
        if change < SMALL_CHANGE:
            return old_shift, old_square
    raise Refused(notices.NO_CONVERGENCE.at("empirical Bayes"))
