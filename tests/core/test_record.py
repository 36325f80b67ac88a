"""Contract: equal steps have equal ids, any difference another; a measurement is a finite number."""

from __future__ import annotations

import hashlib
import math
from dataclasses import replace
from typing import Any

import pytest

from carpet.core.errors import CarpetError
from carpet.core.record import Flagged, Measurement, Missing, Provenance

STEP = Provenance("suv4.0", "1", "source", {"threshold": 4.0, "unit": "g/mL"}, ("abc",), "carpet 0.1.0")


def test_equal_steps_have_equal_ids_in_any_order_of_parameters() -> None:
    assert STEP.id == replace(STEP, parameters={"unit": "g/mL", "threshold": 4.0}).id
    assert len(STEP.id) == 16
    assert set(STEP.id) <= set("0123456789abcdef")


@pytest.mark.parametrize(
    "change",
    [
        {"method": "suv2.5"},
        {"version": "2"},
        {"source": "other"},
        {"parameters": {"threshold": 4.0}},
        {"parameters": {"threshold": 4.1, "unit": "g/mL"}},
        {"parents": ()},
        {"parents": ("abc", "def")},
        {"software": "carpet 0.2.0"},
    ],
)
def test_any_difference_is_another_id(change: dict[str, Any]) -> None:
    assert replace(STEP, **change).id != STEP.id


def test_the_id_is_the_digest_of_all_fields() -> None:
    text = '["suv4.0", "1", "source", {"threshold": 4.0, "unit": "g/mL"}, ["abc"], "carpet 0.1.0"]'
    assert STEP.id == hashlib.sha256(text.encode()).hexdigest()[:16]


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_what_is_not_finite_is_no_measurement(value: float) -> None:
    with pytest.raises(CarpetError, match="tmtv of patient"):
        Measurement("tmtv", value, "mL", "patient", "suv4.0")


def test_a_measurement_and_a_missing_one() -> None:
    assert Measurement("tmtv", 0.0, "mL", "patient", "suv4.0").flags == ()
    assert Missing("tmtv", "mL", "patient", "suv4.0", "NO_LESION").reason == "NO_LESION"
    value, flags = Flagged(3.0, ("single_lesion",))
    assert (value, flags) == (3.0, ("single_lesion",))
