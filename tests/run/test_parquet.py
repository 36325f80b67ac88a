"""Truth: other program (pyarrow reads it back), against the CSV of the same rows, cell by cell."""

from __future__ import annotations

import csv
import io
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from pyarrow import parquet

from carpet.run.parquet import kind_of, parquet_files
from carpet.run.trial.tables import SCHEMAS, codebook, table_files

LESION = {"patient_id": "A", "timepoint": "TT", "day": -3, "lesion_id": "L01", "volume_ml": 1 / 3, "suv_max": 12, "voxels": 41}
ROWS: dict[str, list[dict[str, Any]]] = {
    "lesions": [
        LESION | {"site": "=1+1", "flags": ["B", "A"]},
        {"patient_id": "A", "day": 29, "volume_ml": 1e-300, "flags": []},
        {"patient_id": "A", "day": None, "voxels": 2**40, "suv_max": -0.0},
    ],
    "kinetics": [{"patient_id": "Ä", "from_baseline": True, "from_day": -5, "change": None}, {"patient_id": "B", "from_baseline": False}],
}


def read(content: bytes) -> pa.Table:
    return parquet.read_table(io.BytesIO(content))


def same(cell: str, value: Any) -> bool:
    if isinstance(value, str):
        return cell.removeprefix("'") == value
    return (cell == "") if value is None else float(cell) == value


def differing(csv_text: str, table: pa.Table) -> list[tuple[str, Any]]:
    rows = list(csv.DictReader(io.StringIO(csv_text)))
    assert [list(row) for row in rows[:1]] == [table.column_names for _ in rows[:1]]
    assert len(rows) == table.num_rows
    pairs = [(row[name], kept[name]) for row, kept in zip(rows, table.to_pylist(), strict=True) for name in table.column_names]
    return [pair for pair in pairs if not same(*pair)]


def test_every_cell_is_that_of_the_csv() -> None:
    files, made = table_files(ROWS), parquet_files(ROWS)
    assert set(made) == {f"{name}.parquet" for name in SCHEMAS}
    for name in SCHEMAS:
        assert differing(files[f"{name}.csv"].decode(), read(made[f"{name}.parquet"])) == []


def test_numbers_days_counts_and_text_have_their_types_and_what_is_missing_is_null() -> None:
    table = read(parquet_files(ROWS)["lesions.parquet"])
    said = {name: str(table.schema.field(name).type) for name in ("day", "voxels", "volume_ml", "suv_max", "site", "flags")}
    assert said == {"day": "int64", "voxels": "int64", "volume_ml": "double", "suv_max": "double", "site": "string", "flags": "string"}
    assert table.column("volume_ml").to_pylist() == [None, 1 / 3, 1e-300]
    assert table.column("voxels").to_pylist() == [2**40, 41, None]
    assert table.column("flags").to_pylist() == [None, "B;A", None]
    assert read(parquet_files({})["lesions.parquet"]).schema.equals(table.schema)


def test_a_column_says_its_unit_and_its_sentence() -> None:
    for name in SCHEMAS:
        schema = read(parquet_files({})[f"{name}.parquet"]).schema
        said = [{"name": one.name, "unit": one.metadata[b"unit"].decode(), "says": one.metadata[b"says"].decode()} for one in schema]
        assert said == [{key: one[key] for key in ("name", "unit", "says")} for one in codebook(name)["columns"]]
        assert b"pandas" not in schema.metadata


@pytest.mark.parametrize(
    ("column", "unit", "kind"),
    [
        ("day", "d", "whole"),
        ("to_day", "d", "whole"),
        ("doubling_days", "d", "number"),
        ("log_growth_per_day", "/d", "number"),
        ("voxels", "{count}", "whole"),
        ("site", "", "text"),
    ],
)
def test_kinds_by_hand(column: str, unit: str, kind: str) -> None:
    assert kind_of(column, unit) == kind


def test_the_bytes_are_the_same_in_another_process_zone_and_locale() -> None:
    look = f"import hashlib\nfrom carpet.run.parquet import parquet_files\nfor one in parquet_files({ROWS!r}).values():\n"
    look += "    print(hashlib.sha256(one).hexdigest())"
    paths = os.pathsep.join(path for path in sys.path if path)
    settings = ({"TZ": "Asia/Kathmandu", "PYTHONHASHSEED": "7"}, {"TZ": "UTC", "LC_ALL": "de_DE.UTF-8", "PYTHONHASHSEED": "8"})
    said = [
        subprocess.run([sys.executable, "-c", look], env=os.environ | {"PYTHONPATH": paths} | one, capture_output=True, check=True).stdout
        for one in settings
    ]
    assert said[0] == said[1]


def test_the_tables_of_a_trial_read_back(ran: Path) -> None:
    for path in sorted((ran / "results" / "tables").glob("*.parquet")):
        assert differing(path.with_suffix(".csv").read_text(encoding="utf-8"), read(path.read_bytes())) == []
    assert len(list((ran / "results" / "tables").glob("*.parquet"))) == len(SCHEMAS)
