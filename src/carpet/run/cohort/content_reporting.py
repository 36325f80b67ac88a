"""The end of the cohort report: methods with citations, checklists, refusals and flags with their sentences, where all came from."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from carpet.report.cohort_content import Block, Heads, References, Row, Section, Table, Words
from carpet.report.methods_prose import methods_prose
from carpet.report.numbers import DASH
from carpet.run.cohort.content_input import Analysed

MOST_REFUSALS = 40
SEVERITIES = {"W": "warning", "I": "note"}


def methods(analysed: Analysed) -> Section:
    """The methods section, printed from the protocol; its references numbered as there."""
    prose = methods_prose(analysed.protocol, version=analysed.software.get("carpet", "without a version"))
    blocks: list[Block] = [Words(one.text, lead=one.heading) for one in prose.paragraphs]
    blocks.append(References(prose.references))
    return Section("methods", "Methods, printed from the protocol", tuple(blocks))


def notices(analysed: Analysed) -> Section:
    """What was refused, a row each; flags counted by what they say, for they stand with every number in the tables."""
    refused = sorted(analysed.rows.get("refusals", ()), key=_order)
    blocks: list[Block] = []
    if refused:
        rows = tuple(
            Row(
                (
                    str(row["patient_id"] or DASH),
                    DASH if row["day"] is None else str(row["day"]),
                    row["message"],
                    _found(row),
                    row["remedy"],
                )
            )
            for row in refused[:MOST_REFUSALS]
        )
        more = (f"{len(refused) - MOST_REFUSALS} more stand in the table refusals.",) if len(refused) > MOST_REFUSALS else ()
        heads: Heads = (("Patient", "text"), ("Day", "number"), ("What", "text"), ("Where, found", "text"), ("What to do", "text"))
        blocks.append(Table("refusals", "Refused: scans and rows that took no part.", heads, rows, more, (0.7, 0.4, 2.2, 1.8, 1.8)))
    blocks += _flags(analysed.rows.get("flags", ()))
    return Section("notices", "Refusals and flags", tuple(blocks), "Nothing was refused, and nothing needs to be known with the numbers.")


def _order(row: Mapping[str, Any]) -> tuple[str, int, str]:
    return str(row["patient_id"] or ""), row["day"] or 0, str(row["code"])


def _found(row: Mapping[str, Any]) -> str:
    return ": ".join(str(row[name]) for name in ("where", "found") if row[name])


def _flags(rows: Sequence[Mapping[str, Any]]) -> list[Block]:
    warnings = [row for row in rows if row["severity"] == "W"]
    if not warnings:
        return []
    messages = {row["code"]: str(row["message"]).partition(": ")[0] for row in sorted(warnings, key=_order, reverse=True)}
    often = Counter(str(row["code"]) for row in warnings)
    whose = {code: len({row["patient_id"] for row in warnings if row["code"] == code}) for code in often}
    shown = tuple(
        Row((messages[code], str(whose[code]), str(n), code)) for code, n in sorted(often.items(), key=lambda one: (-whose[one[0]], one[0]))
    )
    heads: Heads = (("What must be known", "text"), ("Patients", "number"), ("Times", "number"), ("Code", "text"))
    return [Table("flags", "Warnings that go with the numbers, by how many patients they concern.", heads, shown, (), (3.6, 0.6, 0.6, 1.8))]


def provenance(analysed: Analysed) -> Section:
    """Versions, seed, digests: what a second person needs to make the same page again."""
    cohort = analysed.protocol.cohort
    made = [
        ("Protocol", analysed.protocol.name),
        ("Main rules", cohort.rules),
        ("Time point of markers", cohort.timepoint),
        ("Main delineation", analysed.protocol.segment.method),
        ("Seed", str(cohort.seed)),
        ("Bootstrap samples", str(cohort.samples)),
        ("Permutations", str(cohort.permutations)),
        *analysed.provenance,
        ("Software", ", ".join(f"{name} {version}" for name, version in analysed.software.items())),
    ]
    heads: Heads = (("What", "text"), ("Value", "text"))
    rows = tuple(Row((what, text)) for what, text in made)
    says = Words("The same protocol, tables and scans give the same bytes of this page, of every table and of every figure.", "quiet")
    return Section("provenance", "Provenance", (says, Table("provenance", "What this page was made of.", heads, rows, (), (1.0, 3.0))))
