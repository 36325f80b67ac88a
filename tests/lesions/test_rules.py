"""Truth: closed form. Facts are made by hand from each rule's own sentence, so the rule that must decide is known."""

from __future__ import annotations

from dataclasses import replace

import pytest

from carpet.core.lesion import Place, Status
from carpet.lesions.facts import Facts
from carpet.lesions.rules import RULES, first_rule, rules_table

P, D, U = Status.PHYSIOLOGIC, Status.DISEASE, Status.UNDECIDED


def place(level: str = "abdomen", left: float = 0.0, anterior: float = 0.0, hu: float | None = None, **organs: float) -> Place:
    return Place(None, None, level, left, anterior, organs, hu)


def facts(**changes: object) -> Facts:
    """A 20 mL ball of SUVmax 9 in the mid abdomen, no organ near, every organ found on the scan."""
    organs = frozenset({"body", "brain", "heart", "liver", "spleen", "kidney_left", "kidney_right", "bladder"})
    plain = Facts(20.0, 9.0, 6.0, 34.0, 27.0, 34.0, False, False, False, place(), organs, None, None)
    return replace(plain, **changes)  # type: ignore[arg-type]


CASES = [
    (facts(), "DIS-DEFAULT", D),
    (facts(place=place("unknown")), "UND-NO-LANDMARK", U),
    (facts(place=place("head", brain=0.95)), "PHY-BRAIN", P),
    (facts(place=place("pelvis", bladder=0.9)), "PHY-BLADDER", P),
    (facts(place=place("pelvis", bladder=0.4)), "UND-MIXED", U),
    (facts(place=place("abdomen", 50, -30, kidney_left=0.8)), "PHY-KIDNEY", P),
    (facts(place=place("abdomen", 20, -10, kidney_left=0.7)), "UND-MIXED", U),
    (facts(place=place("pelvis", 90, -30, kidney_left=0.9)), "UND-MIXED", U),
    (facts(place=place("thorax", 30, 20, 40.0, heart=0.8)), "PHY-HEART", P),
    (facts(place=place("thorax", 30, 20, heart=0.8)), "UND-MIXED", U),
    (facts(place=place("thorax", 30, 20, heart=0.8), hollow=True), "PHY-HEART", P),
    (facts(place=place("thorax", -10, 20, 40.0, heart=0.8)), "UND-MIXED", U),
    (facts(place=place(spleen=0.9), organ_share=0.2, liver_ratio=3.0), "DIS-SPLEEN-FOCAL", D),
    (facts(place=place(spleen=0.9), organ_share=0.8, liver_ratio=1.51), "DIS-SPLEEN-DIFFUSE", D),
    (facts(place=place(spleen=0.9), organ_share=0.8, liver_ratio=1.5), "PHY-SPLEEN", P),
    (facts(place=place(spleen=0.9), organ_share=0.8), "UND-SPLEEN-NO-LIVER", U),
    (facts(place=place(liver=0.9), organ_share=0.7), "PHY-LIVER", P),
    (facts(place=place(liver=0.9), organ_share=0.02), "DIS-LIVER-FOCAL", D),
    (facts(place=place(spine=0.7), extent_s_mm=300.0), "PHY-MARROW-DIFFUSE", P),
    (facts(place=place(spine=0.7), extent_s_mm=40.0), "DIS-DEFAULT", D),
    (facts(place=place("pelvis", 5), organs=frozenset({"body"})), "UND-URINE", U),
    (facts(place=place("abdomen", -50, -30), organs=frozenset({"body"})), "UND-URINE", U),
    (facts(place=place("neck"), cut=True), "UND-CUT-HEAD", U),
    (facts(place=place("head", 45), mirrored=True), "PHY-GLAND", P),
    (facts(place=place("head", 45)), "UND-HEAD", U),
    (facts(place=place("neck", 45), mirrored=True), "DIS-DEFAULT", D),
    (
        facts(place=place("pelvis", 40), volume_ml=5.0, length_mm=60.0, thickness_mm=10.0, extent_s_mm=55.0),
        "PHY-URETER",
        P,
    ),
    (
        facts(place=place("pelvis", 40), volume_ml=5.0, length_mm=25.0, thickness_mm=16.0, extent_s_mm=25.0),
        "DIS-DEFAULT",
        D,
    ),
    (facts(place=place(bowel_gas=0.5), length_mm=100.0, thickness_mm=30.0), "PHY-BOWEL", P),
    (facts(place=place(bowel_gas=0.5)), "UND-BOWEL", U),
    (facts(place=place(), length_mm=100.0, thickness_mm=30.0), "UND-BOWEL", U),
    (facts(place=place("thorax", 60, 0, -80.0), mirrored=True), "UND-FAT", U),
]


@pytest.mark.parametrize(
    ("case", "rule", "status"),
    CASES,
)
def test_the_rule_that_decides(case: Facts, rule: str, status: Status) -> None:
    assert (first_rule(case).id, first_rule(case).status) == (rule, status)


def test_no_rule_is_dead() -> None:
    """Every rule decides some case of the table, and no case names a rule that there is not."""
    assert {rule for _, rule, _ in CASES} == {rule.id for rule in RULES}


@pytest.mark.parametrize("number", range(len(RULES)), ids=[rule.id for rule in RULES])
def test_without_a_rule_its_cases_are_decided_otherwise(number: int) -> None:
    """Each rule is needed: taken out, a later one decides its case, and never an earlier one."""
    rule = RULES[number]
    for case in (facts for facts, name, _ in CASES if name == rule.id):
        assert not any(earlier.test(case) for earlier in RULES[:number])
        if number + 1 < len(RULES):
            assert any(later.test(case) for later in RULES[number + 1 :])


SPLEEN = place(spleen=0.9)
TUBE = {"volume_ml": 5.0, "length_mm": 60.0, "thickness_mm": 10.0, "extent_s_mm": 55.0}


@pytest.mark.parametrize(
    ("case", "first", "second"),
    [
        (facts(place=place("unknown", bladder=0.9)), "UND-NO-LANDMARK", "PHY-BLADDER"),
        (facts(place=place("head", brain=0.9), cut=True), "PHY-BRAIN", "UND-CUT-HEAD"),
        (facts(place=SPLEEN, organ_share=0.2), "DIS-SPLEEN-FOCAL", "UND-SPLEEN-NO-LIVER"),
        (facts(place=SPLEEN, organ_share=0.9, liver_ratio=2.0), "DIS-SPLEEN-DIFFUSE", "PHY-SPLEEN"),
        (facts(place=place(liver=0.9), organ_share=0.9), "PHY-LIVER", "DIS-LIVER-FOCAL"),
        (facts(place=place("head", 45), mirrored=True, cut=True), "UND-CUT-HEAD", "PHY-GLAND"),
        (facts(place=place("head", 45), mirrored=True), "PHY-GLAND", "UND-HEAD"),
        (facts(place=place("pelvis", 40, bladder=0.3), **TUBE), "UND-MIXED", "PHY-URETER"),
        (facts(place=place(bowel_gas=0.5), length_mm=100.0, thickness_mm=30.0), "PHY-BOWEL", "UND-BOWEL"),
    ],
)
def test_the_order_decides_where_two_rules_hold(case: Facts, first: str, second: str) -> None:
    by_id = {rule.id: rule for rule in RULES}
    assert by_id[first].test(case)
    assert by_id[second].test(case)
    assert first_rule(case).id == first


@pytest.mark.parametrize(
    ("case", "rule"),
    [
        (facts(place=place("pelvis", bladder=0.59)), "UND-MIXED"),  # six tenths make it the organ's own
        (facts(place=place("pelvis", bladder=0.6)), "PHY-BLADDER"),
        (facts(place=place("pelvis", bladder=0.2)), "UND-MIXED"),  # two tenths make it mixed
        (facts(place=place("pelvis", bladder=0.19)), "DIS-DEFAULT"),
        (facts(place=place("abdomen", -50, kidney_left=0.3, kidney_right=0.3)), "PHY-KIDNEY"),  # both kidneys count together
        (facts(place=place("abdomen", 29, kidney_left=0.9)), "UND-MIXED"),  # a kidney lies 30 mm from the midline at least
        (facts(place=SPLEEN, organ_share=0.5, liver_ratio=1.0), "PHY-SPLEEN"),  # half the organ is diffuse
        (facts(place=SPLEEN, organ_share=0.49, liver_ratio=1.0), "DIS-SPLEEN-FOCAL"),
        (facts(place=SPLEEN, organ_share=None, liver_ratio=1.0), "PHY-SPLEEN"),
        (facts(place=place(liver=0.9), organ_share=None), "DIS-LIVER-FOCAL"),
        (facts(place=place(spine=0.4), extent_s_mm=150.0), "PHY-MARROW-DIFFUSE"),  # five vertebrae
        (facts(place=place(spine=0.4), extent_s_mm=149.0), "DIS-DEFAULT"),
        (facts(place=place("pelvis", 40), **TUBE | {"thickness_mm": 16.0}), "UND-BOWEL"),  # a ureter is 15 mm thick at most
        (facts(place=place("pelvis", 40), **TUBE | {"volume_ml": 16.0}), "UND-BOWEL"),
        (facts(place=place("pelvis", 80), **TUBE), "UND-BOWEL"),  # and beside the spine
        (facts(place=place("head", 45), mirrored=True, volume_ml=61.0), "UND-HEAD"),  # a gland holds 60 mL at most
        (facts(place=place("thorax", 60, 0, -49.0), mirrored=True), "DIS-DEFAULT"),  # fat is below −50 HU
        (facts(place=place("thorax", 60, 0, -80.0)), "DIS-DEFAULT"),  # without a partner
        (facts(place=place("thorax", 60, 0), mirrored=True), "DIS-DEFAULT"),  # without CT
        (facts(place=place("thorax", 30, heart=0.7), length_mm=100.0), "UND-MIXED"),  # neither CT nor a ring
    ],
)
def test_at_the_limits(case: Facts, rule: str) -> None:
    assert first_rule(case).id == rule


@pytest.mark.parametrize("level", ["neck", "thorax", "abdomen", "pelvis", "leg"])
def test_what_no_rule_knows_is_disease(level: str) -> None:
    assert (first_rule(facts(place=place(level, 45))).id, first_rule(facts(place=place(level, 45))).status) == ("DIS-DEFAULT", D)


def test_nothing_known_of_the_scan_is_undecided_not_physiologic() -> None:
    """Without a survey: no organ found, no liver, no level."""
    assert first_rule(facts(place=place("unknown"), organs=frozenset())).status is U


def test_the_table_is_the_rules_in_order() -> None:
    table = rules_table()
    assert table == [(f"{rule.id}@{rule.version}", rule.status.value, rule.says) for rule in RULES]
    assert table[-1][0].startswith("DIS-DEFAULT@")
    assert table[-1][1] == "disease"


def test_ids_are_unique_and_say_what_they_suggest() -> None:
    prefix = {P: "PHY-", D: "DIS-", U: "UND-"}
    assert len({rule.id for rule in RULES}) == len(RULES)
    assert len({rule.says for rule in RULES}) == len(RULES)
    for rule in RULES:
        assert rule.id.startswith(prefix[rule.status])
        assert rule.version.isdigit()
        assert rule.says.strip() == rule.says != ""
