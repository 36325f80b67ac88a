"""Truth: worked example EX15 (computed by two algebraic forms); the spline written the other way round."""

from __future__ import annotations

from typing import Any

import pytest

from carpet.clinical.score import Delineated


@pytest.mark.shared
def test_the_worked_example(asked: Any, index_patients: Any) -> None:
    for facts, expected in index_patients.values():
        assert asked("impi", **facts).value == pytest.approx(expected["IMPI_linear_predictor"], abs=1e-6)


@pytest.mark.parametrize("ml", [0.0, 307.9, 308.0, 5000.0])
@pytest.mark.parametrize(("stage", "of_stage"), [(1, 0.0), (2, -0.114645415), (3, 0.281141117), (4, 0.322247142)])
def test_the_spline_by_its_slopes(asked: Any, volume: Any, ml: float, stage: int, of_stage: float) -> None:
    below, above = 0.003077330, 0.000315345  # per mL up to the knot and beyond it
    by_hand = below * min(ml, 307.9) + above * max(ml - 307.9, 0.0) + 50 * 0.008092449 + of_stage
    found = asked("impi", tmtv=volume(ml, by="suv4.0"), age_years=50.7, ann_arbor_stage=stage)
    assert found.value == pytest.approx(by_hand, abs=1e-9)
    assert (found.group, found.flags, found.segmenter) == ("", ("NOT_VALIDATED_FOR_CAR_T",), "suv4.0")


def test_no_other_delineation(asked: Any) -> None:
    found = asked("impi", tmtv=Delineated({"max41": 100.0}, "max41"), age_years=50, ann_arbor_stage=2)
    assert found.reason == "TMTV_BY_SUV4_0_MISSING"
