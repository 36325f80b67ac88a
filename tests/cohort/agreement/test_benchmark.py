"""Truth: closed form."""

from __future__ import annotations

import pytest

from carpet.cohort.agreement.benchmark import within_benchmark
from carpet.core.errors import ProtocolError


@pytest.mark.parametrize(
    ("volume", "reference", "within"),
    [(109.0, 100.0, True), (91.0, 100.0, True), (110.0, 100.0, False), (9.9, 0.0, True), (10.0, 0.0, False), (1099.0, 1000.0, True),
     (1100.0, 1000.0, False), (59.0, 50.0, True), (0.0, 0.0, True)],
)  # fmt: skip
def test_within_ten_percent_or_ten_ml(volume: float, reference: float, within: bool) -> None:
    assert within_benchmark(volume, reference_ml=reference) is within


def test_a_negative_volume_is_a_wrong_call() -> None:
    with pytest.raises(ProtocolError):
        within_benchmark(-1.0, reference_ml=2.0)
