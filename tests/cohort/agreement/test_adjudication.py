"""Truth: closed form, every trigger of METHODS J at its limit."""

from __future__ import annotations

from typing import Any

import pytest

from carpet.cohort.agreement.adjudication import Case, Read, Trigger, to_adjudicate


def cases(first: dict[str, Any], second: dict[str, Any]) -> list[tuple[Trigger, str]]:
    return [(one.trigger, one.because) for one in to_adjudicate([Read("A", "M1", "R", **first), Read("A", "M1", "S", **second)])]


@pytest.mark.parametrize(
    ("first", "second", "found"),
    [
        ({"category": "CR"}, {"category": "PR"}, [(Trigger.CATEGORY, "CR and PR")]),
        ({"category": "CR"}, {"category": "CR"}, []),
        ({"category": "CR"}, {}, []),
        ({"deauville": "3"}, {"deauville": "4"}, [(Trigger.DEAUVILLE, "Deauville 3 and 4")]),
        ({"deauville": "4"}, {"deauville": "5"}, []),
        ({"deauville": "1"}, {"deauville": "3"}, []),
        ({"deauville": "X"}, {"deauville": "4"}, []),
        ({"tmtv_ml": 100.0}, {"tmtv_ml": 112.0}, [(Trigger.TMTV, "100.0 and 112.0 mL")]),
        ({"tmtv_ml": 20.0}, {"tmtv_ml": 30.0}, []),  # 40 % but 10 mL
        ({"tmtv_ml": 1000.0}, {"tmtv_ml": 1090.0}, []),  # 90 mL but 8.6 %
        ({"progression_day": 29}, {"progression_day": 36}, []),
        ({"progression_day": 29}, {"progression_day": 37}, [(Trigger.PROGRESSION, "progression on day 29 and day 37")]),
        ({"progression_day": 29}, {"no_progression": True}, [(Trigger.PROGRESSION, "progression on day 29 and none")]),
        ({"progression_day": 29}, {}, []),
        ({"no_progression": True}, {"no_progression": True}, []),
    ],
)
def test_triggers(first: dict[str, Any], second: dict[str, Any], found: list[tuple[Trigger, str]]) -> None:
    assert cases(first, second) == found
    assert [one for one, _ in cases(second, first)] == [one for one, _ in found]


def test_only_readers_of_the_same_time_point_are_compared_and_order_does_not_matter() -> None:
    reads = [
        Read("B", "M1", "R", "CR"),
        Read("A", "M3", "S", "PD"),
        Read("A", "M1", "T", "CR"),
        Read("A", "M1", "R", "SD"),
        Read("A", "M1", "S", "CR"),
    ]
    found = to_adjudicate(reads)
    assert found == to_adjudicate(reads[::-1])
    assert found == (
        Case("A", "M1", ("R", "S"), Trigger.CATEGORY, "SD and CR"),
        Case("A", "M1", ("R", "T"), Trigger.CATEGORY, "SD and CR"),
    )
    assert to_adjudicate([]) == ()
