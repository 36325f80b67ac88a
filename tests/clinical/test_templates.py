"""Contract: the templates read back without a fault, and the codebook has a line for every column and analyte."""

from __future__ import annotations

import re

from carpet.clinical.tables import SCHEMAS, ClinicalTables, read_tables
from carpet.clinical.templates import CODEBOOK, codebook, templates
from carpet.clinical.units import ANALYTES


def test_templates_are_empty_tables() -> None:
    made = templates()
    assert set(made) == {schema.file for schema in SCHEMAS} | {"README.md"}
    assert {"patients.csv", "labs.csv", "toxicity.csv", "ct_targets.csv", "readings.csv", "scans.csv", "decisions.csv"} <= set(made)
    assert "track_corrections.csv" in made
    assert read_tables(made) == ClinicalTables()
    assert all(text.count("\n") == 1 for name, text in made.items() if name != CODEBOOK)


def test_the_codebook_tells_every_column_in_order() -> None:
    sections = dict(re.findall(r"^## (\S+\.csv)\n\n(.*?)(?=^## |\Z)", codebook(), flags=re.MULTILINE | re.DOTALL))
    for schema in SCHEMAS:
        lines = re.findall(r"^\| `(\w+)` \| (yes|) \| (.+) \| (.+) \|$", sections[schema.file], flags=re.MULTILINE)
        assert [line[0] for line in lines] == list(schema.columns)
        assert {line[0] for line in lines if line[1]} == schema.needed


def test_the_codebook_tells_every_analyte_and_unit() -> None:
    text = codebook()
    lines = dict(re.findall(r"^\| `(\w+)` \| (.+)$", text[text.index("## Analytes") :], flags=re.MULTILINE))
    assert list(lines) == list(ANALYTES)
    for name, analyte in ANALYTES.items():
        assert lines[name].startswith(f"{analyte.unit} | {', '.join(analyte.factors)} | ")
