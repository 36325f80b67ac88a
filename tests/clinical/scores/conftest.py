"""Facts for scores, and the worked example of the IPI family."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from carpet.clinical.score import Delineated, Scored, ScoreOptions, evaluate, score_named
from carpet.core.record import Missing

Asked = Callable[..., Scored | Missing]
FIELDS = ("age_years", "ldh_uln_ratio", "ecog", "ann_arbor_stage", "extranodal_sites", "nccn_extranodal_site")


@pytest.fixture
def asked() -> Asked:
    """asked("ipi", timepoint="TT", options=…, age_years=61, …): the score of these facts."""

    def ask(name: str, *, timepoint: str = "TT", options: ScoreOptions | None = None, **facts: Any) -> Scored | Missing:
        return evaluate(score_named(name), facts, timepoint=timepoint, options=options or ScoreOptions())

    return ask


@pytest.fixture
def volume() -> Callable[..., Delineated]:
    """volume(81.0, by="max41", main="suv4.0"): a TMTV measured by one delineation."""
    return lambda ml, by="max41", main="suv4.0": Delineated({by: ml}, main)


@pytest.fixture
def index_patients(shared_data: Path) -> Mapping[str, tuple[dict[str, Any], dict[str, Any]]]:
    """Patient → facts and expected answers of worked example EX15."""
    text = (shared_data.parent / "reference" / "worked_examples.json").read_text(encoding="utf-8")
    example = next(one for one in json.loads(text)["examples"] if one["id"] == "EX15")
    found = {}
    for name, values in example["inputs"]["patients"].items():
        facts = dict(zip(FIELDS, values[:-1], strict=True)) | {"tmtv": Delineated({"suv4.0": values[-1]}, "suv4.0")}
        found[name] = (facts, example["expected"][name])
    assert sorted(found) == list("abcde")
    return found
