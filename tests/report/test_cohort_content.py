"""Contract: a table has as many cells as columns; pictures and tables come in the order of the page."""

from __future__ import annotations

from dataclasses import replace

import pytest

from carpet.core.errors import ProtocolError
from carpet.report.cohort_content import CohortContent, Picture, Row, Section, Table, Words
from carpet.report.cohort_figures.flow import FlowData

TABLE = Table("t", "Caption.", (("A", "text"), ("B", "number")), (Row(("Heading",), heading=True), Row(("a", "1"))))
PICTURE = Picture("p", "Caption.", "n = 0.", "", FlowData("", ()))


def test_pictures_and_tables_in_order() -> None:
    sections = (Section("one", "One", (PICTURE, Words("text"), TABLE)), Section("two", "Two", (replace(PICTURE, name="q"),)))
    content = CohortContent("Title", "Says.", (), (), sections, "Footer")
    assert [one.name for one in content.pictures()] == ["p", "q"]
    assert [one.name for one in content.tables()] == ["t"]


@pytest.mark.parametrize("change", [{"rows": (Row(("a",)),)}, {"rows": (Row(("a", "b"), heading=True),)}, {"widths": (1.0,)}])
def test_a_crooked_table_is_a_mistake(change: dict[str, tuple[object, ...]]) -> None:
    with pytest.raises(ProtocolError, match="table t"):
        replace(TABLE, **change)
