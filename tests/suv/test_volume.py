"""Truth: IBSI reference objects and IBSI's published SUV volume of a real patient; METHODS EX01; closed form."""

from __future__ import annotations

import csv

import numpy as np
import pytest

from carpet.core.body import Body, Sex
from carpet.core.errors import NotMeasurable, Refused
from carpet.core.protocol import SuvProtocol
from carpet.core.space import Grid, Quantity, SpaceError, Volume
from carpet.core.study import Series, Study
from carpet.dicom.mask import read_mask
from carpet.run.opening import read_study
from carpet.suv import to_quantity, to_suv
from carpet.suv.volume import lean_quantity, scale_from_bw

PROTOCOL = SuvProtocol()
DEFAULT_OBJECTS = ["0_0", "1_0", "2_0", "2_1", "2_4", "3_0", "3_1", "3_3", "4_0", "5_0"]


def study_of(facts, stored) -> Study:
    grid = Grid(stored.shape, np.eye(4), "1.2")
    series = Series("1", "1", "P", "PT", "", "", (), grid, facts)
    return Study("P", "1", None, series, stored, None, None, "test")


@pytest.mark.shared
@pytest.mark.parametrize("name", DEFAULT_OBJECTS)
def test_ibsi_reference_objects(shared_data, name: str) -> None:
    folder = shared_data / "suv_dro_ibsi"
    with (folder / "expected.csv").open() as file:
        expected = next(row for row in csv.DictReader(file) if row["ID"] == f"DRO_{name}")
    suv = to_suv(read_study(folder / f"DRO_{name}" / "PT"), PROTOCOL)
    (mask,) = (folder / f"DRO_{name}" / "mask").iterdir()
    (region,) = read_mask(mask, suv.grid).labels.regions.values()
    inside = region.values_of(suv)
    found = inside.min(), np.median(inside), inside.max()
    wanted = [float(expected[f"SUV{which}_expected"]) for which in ("min", "med", "max")]
    assert found == pytest.approx(wanted, abs=0.03)  # the tolerance of the objects' own description


@pytest.mark.shared
def test_real_patient_equals_the_volume_that_ibsi_published(shared_data) -> None:
    raw = to_suv(read_study(shared_data / "sts001_ge" / "PET_raw_BQML"), PROTOCOL)
    assert raw.values.max() == pytest.approx(66.5215, abs=5e-5)
    published = to_suv(read_study(shared_data / "sts001_ge" / "IBSI_PET_SUV_GML_dicom" / "image"), PROTOCOL)
    corner = raw.grid.nearest_kji(published.grid.to_lps_mm((0, 0, 0)))
    assert corner is not None
    k, j, i = (slice(start, start + n) for start, n in zip(corner, published.grid.shape_kji, strict=True))
    assert np.abs(raw.values[k, j, i] - published.values).max() <= 0.001


@pytest.mark.shared
def test_real_patient_of_acrin(shared_data) -> None:
    suv = to_suv(read_study(shared_data / "acrin042_ge"), PROTOCOL)
    assert suv.values.max() == pytest.approx(51.0933, abs=5e-5)


def test_each_slice_has_its_own_slope_and_one_product(facts_with) -> None:
    from carpet.core.study import SliceFacts

    stored = np.arange(2 * 3 * 4, dtype=np.int16).reshape(2, 3, 4) * 1000
    when = facts_with().slices[0].acquired_at
    slopes = (0.123456789, 0.987654321)
    facts = facts_with(slices=tuple(SliceFacts(str(n), slope, 0.0, when, None, None) for n, slope in enumerate(slopes)))
    suv = to_suv(study_of(facts, stored), PROTOCOL)
    factor = 70_000 / (350e6 * 2 ** (-3600 / 6586.2))
    for k, slope in enumerate(slopes):
        assert (suv.values[k] == (stored[k].astype(np.float64) * (slope * factor)).astype(np.float32)).all()


def test_a_refused_series_gives_no_volume(facts_with) -> None:
    with pytest.raises(Refused) as refused:
        to_suv(study_of(facts_with(dose=None, weight_kg=None), np.zeros((3, 2, 2), dtype=np.int16)), PROTOCOL)
    assert set(refused.value.codes) == {"DOSE_MISSING", "WEIGHT_MISSING"}


@pytest.mark.shared
def test_worked_example_one_all_normalisations(worked_example) -> None:
    expected = worked_example("EX01")["expected"]
    bw = Volume(Grid((1, 1, 1), np.eye(4), "1"), np.full((1, 1, 1), expected["SUVbw"], dtype=np.float32), Quantity.SUV_BW)
    body = Body(70.0, 1.75, Sex.MALE)
    for quantity, key in (
        (Quantity.SUV_LBM_JAMES128, "SUL_James128"),
        (Quantity.SUV_LBM_MORGAN120, "SUL_Morgan120"),
        (Quantity.SUV_LBM_JANMA, "SUL_Janmahasatian"),
        (Quantity.SUV_IBW, "SUVibw"),
        (Quantity.SUV_BSA, "SUVbsa_cm2_per_mL"),
    ):
        other = to_quantity(bw, quantity, body, PROTOCOL)
        assert other.quantity is quantity
        assert other.values[0, 0, 0] == pytest.approx(expected[key], rel=1e-5)


def test_quantities_do_not_mix() -> None:
    body = Body(70.0, 1.75, Sex.MALE)
    volume = Volume(Grid((1, 1, 1), np.eye(4), "1"), np.ones((1, 1, 1), dtype=np.float32), Quantity.SUV_LBM_JANMA)
    with pytest.raises(SpaceError):
        to_quantity(volume, Quantity.SUV_BW, body, PROTOCOL)
    with pytest.raises(SpaceError):
        scale_from_bw(Quantity.HU, body, PROTOCOL)
    with pytest.raises(NotMeasurable, match="SEX_UNDEFINED"):
        scale_from_bw(lean_quantity(PROTOCOL.lean_mass), Body(70.0, 1.75, None), PROTOCOL)
