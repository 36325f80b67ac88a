"""Truth: the house's promise: each criterion decides every combination of its findings, and no rule is dead."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator
from enum import Enum
from itertools import product
from types import NoneType
from typing import Any, get_args, get_type_hints

import pytest

from carpet.response import Criterion, criteria
from carpet.response.rule import change_percent, exceeds, reaches

NAMES = sorted(criteria())


def values_of(hint: Any) -> list[Any]:
    """Every value that a finding of this type can have."""
    kinds = get_args(hint) or (hint,)
    found: list[Any] = []
    for kind in kinds:
        if kind is NoneType:
            found.append(None)
        elif kind is bool:
            found += [False, True]
        else:
            assert issubclass(kind, Enum), f"{hint}: findings are booleans, enumerations or None"
            found += list(kind)
    return found


def combinations(criterion: Criterion[Any]) -> Iterator[Any]:
    hints = get_type_hints(criterion.findings)
    for values in product(*(values_of(hint) for hint in hints.values())):
        yield criterion.findings(**dict(zip(hints, values, strict=True)))


def test_there_are_criteria() -> None:
    assert {"lugano_ct", "lugano_pet", "lugano", "lyric", "recil", "cheson2007", "percist", "deauville", "qpet"} <= set(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_every_combination_is_decided_and_no_rule_is_dead(name: str) -> None:
    criterion = criteria()[name]
    fired: Counter[str] = Counter()
    for findings in combinations(criterion):
        verdict = criterion.decide(findings)
        assert verdict.category in criterion.categories
        fired[verdict.rule] += 1
    assert set(fired) == {rule.id for rule in criterion.rules}


@pytest.mark.parametrize("name", NAMES)
def test_rules_say_what_they_are(name: str) -> None:
    criterion = criteria()[name]
    ids = [rule.id for rule in criterion.rules]
    assert len(set(ids)) == len(ids)
    assert {rule.category for rule in criterion.rules} <= set(criterion.categories)
    assert all(row[2] for row in criterion.table())
    assert criterion.source
    assert criterion.says


def test_no_rule_id_stands_for_two_rules() -> None:
    ids = [rule.id for criterion in criteria().values() for rule in criterion.rules]
    assert len(set(ids)) == len(ids)


def test_limits_are_met_as_a_calculator_would() -> None:
    assert reaches(2.09 / 2.2, 0.95)  # 0.9499999… in binary
    assert not exceeds(0.1 + 0.2, 0.3)
    assert exceeds(0.3001, 0.3)
    assert not reaches(0.2999, 0.3)


def test_change_in_percent() -> None:
    assert change_percent(20.0, 25.0) == pytest.approx(25.0)
    assert change_percent(0.0, 0.0) == 0.0
    assert change_percent(0.0, 1.0) == math.inf
