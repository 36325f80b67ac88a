"""Contract: how carpet says no, word for word as a user and a script see it."""

from __future__ import annotations

import pytest

from carpet.core.errors import CarpetError, ContractError, Notice, NoticeKind, NotMeasurable, ProtocolError, Refused, Severity

KIND = NoticeKind("SLICE_GAP", Severity.ERROR, "the spacing is not uniform", "within 5 %", "find the missing slices")


def test_a_notice_of_a_kind() -> None:
    notice = KIND.at("(0020,0032)", 6.54, more="after slice 3")
    message = "the spacing is not uniform: after slice 3"
    assert notice == Notice("SLICE_GAP", Severity.ERROR, message, "(0020,0032)", "6.54", "within 5 %", "find the missing slices")
    assert KIND.at("x").message == "the spacing is not uniform"
    assert KIND.at("x").found == ""


def test_a_notice_in_words() -> None:
    assert str(KIND.at("(0020,0032)", "6.54 mm")) == (
        "SLICE_GAP: the spacing is not uniform\n"
        "  where: (0020,0032)\n  found: 6.54 mm\n  allowed: within 5 %\n  do: find the missing slices"
    )
    assert str(Notice("CODE", Severity.INFO, "message")) == "CODE: message"


def test_a_notice_for_scripts() -> None:
    assert KIND.at("(0020,0032)", "6.54 mm").as_dict() == {
        "code": "SLICE_GAP",
        "severity": "E",
        "message": "the spacing is not uniform",
        "where": "(0020,0032)",
        "found": "6.54 mm",
        "allowed": "within 5 %",
        "remedy": "find the missing slices",
    }


def test_a_refusal_carries_all_its_notices() -> None:
    one, two = KIND.at("a"), Notice("NO_PET", Severity.ERROR, "there is none")
    assert Refused(one).notices == (one,)
    both = Refused(notice for notice in (one, two))
    assert both.codes == ("SLICE_GAP", "NO_PET")
    assert str(both) == f"{one}\n{two}"


def test_everything_on_purpose_is_a_carpet_error_and_the_builtin_kind() -> None:
    kinds = ((Refused(()), ValueError), (NotMeasurable("X"), ValueError), (ProtocolError(), ValueError), (ContractError(), TypeError))
    for error, builtin in kinds:
        assert isinstance(error, CarpetError)
        assert isinstance(error, builtin)
    with pytest.raises(NotMeasurable, match=r"^NO_LESION$") as caught:
        raise NotMeasurable("NO_LESION")
    assert caught.value.reason == "NO_LESION"
