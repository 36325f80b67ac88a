"""Truth: worked example EX11: eight ratios and their classes."""

from __future__ import annotations

import pytest

from carpet.response.qpet import qpet


@pytest.mark.parametrize(
    ("peak", "ratio", "score"),
    [
        (1.0, 0.45455, "1-2"),
        (1.7, 0.77273, "1-2"),
        (2.09, 0.95, "3"),
        (2.6, 1.1818, "3"),
        (2.86, 1.3, "4"),
        (4.4, 2.0, "5"),
        (4.39, 1.9955, "4"),
        (2.0, 0.90909, "1-2"),
    ],
)
def test_the_ratio_and_its_class(peak: float, ratio: float, score: str) -> None:
    found, verdict = qpet(peak, 2.2)
    assert found == pytest.approx(ratio, abs=5e-5)
    assert verdict.category == score


def test_a_liver_without_uptake_is_an_error() -> None:
    with pytest.raises(ValueError, match="liver"):
        qpet(2.0, 0.0)
