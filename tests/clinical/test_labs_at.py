"""Truth: the stated rule, by hand: the latest on the day or up to so many days before it, never one after it."""

from __future__ import annotations

import datetime as dt

from carpet.clinical.labs import Lab
from carpet.clinical.labs_at import LabRule, labs_at, peak

DAY = dt.date(2024, 3, 1)


def lab(days: int, value: float, analyte: str = "crp", patient_id: str = "P1") -> Lab:
    return Lab(patient_id=patient_id, date=DAY + dt.timedelta(days), analyte=analyte, value=value, unit="mg/dL")


def test_one_value_an_analyte() -> None:
    labs = [
        lab(-8, 1.0),
        lab(-7, 2.0),
        lab(-2, 3.0),
        lab(1, 9.0),
        lab(0, 4.0, "ferritin"),
        lab(-9, 5.0, "hb"),
        lab(0, 8.0, patient_id="P2"),
    ]
    found = labs_at(labs, patient_id="P1", date=DAY, rule=LabRule(7))
    assert {name: one.value for name, one in found.items()} == {"crp": 3.0, "ferritin": 4.0}
    assert {name: one.value for name, one in labs_at(labs, patient_id="P1", date=DAY, rule=LabRule(9)).items()} == {
        "crp": 3.0,
        "ferritin": 4.0,
        "hb": 5.0,
    }
    assert labs_at(labs, patient_id="P3", date=DAY, rule=LabRule(7)) == {}
    assert "up to 7 days before" in LabRule(7).says


def test_the_peak() -> None:
    labs = [lab(-1, 99.0, "cart_cells"), lab(7, 20.0, "cart_cells"), lab(10, 45.0, "cart_cells"), lab(29, 60.0, "cart_cells")]
    last = DAY + dt.timedelta(28)
    found = peak(labs, "cart_cells", patient_id="P1", first=DAY, last=last)
    assert found is not None
    assert found.value == 45.0
    assert peak(labs, "cart_cells", patient_id="P2", first=DAY, last=last) is None
