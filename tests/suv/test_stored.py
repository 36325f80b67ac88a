"""Truth: closed form; the ratios of METHODS A.1."""

from __future__ import annotations

import pytest

from carpet.core.body import Body, LeanMass, Sex, SurfaceArea
from carpet.core.protocol import SuvProtocol
from carpet.suv.stored import Stored, reference_mass_kg, stored_as, suv_scale

BODY = Body(70.0, 1.75, Sex.MALE)
STRICT = SuvProtocol()


@pytest.mark.parametrize(
    ("units", "suv_type", "stored"),
    [
        ("BQML", None, Stored.ACTIVITY),
        ("GML", None, Stored.SUV_BW),
        ("GML", "BW", Stored.SUV_BW),
        ("GML", "LBM", Stored.SUV_LBM_MORGAN120),
        ("GML", "LBMJAMES128", Stored.SUV_LBM_JAMES128),
        ("GML", "LBMJANMA", Stored.SUV_LBM_JANMA),
        ("GML", "IBW", Stored.SUV_IBW),
        ("CM2ML", None, Stored.SUV_BSA),
        ("CM2ML", "BSA", Stored.SUV_BSA),
    ],
)
def test_units_and_types(facts_with, units, suv_type, stored) -> None:
    assert stored_as(facts_with(units=units, suv_type=suv_type)) == (stored, ())


@pytest.mark.parametrize(
    ("stored", "mass_kg"),
    [
        (Stored.SUV_LBM_JANMA, BODY.lean_mass_kg(LeanMass.JANMAHASATIAN)),
        (Stored.SUV_LBM_JAMES128, BODY.lean_mass_kg(LeanMass.JAMES128)),
        (Stored.SUV_LBM_MORGAN120, BODY.lean_mass_kg(LeanMass.MORGAN120)),
        (Stored.SUV_IBW, BODY.ideal_weight_kg()),
        (Stored.SUV_BSA, 10 * BODY.surface_area_m2(SurfaceArea.DU_BOIS)),
    ],
)
def test_scale_to_body_weight(facts_with, stored, mass_kg) -> None:
    scale, found = suv_scale(stored, facts_with(), BODY, STRICT)
    assert (scale, found) == (pytest.approx(70.0 / mass_kg, rel=1e-12), ())


def test_mean_of_sexes_only_where_the_protocol_says_so(facts_with) -> None:
    other, unknown = Body(70.0, 1.75, Sex.OTHER), Body(70.0, 1.75, None)
    assert suv_scale(Stored.SUV_IBW, facts_with(), other, STRICT)[1][0].code == "BODY_FACT_NEEDED"
    both = [Body(70.0, 1.75, sex).ideal_weight_kg() for sex in (Sex.MALE, Sex.FEMALE)]
    mean = SuvProtocol(sex_undefined="mean_of_sexes")
    assert suv_scale(Stored.SUV_IBW, facts_with(), unknown, mean)[1][0].code == "BODY_FACT_NEEDED"
    assert reference_mass_kg(Stored.SUV_IBW, other, mean) == pytest.approx(sum(both) / 2)
