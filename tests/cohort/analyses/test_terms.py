"""Truth: closed form: columns turned into covariates by hand."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from carpet.cohort.analyses.terms import (
    competing_happened,
    endpoint_columns,
    groups_of,
    term,
    unit_in_words,
    usable,
    values_of,
)
from carpet.cohort.survival import Survival
from carpet.cohort.table import Cohort

Make = Callable[..., Cohort]


@pytest.fixture
def four(make: Make) -> Cohort:
    rows = [
        {"age": 50.0, "tmtv": 8.0, "arm": "c", "bulk": True, "pfs_days": 1, "pfs_event": 1},
        {"age": 75.0, "tmtv": 0.0, "arm": "b", "bulk": False, "pfs_days": 2, "pfs_event": 0},
        {"age": 60.0, "tmtv": None, "arm": "a", "bulk": False, "pfs_days": 3, "pfs_event": 0},
        {"age": 60.0, "tmtv": 2.0, "arm": "new", "bulk": None, "pfs_days": None, "pfs_event": None},
    ]
    return make(rows, flags={("P000", "tmtv"): ("EARLIER_BASELINE",), ("P003", "age"): ("NEVER_SEEN",)})


def test_usable_rows_and_what_must_be_known(four: Cohort) -> None:
    assert endpoint_columns("PFS") == ("pfs_days", "pfs_event")
    plain = usable(four, "PFS", ["age"])
    assert (plain.rows.tolist(), plain.missing, plain.flags) == ([0, 1, 2], 1, ())
    doubled = usable(four, "PFS", ["tmtv", "age"])
    assert (doubled.rows.tolist(), doubled.missing, doubled.flags) == ([0], 3, ("EARLIER_BASELINE", "NOT_POSITIVE"))
    assert usable(four, "PFS", ["tmtv"], as_measured=True).rows.tolist() == [0, 1]


def test_numbers_per_doubling_and_per_step(four: Cohort) -> None:
    rows = np.array([0, 3])
    volume, age = term(four, "tmtv", rows), term(four, "age", rows)
    assert volume.covariates["tmtv"].tolist() == [3.0, 1.0]
    assert volume.per == {"tmtv": "per doubling"}
    assert age.covariates["age"].tolist() == [5.0, 6.0]
    assert age.per == {"age": "per 10 years"}
    assert values_of(four, "tmtv", rows).tolist() == [8.0, 2.0]


def test_categories_against_the_first_level_that_has_patients(four: Cohort) -> None:
    every = term(four, "arm", np.arange(4))
    assert every.per == {"arm: a": "a vs b", "arm: c": "c vs b", "arm: new": "new vs b"}
    assert every.covariates["arm: c"].tolist() == [1.0, 0.0, 0.0, 0.0]
    assert list(term(four, "arm", np.array([0, 2])).per.values()) == ["c vs a"]
    assert term(four, "arm", np.array([0])).covariates == {}
    assert term(four, "bulk", np.array([0, 1])).per == {"bulk: yes": "yes vs no"}


def test_groups_in_the_order_of_levels(four: Cohort) -> None:
    names, group = groups_of(four, "arm", np.arange(4))
    assert (names, group.tolist()) == (("b", "a", "c", "new"), [2, 0, 1, 3])
    assert groups_of(four, "age", np.arange(4))[0] == ("50", "60", "75")


def test_competing_events_and_units() -> None:
    survival = Survival.of([1, 2, 3], [0, 1, 2], causes=("a", "b"))
    assert competing_happened(survival)
    assert not competing_happened(survival.take(np.array([0, 1])))
    assert [unit_in_words(unit) for unit in ("{count}", "a", "g/mL", "/m", "cm2")] == ["", "years", "g/mL", "m⁻¹", "cm²"]
