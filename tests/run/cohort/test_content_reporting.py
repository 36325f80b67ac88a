"""Contract: methods with their references, refusals one by one, flags counted by patients, settings."""

from __future__ import annotations

from dataclasses import replace

from carpet.report.cohort_content import References, Table, Words
from carpet.run.cohort.content_input import Analysed
from carpet.run.cohort.content_reporting import methods, notices, provenance

SAID = {
    "patient_id": "P01", "day": 30, "code": "DOSE_MISSING", "message": "no injected dose", "where": "(0018,1074)", "found": "absent",
    "remedy": "correct it",
}  # fmt: skip


def test_methods_end_with_their_references(analysed: Analysed) -> None:
    *paragraphs, references = methods(analysed).blocks
    assert isinstance(references, References)
    assert all(isinstance(one, Words) and one.lead and one.text for one in paragraphs)
    text = " ".join(one.text for one in paragraphs if isinstance(one, Words))
    assert f"{len(references.items)}]" in text


def test_refusals_and_flags(analysed: Analysed) -> None:
    flags = [SAID | {"severity": "W", "patient_id": who, "message": f"no reader: {who}"} for who in ("P01", "P02", "P02")]
    flags.append(SAID | {"severity": "I"})
    refused, counted = notices(replace(analysed, rows={"refusals": [SAID], "flags": flags})).blocks
    assert isinstance(refused, Table)
    assert refused.rows[0].cells == ("P01", "30", "no injected dose", "(0018,1074): absent", "correct it")
    assert isinstance(counted, Table)
    assert [row.cells for row in counted.rows] == [("no reader", "2", "3", "DOSE_MISSING")]
    assert notices(analysed).empty


def test_settings_of_the_page(analysed: Analysed) -> None:
    table = provenance(replace(analysed, provenance=(("Step", "abc"),))).blocks[1]
    assert isinstance(table, Table)
    said = {row.cells[0]: row.cells[1] for row in table.rows}
    assert said["Seed"] == str(analysed.protocol.cohort.seed)
    assert (said["Step"], said["Software"]) == ("abc", "carpet 0.0.1")
