"""Robustness in the cohort report: the main effect under every delineation and set of rules, and what each set of rules changes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from carpet.cohort.analyses.specification import Specification as Chosen
from carpet.report.cohort_content import Block, Picture, Row, Section, Table, Words
from carpet.report.cohort_figures.specification_curve import Specification, SpecificationData
from carpet.run.cohort.content_input import Analysed
from carpet.run.cohort.content_words import counts_text, reason_text, term_words
from carpet.run.trial.endpoints import rules_of

DIMENSIONS = ("Delineation", "Endpoint", "Rules", "Model")
HAS_TABLE = ("OS", "PFS", "EFS", "DOR", "TTP")


def robustness(analysed: Analysed) -> Section:
    """A specification curve and the table of rule effects."""
    blocks: list[Block] = []
    if analysed.specifications:
        blocks.append(_curve(analysed.specifications, analysed.protocol.cohort.endpoints[0]))
        delineations = list(dict.fromkeys(one.delineation for one in analysed.specifications))
        if len(delineations) == 1:
            more = (
                f"One delineation was measured ({delineations[0]}): list others under segment.also to see how far the result hangs on it."
            )
            blocks.append(Words(more, "quiet"))
    rows = [row for row in analysed.rows.get("rule_effects", ()) if not row["patient_id"] and row["endpoint"] in HAS_TABLE]
    if rows:
        blocks.append(_table(rows, {one.name: one.says for one in rules_of(analysed.protocol)}))
    empty = "No effect was estimated under a second set of rules or a second delineation."
    return Section("robustness", "Robustness", tuple(blocks), empty)


def _curve(found: Sequence[Chosen], endpoint: str) -> Picture:
    """The one main analysis is that of the main endpoint."""
    main = next((one for one in found if one.main and one.effect.endpoint == endpoint), found[0])
    term = found[0].effect.term
    made = tuple(
        Specification(
            (one.delineation, one.effect.endpoint, one.rules, "adjusted" if one.adjusted else "alone"),
            one.effect.ratio,
            one.effect.low,
            one.effect.high,
            one is main,
            reason_text(one.effect.reason_missing),
        )
        for one in found
    )
    per = main.effect.per
    named = term_words(term, per)
    data = SpecificationData(f"Hazard ratio of {named}", f"Hazard ratio, {per}", DIMENSIONS, made)
    caption = (
        f"Specification curve: the hazard ratio of {named} by every delineation, endpoint, set of rules and model, from the smallest to "
        "the largest. The analyses share their patients: the intervals are not independent, and their number proves nothing."
    )
    return Picture(
        "robustness", caption, f"Main analysis: {counts_text(main.effect.patients, main.effect.events)}.", "Hazard ratio, log axis.", data
    )


def _table(rows: Sequence[Mapping[str, Any]], says: Mapping[str, str]) -> Table:
    """says: of each set of rules what it is."""
    shown: list[Row] = []
    for endpoint in dict.fromkeys(str(row["endpoint"]) for row in rows):
        mine = [row for row in rows if row["endpoint"] == endpoint]
        first = mine[0]
        counts = f"{first['default_events']} events in {first['default_patients']} patients"
        said = f"{endpoint}: by the default rules {counts}, {first['default_days']} days"
        shown.append(Row((said,), heading=True))
        shown += [_row(row, says) for row in mine if row["changed"]]
        same = [str(row["rules"]) for row in mine if not row["changed"]]
        if same:
            shown.append(Row(("nothing changes", ", ".join(same), "", "", "", "0"), indented=True))
    return Table(
        "rule_effects",
        "What each set of rules changes in each endpoint. Changed: patients whose event, days or evaluability differ from the default.",
        (
            ("Rules", "text"),
            ("What they are", "text"),
            ("Patients", "number"),
            ("Events", "number"),
            ("Days", "number"),
            ("Changed", "number"),
        ),
        tuple(shown),
        widths=(1.5, 3.6, 0.7, 0.6, 0.7, 0.7),
    )


def _row(row: Mapping[str, Any], says: Mapping[str, str]) -> Row:
    counts = (str(row[name]) for name in ("patients", "events", "days", "changed"))
    return Row((str(row["rules"]), says.get(row["rules"], ""), *counts), indented=True)
