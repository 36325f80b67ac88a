"""Neighbourhoods for the methods: the one-row lesion of the worked example, and a ball in a warm background."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from carpet.core.anatomy import Anatomy
from carpet.core.geometry import sphere_region
from carpet.core.space import Grid, Quantity, Region, Volume
from carpet.segment.roi import Roi


@pytest.fixture
def example_seven(shared_data: Path) -> tuple[Roi, dict[str, Any]]:
    """EX07: the row as a lesion, with the peak and background that the example states."""
    examples = json.loads((shared_data.parent / "reference" / "worked_examples.json").read_text())["examples"]
    example = next(one for one in examples if one["id"] == "EX07")
    row = np.array(example["inputs"]["SUV_row"], dtype=np.float32)[None, None]
    grid = Grid(row.shape, np.diag([4.0, 4.0, 4.0, 1.0])[:, [2, 1, 0, 3]], "1.2")
    roi = Roi(Volume(grid, row, Quantity.SUV_BW), Region(grid, (0, 0, 0), np.ones(row.shape, dtype=bool)), (), 20.0)
    roi.__dict__.update(peak=example["inputs"]["SUVpeak"], background=example["inputs"]["local_background"])
    return roi, example["expected"]


@pytest.fixture
def ball() -> Roi:
    """A ball of 12 mm radius and SUV 10 in SUV 1 on 2 mm voxels; the candidate region is the ball itself."""
    grid = Grid((40, 40, 40), np.diag([2.0, 2.0, 2.0, 1.0])[:, [2, 1, 0, 3]], "1.2")
    region = sphere_region(grid, np.array([40.0, 40.0, 40.0]), 12.0)
    values = np.ones(grid.shape_kji, dtype=np.float32)
    values[region.box][region.mask] = 10.0
    return Roi(Volume(grid, values, Quantity.SUV_BW), region, (), 20.0)


@pytest.fixture
def anatomy_with_liver(ball: Roi) -> Anatomy:
    """A liver sphere in the background of the ball: mean 1.0, SD 0."""
    return Anatomy(references={"liver": sphere_region(ball.volume.grid, np.array([10.0, 10.0, 10.0]), 8.0)})
