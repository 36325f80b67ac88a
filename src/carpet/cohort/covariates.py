"""Covariates of a model: named columns, complete, none constant, none that follows from the others."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from carpet.cohort import notices
from carpet.cohort.survival import FloatArray, numbers
from carpet.core.errors import ProtocolError, Refused

COLLINEAR = 1e-7  # [P] smallest over largest singular value of the standardised columns


@dataclass(frozen=True, eq=False)
class Design:
    """names (p,); values (n, p) as given; mean and scale (p,): the standard deviation that puts every column on one footing."""

    names: tuple[str, ...]
    values: FloatArray
    mean: FloatArray
    scale: FloatArray

    @property
    def standard(self) -> FloatArray:
        """The columns (n, p) with mean 0 and standard deviation 1."""
        return (self.values - self.mean) / self.scale


def design(covariates: Mapping[str, ArrayLike], rows: int) -> Design:
    """The columns as one table; raises Refused(VALUE_MISSING, COVARIATE_CONSTANT, ONE_PATIENT, COVARIATES_COLLINEAR) naming the column."""
    if not covariates:
        raise ProtocolError("a model needs a covariate")
    columns = np.column_stack([numbers(values, rows, name) for name, values in covariates.items()])
    names, mean, scale = tuple(covariates), columns.mean(axis=0), columns.std(axis=0)
    flat = [name for name, column in zip(names, columns.T, strict=True) if np.ptp(column) == 0.0]
    if flat:
        kind = notices.COVARIATE_CONSTANT if rows > 1 else notices.ONE_PATIENT
        raise Refused(kind.at(flat[0], f"{columns[0, names.index(flat[0])]:g} in all {rows} rows"))
    found = Design(names, columns, mean, scale)
    for count in range(2, len(names) + 1):
        sizes = np.linalg.svd(found.standard[:, :count], compute_uv=False)
        if count > rows or sizes[-1] <= COLLINEAR * sizes[0]:
            raise Refused(notices.COVARIATES_COLLINEAR.at(names[count - 1], f"follows from {', '.join(names[: count - 1])}"))
    return found
