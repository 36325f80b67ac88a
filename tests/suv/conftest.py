"""Facts of an ordinary PET, to be changed one at a time; and the worked examples of the reference."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from carpet.core.study import Fact, PetFacts, SliceFacts

DAY = dt.date(2024, 3, 5)


def fact(value: Any) -> Fact[Any]:
    return Fact(value, "test")


def at(clock: str, day: dt.date = DAY) -> dt.datetime:
    return dt.datetime.combine(day, dt.time.fromisoformat(clock))


@pytest.fixture
def facts_with() -> Callable[..., PetFacts]:
    """BQML, START, 70 kg, 1.75 m, M, 350 MBq of FDG at 08:30, scanned at 09:30, three slices of slope 0.5 — with changes."""

    def make(**changes: Any) -> PetFacts:
        slices = changes.pop("slices", None) or tuple(SliceFacts(f"1.{n}", 0.5, 0.0, at("09:30"), None, None) for n in range(3))
        ordinary = PetFacts(
            units=fact("BQML"),
            manufacturer=fact("SIEMENS"),
            decay_correction=fact("START"),
            corrected_image=fact(("NORM", "ATTN", "SCAT", "DECY")),
            series_type=fact(("WHOLE BODY", "IMAGE")),
            image_type=fact(("ORIGINAL", "PRIMARY")),
            weight_kg=fact(70.0),
            height_m=fact(1.75),
            sex=fact("M"),
            dose=fact(350e6),
            half_life_s=fact(6586.2),
            nuclide_code=fact("77004003"),
            tracer_code=fact("35321007"),
            injected_at=fact(at("08:30")),
            series_at=fact(at("09:30")),
            slices=slices,
        )
        return replace(ordinary, **{name: None if value is None else fact(value) for name, value in changes.items()})

    return make


@pytest.fixture
def worked_example(shared_data: Path) -> Callable[[str], dict[str, Any]]:
    """One of the worked examples of the reference, by id."""
    examples = json.loads((shared_data.parent / "reference" / "worked_examples.json").read_text())["examples"]
    return lambda name: next(example for example in examples if example["id"] == name)
