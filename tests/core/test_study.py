"""Contract: a series counts its files; the facts of a PET start absent, not at a default."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path

from carpet.core.study import PetFacts, Series


def test_a_series_counts_its_files() -> None:
    series = Series("1.2", "1.1", "P-0", "PT", "", "1.2.840", (Path("a"), Path("b"), Path("c")), None)
    assert series.slices == 3


def test_no_fact_has_a_default() -> None:
    facts = PetFacts()
    assert facts.slices == ()
    assert [field.name for field in fields(facts) if field.name != "slices" and getattr(facts, field.name) is not None] == []
