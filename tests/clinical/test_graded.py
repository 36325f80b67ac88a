"""Truth: the worst item decides; an item that is not known may hide a worse one (cases by hand)."""

from __future__ import annotations

from carpet.clinical.graded import Item, pointed, worst_item


def test_the_worst_decides() -> None:
    assert worst_item("R", (Item("a", 1), Item("b", 3, "x"), Item("c", 3)), highest=4) == (3, "R", "b x, c", 3)
    assert worst_item("R", (Item("a", 0), Item("b", 0)), highest=4) == (0, "R", "no item", 0)


def test_an_unknown_item_hides_the_grade_unless_the_highest_is_reached() -> None:
    assert worst_item("R", (Item("a", None), Item("b", 3)), highest=4) == (None, "R", "at least 3 by b; not known: a", 3)
    assert worst_item("R", (Item("a", None), Item("b", 0)), highest=4) == (None, "R", "not known: a", 0)
    assert worst_item("R", (Item("a", None), Item("b", 4)), highest=4) == (4, "R", "b", 4)


def test_a_word_gives_its_points() -> None:
    assert pointed("a", "low_flow", {"low_flow": 2}) == ("a", 2, "low flow")
    assert pointed("a", None, {"low_flow": 2}) == ("a", None, "")
