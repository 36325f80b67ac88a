"""Truth: other program's cohort, published: Cancer Imaging 2023;23:44 (41 patients), of which the order is asked, not the numbers."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[1]
SMALL = 400
APART = 0.03  # of patients on whom criteria may differ where nothing is in doubt: diameters at a limit


@pytest.fixture(scope="module")
def script(from_checkout: Callable[[str], ModuleType]) -> ModuleType:
    return from_checkout("validation/response_disagreement.py")


@pytest.fixture(scope="module")
def patients(script: ModuleType) -> Any:
    return script.cohort(SMALL)


def test_the_published_order_comes_out(script: ModuleType, patients: Any) -> None:
    shares = script.shares_of(script.on(script.SECOND, patients))
    assert script.in_order(shares), shares
    published = {name: number / script.OF_PUBLISHED for name, number in script.PUBLISHED.items()}
    assert script.in_order(published)
    assert not script.in_order(published | {"recil": published["cheson2007"]})
    assert not script.in_order(published | {"lyric": published["recil"] - script.ALIKE})


def test_where_all_lesions_go_the_same_way_there_is_nothing_to_disagree_about(script: ModuleType) -> None:
    shares = script.shares_of(script.on(script.SECOND, script.cohort(SMALL, script.AGREED)))
    assert max(shares.values()) - min(shares.values()) < APART
    assert min(shares.values()) > script.AGREED["all lesions grow"] / 2


@pytest.mark.parametrize(
    ("fate", "yes", "rule", "no", "other"),
    [
        ("uptake rises", "lugano", "LUG-PMD ← PET-PMD-rise", "cheson2007", "SD CHE-SD"),
        ("uptake rises", "lugano", "LUG-PMD ← PET-PMD-rise", "lyric", "IR3 LY-IR3"),
        ("one lesion grows", "lugano", "LUG-NMR-PD ← CT-PD1", "recil", "PR REC-PR"),
        ("another lesion grows", "cheson2007", "CHE-PD-organ", "recil", "PR REC-PR"),
        ("a new lesion", "recil", "REC-PD-new", "lyric", "IR2 LYF-IR2"),
    ],
)
def test_the_rule_behind_a_disagreement(script: ModuleType, patients: Any, fate: str, yes: str, rule: str, no: str, other: str) -> None:
    those = script.on(script.SECOND, patients, fate)
    assert script.behind(those, yes, no).most_common(1)[0][0] == (rule, other)
    differ = [one for one in those if one.progressed(yes) and one.verdicts[no].category not in ("PD", "NE")]
    assert script.behind(those, yes, no).total() == len(differ)


def test_pseudoprogression_is_progression_to_all_but_lyric_and_only_at_first(script: ModuleType, patients: Any) -> None:
    first, second = (script.shares_of(script.on(day, patients, "pseudoprogression")) for day in (script.FIRST, script.SECOND))
    assert min(first["lugano"], first["cheson2007"], first["recil"]) > 0.8
    assert first["lyric"] == 0
    assert set(second.values()) == {0}


@pytest.mark.parametrize(
    ("events", "count", "low", "high"),
    [(0, 10, 0.0, 0.2775), (5, 10, 0.2366, 0.7634), (81, 263, 0.2553, 0.3662)],  # Newcombe 1998 Stat Med 17:857, table I for 81/263
)
def test_intervals(script: ModuleType, events: int, count: int, low: float, high: float) -> None:
    assert script.interval(events, count) == pytest.approx((low, high), abs=1e-4)


@pytest.mark.slow
def test_the_page_is_what_the_script_prints(script: ModuleType) -> None:
    assert (ROOT / "docs" / "reference" / "disagreement.md").read_text("utf-8") == script.page()
