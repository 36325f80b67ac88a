"""Contract: every section stands on the page, with blocks or with the reason; nothing promises too much."""

from __future__ import annotations

from dataclasses import replace

from carpet.report.cohort_content import CohortContent, References, Table, Words
from carpet.run.cohort.content import SECTIONS, cohort_content
from carpet.run.cohort.content_input import Analysed

FORBIDDEN = ("predictor", "significant ", "significantly")


def _text(content: CohortContent) -> str:
    parts = [content.title, content.says, *content.key_results]
    for section in (one for one in content.sections if one.anchor != "checklists"):  # the guidelines' own words
        for block in section.blocks:
            if isinstance(block, Words):
                parts.append(block.text)
            elif isinstance(block, Table):
                parts += [block.caption, *block.notes, *(cell for row in block.rows for cell in row.cells)]
            elif not isinstance(block, References):
                parts += [block.caption, block.data.title]
    return " ".join(parts)


def test_all_sections_in_their_order(analysed: Analysed) -> None:
    content = cohort_content(analysed)
    assert len(content.sections) == len(SECTIONS)
    assert len({one.anchor for one in content.sections}) == len(SECTIONS)
    assert [one.title for one in content.sections][:4] == ["Flow of patients", "Patients", "Response", "Survival"]
    names = [one.name for one in content.pictures()]
    assert len(set(names)) == len(names)
    assert dict(content.facts)["Patients"] == "48, of whom 47 were infused"


def test_nobody_leaves_every_section_with_a_reason(analysed: Analysed) -> None:
    nobody = Analysed(analysed.protocol, replace(analysed.cohort, rows=(), reasons={}), (), {})
    for section in cohort_content(nobody).sections:
        assert section.blocks or section.empty, section.title


def test_no_word_that_promises_too_much(analysed: Analysed) -> None:
    text = _text(cohort_content(analysed)).lower()
    assert [word for word in FORBIDDEN if word in text] == []
