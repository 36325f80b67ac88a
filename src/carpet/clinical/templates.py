"""The empty clinical tables of a new trial, and the codebook beside them, printed from what the columns declare."""

from __future__ import annotations

from typing import Any

from carpet.clinical.table import LARGEST_BYTES, MOST_ROWS, Schema
from carpet.clinical.tables import SCHEMAS
from carpet.clinical.units import ANALYTES

CODEBOOK = "README.md"

INTRODUCTION = f"""# Clinical tables

One file a table, one line a row. CSV in UTF-8; commas between cells, or semicolons; decimal point. Dates are YYYY-MM-DD. An empty cell
means "not known": nothing else does. Up to {LARGEST_BYTES // 1_000_000} MB and {MOST_ROWS:,} rows a table. Columns may stand in any order,
those not needed may be left out, others are refused. What is wrong is told with file, row and column; rows are counted as a spreadsheet
does, the header being row 1. These tables hold calendar dates: keep them where patients' data are kept. Results hold days from infusion.
"""


def templates() -> dict[str, str]:
    """File name → text of what `carpet init` puts into `clinical/`: every table with its header only, and the codebook."""
    tables = {schema.file: ",".join(schema.columns) + "\n" for schema in SCHEMAS}
    return {**tables, CODEBOOK: codebook()}


def codebook() -> str:
    """The codebook in Markdown: a table a file, a line a column; then the analytes with their units."""
    return "\n".join([INTRODUCTION, *(_of_table(schema) for schema in SCHEMAS), _analytes()])


def _of_table(schema: Schema[Any]) -> str:
    lines = [f"## {schema.file}", "", "| column | needed | holds | means |", "|---|---|---|---|"]
    for name, column in schema.columns.items():
        lines.append(f"| `{name}` | {'yes' if name in schema.needed else ''} | {column.kind.says} | {column.says} |")
    return "\n".join([*lines, ""])


def _analytes() -> str:
    lines = [
        "## Analytes of labs.csv",
        "",
        "| analyte | kept in | may be written in | refused outside | of one day's | means |",
        "|---|---|---|---|---|---|",
    ]
    for one in ANALYTES.values():
        low, high = one.possible
        worse = "highest" if one.worse == "high" else "lowest"
        lines.append(f"| `{one.name}` | {one.unit} | {', '.join(one.factors)} | {low:g} to {high:g} | {worse} | {one.says} |")
    return "\n".join([*lines, ""])
