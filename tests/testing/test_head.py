"""Truth: anatomy (brain inside the skull, glands in pairs, airs on CT only)."""

from __future__ import annotations

import numpy as np
import pytest

from carpet.testing.frame import BodyFrame
from carpet.testing.head import head_parts

FRAME = BodyFrame.of(78.0, 1.75)
PARTS = {part.name: part for part in head_parts(FRAME, 9.0, 4.0, 2.5)}


def test_uptake_as_given() -> None:
    assert {name: PARTS[name].suv for name in ("brain", "parotid", "submandibular", "tonsil", "nasal_air")} == {
        "brain": 9.0,
        "parotid": 4.0,
        "submandibular": 4.0,
        "tonsil": 2.5,
        "nasal_air": None,
    }


def test_skull_is_a_shell_around_the_brain_inside_the_head() -> None:
    low, high = PARTS["skull"].shape.bounds()
    x, y, z = np.random.default_rng(7).uniform(low, high, (40_000, 3)).T
    brain, skull = PARTS["brain"].shape.contains(x, y, z), PARTS["skull"].shape.contains(x, y, z)
    assert brain.any()
    assert skull.any()
    assert not (brain & skull).any()
    assert FRAME.head().grown(3.0).contains(x[skull], y[skull], z[skull]).all()


@pytest.mark.parametrize("name", ["parotid", "submandibular", "tonsil", "thyroid"])
def test_glands_are_pairs(name: str) -> None:
    pieces = PARTS[name].shape.pieces()
    (low, high), (low2, high2) = (piece.bounds() for piece in pieces)
    assert (low + high)[0] == pytest.approx(-(low2 + high2)[0])
    assert min(abs(low[0]), abs(high[0])) > 0
