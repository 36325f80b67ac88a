"""Contract: four files a figure, two pages, the same bytes for the same results."""

from __future__ import annotations

from dataclasses import replace

from carpet.run.cohort.content import cohort_content
from carpet.run.cohort.content_input import Analysed
from carpet.run.cohort.figures import PAGE, PAPER, cohort_files, figures_of


def test_all_files_twice_the_same(analysed: Analysed) -> None:
    few = replace(analysed, patients=(), survival=analysed.survival[:1], effects=(), competing=(), associations=(), specifications=())
    first, second = cohort_files(few), cohort_files(few)
    assert {name for name in first if first[name] != second[name]} == set()
    content = cohort_content(few)
    figures = {f"figures/cohort/{one.name}.{kind}" for one in content.pictures() for kind in ("svg", "pdf", "png", "csv")}
    assert set(first) == {PAGE, PAPER, *figures}
    page = first[PAGE].decode()
    assert all(f'href="../{name}"' in page for name in figures)
    assert first[PAPER].startswith(b"%PDF-")
    assert figures_of(content).keys() == {name.rpartition("/")[2] for name in figures}
