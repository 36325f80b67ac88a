"""Contract: every biomarker of the interface exists, has a unit, a sentence and a source, and no lesion gives a value or a reason."""

from __future__ import annotations

import pytest

from carpet.biomarkers import biomarkers, measure
from carpet.core.errors import ProtocolError
from carpet.core.lesion import Status
from carpet.core.protocol import BiomarkerProtocol
from carpet.core.record import Measurement, Missing
from carpet.testing import block_scene, check_biomarker

PROMISED = {
    "tmtv": "mL", "tlg": "g", "suv_max": "g/mL", "suv_peak": "g/mL", "suv_mean": "g/mL", "mbv": "mL", "lesion_count": "{count}",
    "nodal_regions": "{count}", "extranodal_sites": "{count}", "dmax": "mm", "dmax_voxel": "mm", "dmax_bulk": "mm", "sdmax": "/m",
    "spread_bulk": "mm", "spread_patient": "mm", "tsp": "mm", "tts": "mm2", "tvsr": "mm", "asphericity": "1",
    "liver_suv_mean": "g/mL", "blood_pool_suv_mean": "g/mL", "spleen_liver_ratio": "1", "marrow_liver_ratio": "1",
}  # fmt: skip


def test_the_promised_biomarkers_are_there_with_their_units() -> None:
    assert {name: biomarkers()[name].unit.ucum for name in PROMISED} == PROMISED


@pytest.mark.parametrize("name", sorted(biomarkers()))
def test_every_biomarker_keeps_the_contract(name: str) -> None:
    check_biomarker(biomarkers()[name])


def test_only_disease_counts() -> None:
    from dataclasses import replace

    scene = block_scene()
    healthy = (scene.lesions[0], replace(scene.lesions[1], status=Status.PHYSIOLOGIC), replace(scene.lesions[2], status=Status.UNDECIDED))
    only = BiomarkerProtocol(names=("tmtv", "lesion_count"))
    tmtv, count = measure(healthy, scene.suv, only)
    assert isinstance(tmtv, Measurement)
    assert isinstance(count, Measurement)
    assert (tmtv.value, count.value) == (pytest.approx(scene.lesions[0].region.volume_ml), 1.0)


def test_flags_travel_with_every_number_and_every_missing_one() -> None:
    values = measure((), block_scene().suv, BiomarkerProtocol(), flags=("UNREVIEWED",))
    assert {type(value) for value in values} == {Measurement, Missing}
    assert all("UNREVIEWED" in value.flags for value in values)
    assert len(values) == len(biomarkers())


def test_an_unknown_name_is_refused_with_the_nearest() -> None:
    with pytest.raises(ProtocolError, match=r"'tmvt'.*'tmtv'"):
        measure((), block_scene().suv, BiomarkerProtocol(names=("tmvt",)))
