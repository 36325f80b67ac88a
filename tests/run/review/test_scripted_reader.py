"""Truth: `carpet measure` and `carpet run`. What a script reads and signs through the real page and server, they say to the last digit."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[3]
COMPARED = (  # of each case
    *("the page = the export", "the voxels", "measure --decisions reading.json", "TMTV1 to TMTV4", "measure --mask labels"),
    *("carpet run, lesions", "carpet run, numbers", "carpet run, responses"),
)


@pytest.fixture
def reading_room(monkeypatch: pytest.MonkeyPatch) -> Any:
    """validation/reading_room.py, whose neighbours are found as when it is run."""
    monkeypatch.syspath_prepend(str(ROOT / "validation"))
    import reading_room

    return reading_room


@pytest.mark.browser
@pytest.mark.slow
def test_a_script_reads_two_cases(ran: Path, reading_room: Any) -> None:
    told: list[str] = []
    assert reading_room.check(ran, 2, told.append) == 0, "\n".join(told)
    for name in COMPARED:
        assert sum(line.endswith(f": {name}: equal") for line in told) == 2, name
    assert sum(line.endswith(": measure --decisions decisions.csv: equal") for line in told) >= 1
    done = " ".join(line for line in told if " clicks: " in line)
    for step in (
        "projection: ",
        "slice: ",
        "key: ",
        "brush: ",
        "erase: ",
        "split: ",
        "merge: ",
        "undo",
        "site: ",
        "Deauville 1",
        "new lesions: ",
        "comment",
    ):
        assert step in done, step


def test_a_digit_that_differs_is_told(reading_room: Any) -> None:
    lesion = dict.fromkeys(reading_room.OF_LESION, 1.0) | {"lesion_id": "L01"}
    number = dict.fromkeys(reading_room.OF_NUMBER, "") | {"name": "tmtv", "value": 10.0}
    one = reading_room.CaseRead("A/TT", measurements={"status": "REVIEWED", "lesions": [lesion], "biomarkers": [number]})
    assert reading_room.against(one, one.measurements) == []
    for table, name in (("lesions", "suv_peak"), ("biomarkers", "value")):
        other = copy.deepcopy(one.measurements)
        other[table][0][name] += 1e-12
        assert len(reading_room.against(one, other)) == 1
        del other[table][0]
        assert len(reading_room.against(one, other)) == 1
