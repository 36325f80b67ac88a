"""Contract: every finding of this room is in the manual with its sentence, and names its source and what to do."""

from __future__ import annotations

from carpet.core.errors import NoticeKind, Severity
from carpet.response import finding_notices
from carpet.response.finding import When, finding
from carpet.response.finding_notices import MIDLINE_ASSUMED, SYMMETRIC_NODES

KINDS = {name: value for name, value in vars(finding_notices).items() if isinstance(value, NoticeKind)}
DIAGNOSES = ("has sarcoidosis", "is pseudoprogression", "is colitis", "is thyroiditis", "will ")


def test_a_finding_says_what_its_kind_says() -> None:
    found = finding(SYMMETRIC_NODES, "the facts", When("M1", 29), flags=[MIDLINE_ASSUMED])
    assert (found.code, found.says, found.because) == ("SYMMETRIC_NODES", SYMMETRIC_NODES.message, "the facts")
    assert (found.timepoint, found.day, found.flags) == ("M1", 29, ("MIDLINE_ASSUMED",))


def test_codes_are_names_and_none_refuses() -> None:
    assert len(KINDS) >= 15
    assert all(kind.code == name and kind.severity is not Severity.ERROR for name, kind in KINDS.items())


def test_findings_have_a_source_and_a_thing_to_do_and_no_diagnosis() -> None:
    sourced = [kind for kind in KINDS.values() if kind.allowed.startswith("finding")]
    assert len(sourced) >= 11
    assert all(kind.remedy for kind in sourced)
    assert all(word not in kind.message for kind in KINDS.values() for word in DIAGNOSES)


def test_figures_of_groups_are_in_the_manual_and_called_so() -> None:
    for name, percent in (("DEAUVILLE_1_3_AT_M1", "67.3 %"), ("DEAUVILLE_4_AT_M1", "78.9 %"), ("DEAUVILLE_5_AT_M1", "8.6 %")):
        kind = KINDS[name]
        assert percent in kind.allowed
        assert "no forecast for one patient" in kind.remedy
        assert "%" not in kind.message  # what stands beside a patient
