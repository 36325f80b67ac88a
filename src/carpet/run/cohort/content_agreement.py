"""Agreement of readers in the cohort report: each statistic with its interval, and the cases that a third person must see."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from carpet.report.cohort_content import Block, Heads, Row, Section, Table, Words
from carpet.report.numbers import DASH, MINUS
from carpet.run.cohort.content_input import Analysed
from carpet.run.cohort.content_words import reason_text

ITEMS = {
    "deauville": "Deauville score",
    "metabolic_response": "Metabolic response",
    "ct_response": "CT response",
    "tmtv": "TMTV",
    "outlines": "Outlines",
}
STATISTICS = {
    "percent_agreement": "agreement, %",
    "kappa_quadratic": "κ, quadratic weights",
    "kappa": "κ (Cohen)",
    "fleiss_kappa": "κ (Fleiss)",
    "ac1": "AC1 (Gwet)",
    "icc": "ICC (2,1), absolute agreement",
    "lin_ccc": "concordance (Lin)",
    "bias_ratio": "mean ratio, second to first reader",
    "limit_low_ratio": "lower limit of agreement, ratio",
    "limit_high_ratio": "upper limit of agreement, ratio",
    "within_benchmark": "within 10 % or 10 mL of each other, %",
    "dice": "Dice, mean",
    "hd95": "HD95, mean, mm",
    "nsd": "surface within 4 mm of the other, mean share",
}
REASONS = {
    "NOT_POSITIVE": "one of the values is 0, so there are no ratios",  # elsewhere this code is of patients who were left out
    "READING_NOT_BLIND": "no scan that both read blinded",
}
PERCENT = ("percent_agreement", "within_benchmark")
MOST_CASES = 20


def agreement(analysed: Analysed) -> Section:
    """All time points together; the table `agreement` has each by itself."""
    rows = [row for row in analysed.rows.get("agreement", ()) if not row["timepoint"]]
    known = [row for row in rows if row["value"] is not None]
    blocks: list[Block] = []
    if known:
        blocks.append(Words("κ collapses where nearly all cases are alike: read it beside AC1 and the plain agreement.", "quiet"))
        blocks.append(_table(rows))
    blocks += _cases(analysed)
    lacking = "Readers cannot be compared: " + (_reason(rows[0]) if rows else "no scan was read by two readers") + "."
    return Section("agreement", "Agreement of readers", tuple(blocks), lacking)


def _table(rows: list[Mapping[str, Any]]) -> Table:
    shown: list[Row] = []
    for item, raters in dict.fromkeys((row["item"], row["raters"]) for row in rows):
        mine = [row for row in rows if (row["item"], row["raters"]) == (item, raters)]
        left_out = mine[0]["left_out"]
        without = f" (without {left_out} that were not read blinded)" if left_out else ""
        shown.append(Row((f"{ITEMS.get(item, item)}: {raters.replace(';', ' and')}{without}",), heading=True))
        shown += [Row((STATISTICS.get(row["statistic"], row["statistic"]), _value(row), str(row["n"])), indented=True) for row in mine]
    heads: Heads = (("Statistic", "text"), ("Value (95% CI)", "number"), ("Cases", "number"))
    caption = "Agreement on the same scans, all time points together: several scans of a patient count as several cases."
    return Table("agreement", caption, heads, tuple(shown), widths=(2.2, 2.0, 0.7))


def _value(row: Mapping[str, Any]) -> str:
    if row["value"] is None:
        return f"{DASH} {_reason(row)}"
    digits = 0 if row["statistic"] in PERCENT else 2
    value, low, high = (None if row[name] is None else f"{row[name]:.{digits}f}".replace("-", MINUS) for name in ("value", "low", "high"))
    return f"{value}" + (f" ({low} to {high})" if low and high else "")


def _how(row: Mapping[str, Any]) -> str:
    return f"{row['because']} ({row['not_blind']})" if row["not_blind"] else str(row["because"])


def _reason(row: Mapping[str, Any]) -> str:
    return REASONS.get(row["reason_missing"]) or reason_text(row["reason_missing"])


def _cases(analysed: Analysed) -> list[Block]:
    cases = analysed.rows.get("adjudications", ())
    if not cases:
        return []
    rows = tuple(
        Row((str(row["patient_id"]), str(row["timepoint"] or DASH), str(row["readers"]).replace(";", " and"), _how(row)))
        for row in sorted(cases, key=lambda row: (row["patient_id"], row["day"] or 0, row["trigger"]))[:MOST_CASES]
    )
    more = (f"{len(cases) - MOST_CASES} more stand in the table adjudications.",) if len(cases) > MOST_CASES else ()
    heads: Heads = (("Patient", "text"), ("Time point", "text"), ("Who differs", "text"), ("How", "text"))
    caption = "For a third person to see: readings that differ where it matters."
    return [Table("adjudications", caption, heads, rows, more, (0.8, 0.8, 2.0, 3.0))]
