"""Contract: files unpacked from a zip live as long as the result does, and no longer."""

from __future__ import annotations

from pathlib import Path

import pytest

from carpet.core.errors import Refused
from carpet.core.protocol import Protocol
from carpet.run.measuring import measured
from carpet.run.pipeline import Wishes
from carpet.testing import Storage, simple_phantom, write_study


def test_the_files_can_be_read_again_inside(tmp_path: Path) -> None:
    written = write_study(simple_phantom(spacing_mm=10.0), tmp_path, storage=Storage(zipped=True))
    steps: list[str] = []
    with measured(written.path, Protocol(), Wishes(), series_uid=None, weight_kg=None, say=steps.append) as result:
        unpacked = result.study.pet.files
        assert all(file.is_file() for file in unpacked)
    assert not any(file.exists() for file in unpacked)
    assert steps[:2] == ["reading headers", "reading pixels"]
    assert steps[-1] == "biomarkers"


def test_a_weight_given_by_the_user_scales_suv_and_is_flagged(tmp_path: Path) -> None:
    write_study(simple_phantom(spacing_mm=10.0), tmp_path)

    def hottest(weight_kg: float | None) -> tuple[float, list[str]]:
        with measured(tmp_path, Protocol(), Wishes(), series_uid=None, weight_kg=weight_kg, say=lambda step: None) as result:
            return float(result.suv.values.max()), [flag.code for flag in result.flags]

    (stored, codes), (given, more) = hottest(None), hottest(140.0)
    assert given == pytest.approx(2.0 * stored, rel=1e-6)
    assert "WEIGHT_GIVEN" not in codes
    assert "WEIGHT_GIVEN" in more


def test_a_named_series_must_be_there(tmp_path: Path) -> None:
    write_study(simple_phantom(spacing_mm=10.0), tmp_path)
    with (
        pytest.raises(Refused) as caught,
        measured(tmp_path, Protocol(), Wishes(), series_uid="1.2", weight_kg=None, say=lambda step: None),
    ):
        pass
    assert caught.value.codes == ("SERIES_UNKNOWN",)
