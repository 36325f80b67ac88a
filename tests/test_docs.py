"""Contract: the pages of docs/reference are what the code prints, and the confusion table is what the phantoms give."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

from carpet.biomarkers import biomarkers
from carpet.lesions.rules import rules_table
from carpet.segment import segmenters

ROOT = Path(__file__).resolve().parents[1]
REFERENCE = ROOT / "docs" / "reference"


def loaded(path: str) -> ModuleType:
    """A script of the checkout as a module."""
    spec = importlib.util.spec_from_file_location(Path(path).stem, ROOT / path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


PRINTER = loaded("tools/print_docs.py")


@pytest.mark.parametrize("name", sorted(PRINTER.PAGES))
def test_reference_pages_are_what_the_code_prints(name: str) -> None:
    assert (REFERENCE / name).read_text("utf-8") == PRINTER.PAGES[name](), "run: uv run python tools/print_docs.py"


def test_no_method_and_no_notice_is_left_out() -> None:
    methods = (REFERENCE / "methods.md").read_text("utf-8")
    names = [*segmenters(), *biomarkers(), *(row[0] for row in rules_table())]
    assert len(names) > 40
    assert [name for name in names if f"`{name}`" not in methods] == []
    notices = (REFERENCE / "notices.md").read_text("utf-8")
    codes = {kind.code for kind in PRINTER.every_notice()}
    assert {"UNREVIEWED", "NAC_SERIES", "SLICE_GAP", "MASK_OVERLAP", "DECISION_MALFORMED"} <= codes
    assert [code for code in codes if f"`{code}`" not in notices] == []


@pytest.mark.slow
def test_the_confusion_table_is_what_the_phantoms_give() -> None:
    script = loaded("validation/disease_or_physiologic.py")
    page = (REFERENCE / "disease_or_physiologic.md").read_text("utf-8")
    assert page.startswith(script.HEADING)
    assert script.counted(script.UNSEEN, with_ct=True) in page
