"""Truth: the registry of published cut-offs: what applies to a marker before infusion, and what another delineation refuses."""

from __future__ import annotations

from carpet.clinical.cut_offs import CUT_OFFS
from carpet.core.protocol import Protocol, ScoreProtocol, SegmentProtocol
from carpet.run.cohort.published import published


def test_cut_offs_of_volume_are_refused_for_another_delineation() -> None:
    found = {one.name: one for one in published("tmtv", Protocol())}
    assert {"two_factor_tmtv", "dean_tmtv"} <= set(found)
    assert {one.refused for one in found.values()} == {"CUTOFF_OTHER_DELINEATION"}
    assert (found["two_factor_tmtv"].value, found["two_factor_tmtv"].unit, found["two_factor_tmtv"].sign) == (80.0, "mL", ">")
    assert found["dean_tmtv"].source == CUT_OFFS["dean_tmtv"].source


def test_the_right_delineation_or_a_name_behind_it_lets_one_apply() -> None:
    by_41 = {one.name: one for one in published("tmtv", Protocol(segment=SegmentProtocol(method="max41")))}
    assert (by_41["two_factor_tmtv"].refused, by_41["two_factor_tmtv"].flags) == ("", ("CUTOFF_UNVERIFIED",))
    assert by_41["dean_tmtv"].refused == "CUTOFF_OTHER_DELINEATION"
    accepted = Protocol(scores=ScoreProtocol(overrides={"two_factor_tmtv": "Dr B: same volumes here"}))
    one = {one.name: one for one in published("tmtv", accepted)}["two_factor_tmtv"]
    assert (one.refused, "CUTOFF_OVERRIDDEN" in one.flags) == ("", True)


def test_a_delineation_measured_besides_is_the_one_that_is_cut() -> None:
    both = {one.name: one for one in published("tmtv", Protocol(segment=SegmentProtocol(also=("max41",))))}
    assert (both["two_factor_tmtv"].refused, both["two_factor_tmtv"].delineation) == ("", "max41")
    assert (both["dean_tmtv"].refused, both["dean_tmtv"].delineation) == ("CUTOFF_OTHER_DELINEATION", "")


def test_a_cut_off_of_another_population_is_not_called_pre_specified_nor_a_distance_of_another_outline_applied() -> None:
    (one,) = published("sdmax", Protocol())
    assert (one.label, one.refused) == ("published in another population (lymphoma in first line)", "CUTOFF_OTHER_DELINEATION")
    accepted = Protocol(scores=ScoreProtocol(overrides={"sdmax_032": "Dr B"}))
    (one,) = published("sdmax", accepted)
    assert (one.refused, "CUTOFF_OVERRIDDEN" in one.flags, "CUTOFF_OTHER_POPULATION" in one.flags) == ("", True, True)
    assert {one.name: one.label for one in published("tmtv", Protocol())}["two_factor_tmtv"] == "pre-specified"


def test_cut_offs_of_later_scans_are_none_of_a_marker() -> None:
    assert [one.name for one in published("suv_max", Protocol())] == []
    assert [one.name for one in published("spd_cm2", Protocol())] == ["transcend_spd"]
    assert published("age_years", Protocol()) == ()
