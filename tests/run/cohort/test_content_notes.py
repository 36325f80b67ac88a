"""Truth: notes and letters written down here."""

from __future__ import annotations

from carpet.run.cohort.content_notes import lettered


def test_what_rows_share_is_said_once() -> None:
    marks, notes = lettered([["few events"], [], ["not read", "few events", "few events"], ["", "not read"]])
    assert marks == (" [a]", "", " [a, b]", " [b]")
    assert notes == ("a: few events.", "b: not read.")


def test_nothing_to_say() -> None:
    assert lettered([[], [""]]) == (("", ""), ())
    assert lettered([]) == ((), ())


def test_there_are_letters_for_many_notes() -> None:
    marks, notes = lettered([[f"note {n}" for n in range(28)]])
    assert marks[0].startswith(" [a, b, c")
    assert marks[0].endswith("y, z, aa, ab]")
    assert notes[26] == "aa: note 26."
