"""Contract: the demonstration makes a patient, measures it, and can be run again with another seed in the same folder."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from carpet.run import demo
from carpet.run.demo import run_demo
from carpet.run.outputs import FILES
from carpet.testing import PhantomScan, simple_phantom


def small(seed: int, *, vendor: str) -> PhantomScan:
    """In place of a whole body, which takes too long here: more slices for the first seed than for the second."""
    del vendor
    return simple_phantom(spacing_mm=7.0 + seed)


def test_twice_in_one_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(demo, "random_phantom", small)
    for seed in (1, 2, 1):
        text = run_demo(tmp_path / "demo", seed=seed, say=lambda step: None)
        assert {path.name for path in (tmp_path / "demo" / "results").iterdir()} == set(FILES)
        assert text.endswith(str((tmp_path / "demo" / "results" / "report.html").resolve()))
        assert "planted in this phantom: 3 lesions, 61.8 mL" in text
    assert sorted(path.name for path in (tmp_path / "demo" / "dicom").iterdir()) == ["phantom-0001", "phantom-0002"]
    told = json.loads((tmp_path / "demo" / "results" / "measurements.json").read_text())
    assert set(demo.ALSO) <= {row["segmenter"] for row in told["biomarkers"]}


@pytest.mark.slow
def test_a_whole_body(tmp_path: Path) -> None:
    text = run_demo(tmp_path, seed=1, say=lambda step: None)
    told = json.loads((tmp_path / "results" / "measurements.json").read_text())
    tmtv = next(row for row in told["biomarkers"] if (row["name"], row["segmenter"]) == ("tmtv", "suv4.0"))
    assert tmtv["value"] > 0
    assert "UNREVIEWED" in text
