"""Truth: Vercellino 2020: two or more extranodal sites, TMTV above 80 mL; METHODS E.3: 80.0 is not high, the review's reading as option."""

from __future__ import annotations

from typing import Any

import pytest

from carpet.clinical.score import Delineated, ScoreOptions

REVIEW = ScoreOptions(extranodal_rule="gt2_seed")


@pytest.mark.parametrize(
    ("sites", "ml", "paper", "review"),
    [(0, 10.0, 0, 0), (1, 80.0, 0, 0), (1, 80.01, 1, 1), (2, 80.0, 1, 0), (2, 200.0, 2, 1), (3, 80.0, 1, 1), (3, 80.1, 2, 2)],
)
def test_both_readings(asked: Any, volume: Any, sites: int, ml: float, paper: int, review: int) -> None:
    by_paper = asked("two_factor", extranodal_sites=sites, tmtv=volume(ml))
    by_review = asked("two_factor", extranodal_sites=sites, tmtv=volume(ml), options=REVIEW)
    assert (by_paper.value, by_paper.group, by_review.value, by_review.group) == (paper, str(paper), review, str(review))
    assert (by_paper.flags, by_paper.segmenter) == (("CUTOFF_UNVERIFIED",), "max41")


def test_another_delineation_is_refused_unless_overridden_by_name(asked: Any, volume: Any) -> None:
    facts = {"extranodal_sites": 2, "tmtv": volume(100.0, by="suv4.0")}
    assert asked("two_factor", **facts).reason == "CUTOFF_OTHER_DELINEATION"
    assert asked("two_factor", **facts, options=ScoreOptions(overrides={"dean_tmtv": "Dr B"})).reason == "CUTOFF_OTHER_DELINEATION"
    found = asked("two_factor", **facts, options=ScoreOptions(overrides={"two_factor_tmtv": "Dr B: no other was measured"}))
    assert (found.value, found.segmenter) == (2, "suv4.0")
    assert set(found.flags) == {"CUTOFF_OVERRIDDEN", "CUTOFF_UNVERIFIED"}


def test_the_paper_s_delineation_is_taken_where_it_was_measured(asked: Any) -> None:
    found = asked("two_factor", extranodal_sites=0, tmtv=Delineated({"suv4.0": 500.0, "max41": 60.0}, "suv4.0"))
    assert (found.value, found.segmenter) == (0, "max41")


def test_another_time_point_is_told(asked: Any, volume: Any) -> None:
    assert "CUTOFF_OTHER_TIMEPOINT" in asked("two_factor", extranodal_sites=0, tmtv=volume(1.0), timepoint="TD").flags
