"""Contract: what README and docs show of `import carpet` works from outside, by these names."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import carpet
from carpet.core.errors import ProtocolError, Refused
from carpet.core.lesion import Lesion, Status
from carpet.core.record import Measurement, Missing
from carpet.testing import NO_BLUR, random_phantom, write_study

NAMES = {"load_protocol", "read_study", "to_suv", "segment", "identify", "measure", "Refused", "CarpetError", "ProtocolError"}


def test_the_names_are_there() -> None:
    assert set(carpet.__all__) >= NAMES
    assert all(getattr(carpet, name).__doc__ for name in carpet.__all__)
    assert set(dir(carpet)) >= NAMES
    with pytest.raises(AttributeError, match="no attribute 'measur'"):
        carpet.measur  # noqa: B018


def test_from_a_folder_to_numbers(tmp_path: Path) -> None:
    scan = random_phantom(3, imaging=NO_BLUR)
    written = write_study(scan, tmp_path)
    protocol = carpet.load_protocol("cart-lymphoma")
    study = carpet.read_study(str(tmp_path))
    suv = carpet.to_suv(study, protocol.suv)
    regions = carpet.segment(suv, study.ct, protocol.segment)
    lesions = carpet.identify(regions, suv, study.ct)
    values = carpet.measure(lesions, suv, protocol.biomarkers)
    assert study.study_uid == written.study_uid
    assert all(isinstance(lesion, Lesion) for lesion in lesions)
    assert all(isinstance(value, Measurement | Missing) for value in values)
    told = {value.name: value for value in values}
    disease = [lesion.region for lesion in lesions if lesion.status is Status.DISEASE]
    assert disease
    tmtv = told["tmtv"]
    assert isinstance(tmtv, Measurement)
    assert tmtv.value == pytest.approx(sum(region.voxels for region in disease) * suv.grid.voxel_ml)
    assert tmtv.unit == "mL"


def test_a_refusal_is_one_error_with_codes(tmp_path: Path) -> None:
    with pytest.raises(carpet.Refused) as caught:
        carpet.read_study(tmp_path)
    assert caught.value.codes == ("NO_PET",)
    assert carpet.Refused is Refused
    assert issubclass(carpet.ProtocolError, carpet.CarpetError)
    with pytest.raises(ProtocolError):
        carpet.load_protocol("no such protocol")


def test_import_is_light() -> None:
    code = "import sys, carpet; print([name for name in ('numpy', 'pydicom', 'matplotlib', 'typer') if name in sys.modules])"
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert told.stdout.strip() == "[]"
