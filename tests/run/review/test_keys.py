"""Contract: T17. A key opens once, for whoever has it all; the next one is told."""

from __future__ import annotations

import pytest

from carpet.run.review.keys import KEY_BYTES, Key


def test_a_key_opens_once() -> None:
    told: list[str] = []
    key = Key(told.append)
    first = key.now
    assert key.taken(first)
    assert not key.taken(first)
    assert told == [key.now]
    assert first != key.now
    assert len(first) * 6 >= KEY_BYTES * 8


@pytest.mark.parametrize("given", ["", "é", "\ud800", "A" * 43])
def test_nothing_else_opens(given: str) -> None:
    key = Key(lambda fresh: pytest.fail(fresh))
    assert not key.taken(given)
    assert not key.taken(key.now[:-1])
