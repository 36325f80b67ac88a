"""A model's whole way from the table to the prediction, as data: every choice that a resample must make again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from carpet.cohort.cox_rows import Ties
from carpet.core.errors import ProtocolError

SELECT_BELOW = 0.157  # P that keeps a term: what AIC asks of one coefficient; Heinze 2018 Biom J 60:431
IMPUTATIONS = 5  # [P] completed tables a fit is averaged over
FOLDS = 5  # [P] of the inner cross-validation of the penalty


@dataclass(frozen=True)
class Pipeline:
    """terms: columns of the cohort. In this order, inside every resample:

    harmonised: markers put on one footing across sites by ComBat (by the column `site`). imputation: chained equations with the outcome for
    fitting and without it for predicting, or the median (the commonest level). cut: markers made two groups at their maximally selected
    log-rank cut. selection: of whole terms, by a univariable score test with P < select_below, or those that a lasso keeps.
    penalty: of the Cox model, its size by inner cross-validation of the partial likelihood; mixing: the lasso's part in the elastic net.
    """

    name: str
    terms: tuple[str, ...]
    harmonised: tuple[str, ...] = ()
    imputation: Literal["chained", "median"] = "chained"
    imputations: int = IMPUTATIONS
    cut: tuple[str, ...] = ()
    selection: Literal["none", "univariable", "lasso"] = "none"
    select_below: float = SELECT_BELOW
    penalty: Literal["none", "ridge", "lasso", "elastic net"] = "none"
    mixing: float = 0.5
    folds: int = FOLDS
    ties: Ties = "efron"

    def __post_init__(self) -> None:
        if not self.terms or len(set(self.terms)) < len(self.terms):
            raise ProtocolError(f"{self.name}: a model needs terms, each once")
        stray = sorted({*self.harmonised, *self.cut} - set(self.terms))
        if stray:
            raise ProtocolError(f"{self.name}: {', '.join(stray)} to be harmonised or cut is no term of the model")
        if self.imputations < 1 or self.folds < 2 or not 0.0 < self.mixing <= 1.0 or not 0.0 < self.select_below <= 1.0:
            raise ProtocolError(f"{self.name}: imputations ≥ 1, folds ≥ 2, 0 < mixing ≤ 1, 0 < select_below ≤ 1")


def standard_pipelines(markers: tuple[str, ...], adjusted_for: tuple[str, ...]) -> tuple[Pipeline, ...]:
    """What is compared unless a protocol says otherwise: all markers and adjusting columns by ridge, IPI alone, TMTV alone.

    Ridge, because a cohort of CAR T-cell patients has few events a candidate, and it needs no selection (METHODS G.5).
    """
    terms = tuple(dict.fromkeys((*markers, *adjusted_for)))
    return Pipeline("full model", terms, penalty="ridge"), Pipeline("IPI alone", ("ipi",)), Pipeline("TMTV alone", ("tmtv",))
