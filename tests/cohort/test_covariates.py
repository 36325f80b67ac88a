"""Contract: covariates a model can't use are refused, with the name of the column."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from carpet.cohort.covariates import design
from carpet.core.errors import ProtocolError, Refused


@pytest.mark.parametrize(
    ("columns", "code", "where"),
    [
        ({"a": [1.0, 2.0, 3.0, 5.0], "b": [1.0, float("nan"), 2.0, 0.0]}, "VALUE_MISSING", "b"),
        ({"a": [1.0, 2.0, 3.0, 5.0], "b": [7.0] * 4}, "COVARIATE_CONSTANT", "b"),
        ({"a": [1.0, 2.0, 3.0, 5.0], "b": [1.0, 0.0, 1.0, 1.0], "c": [3.0, 4.0, 7.0, 11.0]}, "COVARIATES_COLLINEAR", "c"),
    ],
)
def test_refusals_name_the_column(columns: dict[str, Any], code: str, where: str) -> None:
    with pytest.raises(Refused) as refused:
        design(columns, 4)
    assert (refused.value.codes, refused.value.notices[0].where) == ((code,), where)


def test_columns_are_put_on_one_footing() -> None:
    made = design({"a": [1, 2, 3, 6], "flag": [True, False, False, True]}, 4)
    assert made.names == ("a", "flag")
    assert made.standard.mean(axis=0) == pytest.approx([0, 0], abs=1e-15)
    assert made.standard.std(axis=0) == pytest.approx([1, 1])
    assert np.allclose(made.standard * made.scale + made.mean, made.values)


def test_wrong_calls() -> None:
    with pytest.raises(ProtocolError, match="covariate"):
        design({}, 3)
    with pytest.raises(ProtocolError, match="a: 2 values"):
        design({"a": [1, 2]}, 3)


def test_one_patient_is_no_comparison() -> None:
    with pytest.raises(Refused, match="ONE_PATIENT"):
        design({"a": [7.0]}, 1)
