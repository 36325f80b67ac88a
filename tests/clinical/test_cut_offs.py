"""Truth: values, signs, delineations as METHODS C, D.9, E.3, E.4 print them; the published table; issue 5: refused unless overridden."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from carpet.clinical.cut_offs import CUT_OFFS, OF_OUTLINE, apply
from carpet.core.errors import Refused

PRINTED = {
    "two_factor_tmtv": ("tmtv", 80.0, "mL", ">", "max41"),
    "two_factor_extranodal": ("extranodal_sites", 2.0, "{count}", "≥", ""),
    "two_factor_extranodal_review": ("extranodal_sites", 2.0, "{count}", ">", ""),
    "dean_tmtv": ("tmtv", 147.5, "mL", ">", "manual"),
    "transcend_spd": ("spd", 50.0, "cm2", "≥", ""),
    "zuma1_bulk": ("longest_diameter", 10.0, "cm", ">", ""),
    "sdmax_032": ("sdmax", 0.32, "/m", ">", "max41"),
    "sdmax_tmtv": ("tmtv", 220.0, "mL", ">", "max41"),
    "dmax_wang": ("dmax", 453.4, "mm", "≥", ""),
    "mbv_wang": ("mbv", 21.65, "mL", "≥", ""),
    "dmax_lnh07": ("dmax", 580.0, "mm", "≥", ""),
    "tvsr_decazes": ("tvsr", 6.0, "mm", "≥", ""),
    "delta_suv_max_2_cycles": ("delta_suv_max", 66.0, "%", ">", ""),
    "delta_suv_max_4_cycles": ("delta_suv_max", 70.0, "%", ">", ""),
    "m1_suv_max": ("suv_max", 9.1, "g/mL", "≥", ""),
    "m3_suv_max": ("suv_max", 6.3, "g/mL", "≥", ""),
    "m1_tmtv": ("tmtv", 60.8, "mL", "≥", "suv4.0"),
    "m3_tmtv": ("tmtv", 120.1, "mL", "≥", "suv4.0"),
    "m1_tlg": ("tlg", 97.0, "g", "≥", "suv4.0"),
    "m3_tlg": ("tlg", 436.9, "g", "≥", "suv4.0"),
}


def test_the_registry_is_as_printed() -> None:
    assert {name: (one.biomarker, one.value, one.unit, one.sign, one.delineation) for name, one in CUT_OFFS.items()} == PRINTED


@pytest.mark.parametrize("name", CUT_OFFS)
def test_each_says_where_it_comes_from(name: str) -> None:
    one = CUT_OFFS[name]
    assert one.name == name
    assert one.source
    assert one.timepoints
    assert one.population in ("car_t", "first_line")
    assert one.worse in ("high", "low", "")


@pytest.mark.parametrize("name", CUT_OFFS)
def test_equality_goes_by_the_sign(name: str) -> None:
    one = CUT_OFFS[name]
    assert one.is_high(one.value) is (one.sign == "≥")
    assert one.is_high(one.value * 1.001)
    assert not one.is_high(one.value * 0.999)


@pytest.mark.parametrize("name", [name for name, one in CUT_OFFS.items() if one.biomarker in OF_OUTLINE])
@pytest.mark.parametrize("delineation", ["suv2.5", "max50", ""])
def test_what_another_outline_made_is_refused(name: str, delineation: str) -> None:
    one = CUT_OFFS[name]
    with pytest.raises(Refused) as refused:
        apply(one, 100.0, delineation=delineation, timepoint=one.timepoints[0])
    (notice,) = refused.value.notices
    assert (notice.code, notice.where, notice.found) == ("CUTOFF_OTHER_DELINEATION", f"cut-off {name}", delineation or "not stated")
    assert notice.allowed == (one.delineation or "that of the source, which is not known here")
    with pytest.raises(Refused):
        apply(one, 100.0, delineation=delineation, timepoint=one.timepoints[0], override="  ")
    said = apply(one, 100.0, delineation=delineation, timepoint=one.timepoints[0], override="Dr B")
    assert said.group == ("high" if one.value < 100.0 else "low")
    assert said.notices[0].code == "CUTOFF_OVERRIDDEN"
    assert said.notices[0].message.endswith(": Dr B")


def test_what_is_not_verified_is_said() -> None:
    (notice,) = apply(CUT_OFFS["two_factor_tmtv"], 81.0, delineation="max41", timepoint="TT").notices
    assert (notice.code, notice.message.endswith("the delineation: probably 41 % of SUVmax")) == ("CUTOFF_UNVERIFIED", True)


def test_population_and_time_point_are_said() -> None:
    one = CUT_OFFS["sdmax_032"]
    assert apply(one, 0.4, delineation="max41", timepoint="diagnosis", population="first_line") == ("high", ())
    assert apply(one, 0.4, delineation="max41", timepoint="diagnosis", population=None).flags == ()
    assert apply(one, 0.4, delineation="max41", timepoint="TT").flags == ("CUTOFF_OTHER_TIMEPOINT", "CUTOFF_OTHER_POPULATION")
    overridden = apply(one, 0.4, delineation="suv4.0", timepoint="diagnosis", population=None, override="Dr B")
    assert (overridden.group, overridden.flags) == ("high", ("CUTOFF_OVERRIDDEN",))


@pytest.mark.parametrize("name", [name for name, one in CUT_OFFS.items() if one.biomarker not in OF_OUTLINE])
def test_what_no_outline_makes_has_no_delineation(name: str) -> None:
    said = apply(CUT_OFFS[name], 1.0, delineation="", timepoint=CUT_OFFS[name].timepoints[0], population=None)
    assert "CUTOFF_OVERRIDDEN" not in said.flags


@pytest.mark.shared
def test_the_published_table_prints_the_same(shared_data: Path) -> None:
    rows = json.loads((shared_data.parent / "reference" / "published_cohorts.json").read_text(encoding="utf-8"))["rows"]
    of = {(row["id"], row["statistic"]): row for row in rows}
    volume = of["vercellino2020", "TMTV cut-off at treatment"]
    assert (volume["value"], volume["operator"], volume["unit"]) == (80.0, ">", "mL")
    sites = of["vercellino2020", "extranodal sites cut-off"]
    signs = {">=": "≥", ">": ">"}
    assert signs[sites["operator_primary"]] == CUT_OFFS["two_factor_extranodal"].sign
    assert signs[sites["operator_review"]] == CUT_OFFS["two_factor_extranodal_review"].sign
    assert of["dean2020", "median TMTV cohort 1"]["primary_value"] == CUT_OFFS["dean_tmtv"].value
