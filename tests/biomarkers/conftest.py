"""Lesions made of boxes on a grid of anisotropic voxels, for closed forms."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from carpet.core.lesion import Kind, Lesion, Status
from carpet.core.space import Grid, Quantity, Region, Volume

Box = tuple[tuple[int, int, int], tuple[int, int, int], float]
Scene = tuple[tuple[Lesion, ...], Volume]


def lesions_of(grid: Grid, boxes: list[Box], *, background: float = 0.0) -> Scene:
    """(start kji, size kji, SUV) → lesions with kind nodal and the SUV volume."""
    values = np.full(grid.shape_kji, background, dtype=np.float32)
    lesions = []
    for label, (start, size, suv) in enumerate(boxes, start=1):
        region = Region(grid, start, np.ones(size, dtype=bool))
        values[region.box] = suv
        lesions.append(Lesion(f"L{label:02d}", label, region, Status.DISEASE, "test", "planted", None, Kind.NODAL))
    return tuple(lesions), Volume(grid, values, Quantity.SUV_BW)


@pytest.fixture
def scene() -> Callable[..., Scene]:
    """Boxes on a 40³ grid of 5 × 4 × 2 mm (k, j, i): a voxel is 0.04 mL."""
    grid = Grid((40, 40, 40), np.diag([2.0, 4.0, 5.0, 1.0])[:, [2, 1, 0, 3]], "1.2.3")

    def make(*boxes: Box, background: float = 0.0) -> Scene:
        return lesions_of(grid, list(boxes), background=background)

    return make


@pytest.fixture
def worked_example(shared_data: Path) -> Callable[[str], dict[str, Any]]:
    """One of the worked examples of the reference, by id."""
    examples = json.loads((shared_data.parent / "reference" / "worked_examples.json").read_text())["examples"]
    return lambda name: next(example for example in examples if example["id"] == name)


@pytest.fixture
def example_five(worked_example: Callable[[str], dict[str, Any]]) -> tuple[Scene, dict[str, Any]]:
    """EX05 on a grid of 10 mm voxels: each lesion is centred where the example says, and A is the largest."""
    example = worked_example("EX05")
    affine = np.eye(4)
    affine[:3, :3] = np.diag([10.0, 10.0, 10.0])[:, [2, 1, 0]]
    affine[:3, 3] = (-50.0, -60.0, -180.0)
    grid = Grid((70, 12, 20), affine, "1.2.3")
    boxes: list[Box] = []
    for name, lesion in example["inputs"]["lesions_mm"].items():
        k, j, i = (round(index) for index in grid.to_kji(lesion["centroid"]))
        half = 1 if name == "A" else 0
        boxes.append(((k - half, j - half, i - half), (2 * half + 1,) * 3, 5.0))
    return lesions_of(grid, boxes), example
