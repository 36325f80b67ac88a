"""Truth: closed form: the effects one by one."""

from __future__ import annotations

from collections.abc import Callable

from carpet.cohort.analyses.effects import effects
from carpet.cohort.analyses.specification import specifications
from carpet.cohort.table import Cohort


def test_every_choice_is_a_row(cohort: Cohort, make: Callable[..., Cohort]) -> None:
    other = make([{**row, "tmtv": None if row["tmtv"] is None else float(row["tmtv"]) * 0.5 + 10.0} for row in cohort.rows])
    variants = [("suv4.0", "default", cohort), ("suv4.0", "ignore", make([])), ("max41", "default", other)]
    found = specifications(variants, "PFS", marker="tmtv", adjusted_for=["age", "tmtv"])
    assert [(one.delineation, one.rules, one.adjusted, one.main) for one in found] == [
        ("suv4.0", "default", False, True),
        ("suv4.0", "default", True, False),
        ("suv4.0", "ignore", False, False),
        ("suv4.0", "ignore", True, False),
        ("max41", "default", False, False),
        ("max41", "default", True, False),
    ]
    assert [one.effect.reason_missing for one in found] == ["", "", "NO_PATIENTS", "NO_PATIENTS", "", ""]
    assert found[0].effect == effects(cohort, "PFS", rules="default", terms=["tmtv"])[0]
    assert found[5].effect == effects(other, "PFS", rules="default", terms=["tmtv", "age"], together=True)[0]
    assert {one.effect.term for one in found} == {"tmtv"}


def test_without_anything_to_adjust_for(cohort: Cohort) -> None:
    assert [one.adjusted for one in specifications([("suv4.0", "default", cohort)], "PFS", marker="tmtv")] == [False]
    assert specifications([], "PFS", marker="tmtv") == ()
