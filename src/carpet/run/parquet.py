"""The tables of a trial as Parquet, beside the CSV: typed by the codebook, with units and sentences in each column's metadata."""

from __future__ import annotations

import io
from collections.abc import Iterable, Mapping
from typing import Any

from carpet.run.trial.tables import SCHEMAS, Rows, shown_rows

SUFFIX = ".parquet"
COUNT, DAY, TEXT = "{count}", "d", ""  # units of the codebook; days from infusion are whole, a doubling time is not


def parquet_files(rows: Rows) -> dict[str, bytes]:
    """File name → content, for every table of SCHEMAS: the rows of the CSV in its order; what is empty there is null.

    Numbers are double; counts and days are int64; all else is text, as it is without the CSV's guard against formulas.
    """
    return {f"{name}{SUFFIX}": _content(name, shown_rows(name, rows)) for name in SCHEMAS}


def _content(name: str, rows: Iterable[Mapping[str, Any]]) -> bytes:
    import pyarrow as pa
    from pyarrow import parquet

    kept, fields, columns = list(rows), [], []
    for column, (unit, says) in SCHEMAS[name].items():
        kind = kind_of(column, unit)
        made = {"text": _text, "whole": _whole, "number": _number}[kind]
        typed = {"text": pa.string(), "whole": pa.int64(), "number": pa.float64()}[kind]
        fields.append(pa.field(column, typed, metadata={"unit": unit, "says": says}))
        columns.append(pa.array([made(row.get(column)) for row in kept], type=typed))
    file = io.BytesIO()
    parquet.write_table(pa.Table.from_arrays(columns, schema=pa.schema(fields, metadata={"table": name})), file)
    return file.getvalue()


def kind_of(column: str, unit: str) -> str:
    """text, whole or number: what a column of the codebook holds."""
    if unit == TEXT:
        return "text"
    is_day = unit == DAY and (column == "day" or column.endswith("_day"))
    return "whole" if unit == COUNT or is_day else "number"


def _text(value: Any) -> str | None:
    text = ";".join(value) if isinstance(value, list | tuple) else "" if value is None else str(value)
    return text or None


def _whole(value: Any) -> int | None:
    return None if value in (None, "") else int(value)


def _number(value: Any) -> float | None:
    return None if value in (None, "") else float(value)
