"""Contract: tables of INTERFACE: every column has a sentence, rows have one order, the same rows are the same bytes."""

from __future__ import annotations

import json
from itertools import permutations
from typing import Any

from carpet.run.trial.tables import SCHEMAS, codebook, lesion_row, study_row, table_files

ROWS: list[dict[str, Any]] = [
    {"patient_id": "B", "day": 3, "study_uid": "1.2", "code": "X", "where": "=1+1"},
    {"patient_id": "A", "day": 29, "study_uid": "1.3", "code": "X"},
    {"patient_id": "A", "day": -3, "study_uid": "1.4", "code": "Y"},
    {"code": "Z"},
]


def test_order_of_rows_changes_no_byte() -> None:
    files = table_files({"refusals": ROWS})
    assert all(table_files({"refusals": rows}) == files for rows in permutations(ROWS))
    lines = files["refusals.csv"].decode().splitlines()
    assert [line.split(",")[:2] for line in lines[1:]] == [["", ""], ["A", "-3"], ["A", "29"], ["B", "3"]]
    assert lines[-1].split(",")[5] == "'=1+1"  # a spreadsheet must not run it


def test_a_table_without_rows_has_its_header() -> None:
    files = table_files({})
    assert set(files) == {f"{name}{end}" for name in SCHEMAS for end in (".csv", ".codebook.json")}
    for name, columns in SCHEMAS.items():
        assert files[f"{name}.csv"].decode() == ",".join(columns) + "\n"


def test_every_column_says_what_it_holds_and_names_its_unit() -> None:
    for name in SCHEMAS:
        book = json.loads(table_files({})[f"{name}.codebook.json"])
        assert book == codebook(name)
        assert all(column["says"] for column in book["columns"])
        units = {column["name"]: column["unit"] for column in book["columns"]}
        assert all(units[column] == "mm" for column in units if column.endswith("_mm"))
        assert all(units[column] == "mL" for column in units if column.endswith("_ml"))


def test_truth_is_yes_and_no() -> None:
    line = (
        table_files({"kinetics": [{"patient_id": "A", "from_baseline": True, "percent": -40.0}]})["kinetics.csv"].decode().splitlines()[1]
    )
    assert line == "A,,,,,,,yes,,,,,-40.0,,,,"


def test_rows_of_a_study_and_of_a_lesion() -> None:
    pet = {"series_uid": "1.9", "manufacturer": "M", "model": "N", "reconstruction": "R", "spacing_mm_kji": [3.0, 4.0, 5.0]}
    payload = {"status": "UNREVIEWED", "chosen_because": "only one", "uptake_min": 60.0, "segmenter": "suv4.0", "pet": pet, "ct": None}
    payload |= {"references": {"liver": {"mean": None}}, "reference_suv_max": {"blood_pool": 1.5}}
    row = study_row(payload, ["W2", "W1", "W2"])
    assert (row["spacing_k_mm"], row["spacing_i_mm"], row["ct_series_uid"], row["liver_suv_max"]) == (3.0, 5.0, None, None)
    assert (row["blood_pool_suv_max"], row["flags"]) == (1.5, ["W1", "W2"])
    lesion = lesion_row({"lesion_id": "L01", "site": {"meaning": "Spleen"}, "centroid_lps_mm": [1.0, 2.0, 3.0]})
    assert (lesion["site"], lesion["centroid_l_mm"], lesion["centroid_s_mm"]) == ("Spleen", 1.0, 3.0)
