"""Contract: what CONTRIBUTING.md tells a newcomer to write passes as written."""

from __future__ import annotations

import importlib
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import carpet.biomarkers
from carpet.core.method import methods

PAGE = Path(__file__).resolve().parents[1] / "CONTRIBUTING.md"
NAMED_BLOCK = re.compile(r"^`([\w/]+\.py)`\n\n```python\n(.*?)^```", flags=re.DOTALL | re.MULTILINE)
EXAMPLE = "suv_median"


@pytest.fixture
def written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, Path]]:
    """The page's files in a folder of their own that counts as part of the biomarkers' room."""
    blocks = NAMED_BLOCK.findall(PAGE.read_text(encoding="utf-8"))
    files = {name: tmp_path / name for name, _ in blocks}
    for name, text in blocks:
        files[name].parent.mkdir(parents=True)
        files[name].write_text(text, encoding="utf-8")
    room = [*carpet.biomarkers.__path__, str(tmp_path / "src/carpet/biomarkers")]
    monkeypatch.setattr(carpet.biomarkers, "__path__", room)
    methods.cache_clear()
    importlib.invalidate_caches()
    yield files
    methods.cache_clear()
    sys.modules.pop(f"carpet.biomarkers.{EXAMPLE}", None)
    if hasattr(carpet.biomarkers, EXAMPLE):
        delattr(carpet.biomarkers, EXAMPLE)


def test_the_page_shows_one_file_and_one_test(written: dict[str, Path]) -> None:
    assert list(written) == [f"src/carpet/biomarkers/{EXAMPLE}.py", f"tests/biomarkers/test_{EXAMPLE}.py"]


def test_the_biomarker_is_found_by_being_there(written: dict[str, Path]) -> None:
    found = methods("carpet.biomarkers", "biomarker")
    assert found[EXAMPLE].unit.ucum == "g/mL"
    assert len(found) > 1


def test_its_tests_pass(written: dict[str, Path]) -> None:
    page_test = written[f"tests/biomarkers/test_{EXAMPLE}.py"]
    names: dict[str, object] = {"__name__": f"test_{EXAMPLE}"}
    exec(compile(page_test.read_text(encoding="utf-8"), str(page_test), "exec"), names)  # noqa: S102 (our own page)
    tests = [value for name, value in names.items() if name.startswith("test_") and callable(value)]
    assert len(tests) == 2
    for test in tests:
        test()
