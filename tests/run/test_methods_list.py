"""Contract: the list is what the rooms hold, and says of each what it is and where it comes from."""

from __future__ import annotations

import pytest

from carpet.biomarkers import biomarkers
from carpet.clinical.score import scores
from carpet.core.errors import ProtocolError
from carpet.lesions.rules import rules_table
from carpet.response import criteria
from carpet.run.methods_list import asks_of, methods_list, methods_table, says_of
from carpet.segment import segmenters

SEGMENTERS = "suv4.0 suv2.5 max41 max50 a50p percist_liver liver_mean nestle mv2 mv3 watershed"


def test_all_are_there() -> None:
    by_kind: dict[str, set[str]] = {}
    for row in methods_list(None):
        by_kind.setdefault(row["kind"], set()).add(row["name"])
    assert by_kind == {
        "segmenter": set(SEGMENTERS.split()),
        "biomarker": set(biomarkers()),
        "rule": {name for name, _, _ in rules_table()},
        "criterion": set(criteria()),
        "score": set(scores()),
    }
    assert set(segmenters()) == by_kind["segmenter"]


def test_each_says_what_it_is() -> None:
    for row in methods_list(None):
        assert set(row) == {"kind", "name", "version", "unit", "says", "source"}
        assert all(row.values()), row
        assert "METHODS" not in row["source"]


@pytest.mark.parametrize("kind", ["segmenter", "biomarker", "rule", "criterion", "score"])
def test_one_kind(kind: str) -> None:
    assert {row["kind"] for row in methods_list(kind)} == {kind}


def test_an_unknown_kind_names_the_known() -> None:
    with pytest.raises(ProtocolError, match="There are: biomarker, criterion, rule, score, segmenter"):
        methods_list("scores")


def test_the_table_for_people() -> None:
    rows = methods_list("biomarker")
    lines = methods_table(rows).splitlines()
    assert len(lines) == 3 * len(rows)
    assert "biomarker tmtv@1  [mL]" in lines


def test_a_criterion_says_its_categories() -> None:
    assert says_of(criteria()["lugano_ct"]) == "Lugano 2014 by CT: CR PR SD PD NE"


def test_a_score_says_what_it_takes_and_for_whom() -> None:
    said = asks_of(scores()["m_easix"])
    assert "LDH (U/L) × CRP (mg/dL) ÷ platelets (10⁹/L)" in said
    assert "Takes: ldh (U/L), crp (mg/dL), platelets (10*9/L). Made for: CAR T-cell therapy." in said
