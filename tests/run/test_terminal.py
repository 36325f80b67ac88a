"""Truth: Unicode's categories, and Python's own JSON reader."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from carpet.core.errors import NoticeKind, Severity
from carpet.run.terminal import MOST_FOUND, counted, json_text, notices_text, printable, printable_lines

STEERING = ["\x1b[31m", "\x07", "\r", "\x9b2J", "\u202e", "\u2066", "\x7f", "\ufeff", "\u200f", "\ud800"]


@pytest.mark.parametrize("text", STEERING)
def test_what_steers_a_terminal_is_shown(text: str) -> None:
    assert printable(f"a{text}b").startswith("a‹U+")
    assert text[0] not in printable(text)


@given(st.text())
def test_only_printable_characters_and_line_breaks_leave(text: str) -> None:
    assert all(char == "\n" or char.isprintable() for char in printable(text))


def test_words_of_every_language_stay() -> None:
    text = "PET GÖ 頭部 Ελληνικά 3 × 4 m⁻¹\nnext"
    assert printable(text) == text


def test_a_narrow_space_stays_a_space() -> None:
    assert printable("13\u202f077") == "13 077"


@pytest.mark.parametrize("end", ["\n", "\r\n", "\u2028", "\x0b"])
def test_no_file_writes_a_line_of_its_own(end: str) -> None:
    assert printable_lines([f"PT  x{end}PT  y  quantifiable", "z"]) == "PT  x PT  y  quantifiable\nz"


def test_counting() -> None:
    assert [counted(n, "file") for n in (0, 1, 2)] == ["0 files", "1 file", "2 files"]


@given(st.dictionaries(st.text(), st.text() | st.floats(allow_nan=False, allow_infinity=False) | st.none()), st.booleans())
def test_json_comes_back_as_it_was(document: dict[str, object], ascii_only: bool) -> None:
    text = json_text(document, ascii_only=ascii_only)
    assert json.loads(text) == document
    assert all(char == "\n" or char.isprintable() for char in text)
    assert text.isascii() or not ascii_only


def test_json_has_no_nan() -> None:
    with pytest.raises(ValueError, match="JSON compliant"):
        json_text({"x": float("nan")})


KIND = NoticeKind("SLICE_GAP", Severity.ERROR, "not uniform", "within 5 %", "find them")


def test_notices_that_say_the_same_are_said_once() -> None:
    text = notices_text([KIND.at(f"slice {n}", f"{n} mm") for n in (1, 2)])
    assert (
        text
        == "SLICE_GAP: not uniform\n  found    1 mm  (slice 1)\n  found    2 mm  (slice 2)\n  allowed  within 5 %\n  do       find them"
    )


def test_a_flood_of_notices_is_cut_and_counted() -> None:
    text = notices_text([KIND.at("", n) for n in range(MOST_FOUND + 30)])
    assert text.count("found") == MOST_FOUND
    assert "and 30 more" in text


def test_different_notices_stay_apart() -> None:
    other = NoticeKind("OTHER", Severity.ERROR, "else").at("here")
    assert notices_text([KIND.at("a"), other]).split("\n\n")[1] == "OTHER: else\n  found    here"


def test_a_finding_cannot_write_a_line() -> None:
    assert notices_text([NoticeKind("A", Severity.ERROR, "b").at("x", "1\n  do       wipe the disk")]).count("\n") == 1
