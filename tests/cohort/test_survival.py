"""Contract: follow-up that can't be is refused with the row; parts of it keep what they say."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from carpet.cohort.survival import Survival, labelled, numbers
from carpet.core.errors import ProtocolError, Refused


@pytest.mark.parametrize(
    ("given", "code", "where"),
    [
        ({"days": [3, 2.5], "event": [0, 1]}, "DAYS_NOT_WHOLE", "days, row 2"),
        ({"days": [3, float("nan")], "event": [0, 1]}, "VALUE_MISSING", "days, row 2"),
        ({"days": [-1, 2], "event": [0, 1]}, "DAYS_NEGATIVE", "days, row 1"),
        ({"days": [1, 2], "event": [0, 2]}, "EVENT_UNKNOWN", "event, row 2"),
        ({"days": [1, 2], "event": [-1, 1]}, "EVENT_UNKNOWN", "event, row 1"),
        ({"days": [1, 2], "event": [0, 1], "entry": [0, 2]}, "ENTRY_AFTER_EXIT", "entry, row 2"),
        ({"days": [5, 9], "event": [0, 1], "entry": [0, 4], "patient": [7, 7]}, "ROWS_OVERLAP", "entry, row 2"),
        ({"days": [5, 9], "event": [0, 1], "patient": [7, 7]}, "ROWS_OVERLAP", "entry, row 2"),
        ({"days": [], "event": []}, "NO_PATIENTS", "days"),
    ],
)
def test_what_cannot_be_is_refused(given: dict[str, Any], code: str, where: str) -> None:
    with pytest.raises(Refused) as refused:
        Survival.of(**given)
    assert refused.value.codes == (code,)
    assert refused.value.notices[0].where == where


def test_lengths_must_agree() -> None:
    with pytest.raises(ProtocolError, match="equally long"):
        Survival.of([1, 2], [1])


def test_whole_days_are_kept_whatever_their_type_and_can_not_be_written() -> None:
    made = Survival.of([3.0, 4.0], [True, False])
    assert made.days.dtype == np.int64
    assert made.event.tolist() == [1, 0]
    with pytest.raises(ValueError, match="read-only"):
        made.days[0] = 9


def test_causes() -> None:
    made = Survival.of([1, 2, 3], [2, 1, 0], causes=("relapse", "death"))
    assert made.of_cause(2).event.tolist() == [1, 0, 0]
    assert made.of_cause(2).causes == ("death",)
    assert made.any_event().event.tolist() == [1, 1, 0]
    with pytest.raises(ProtocolError, match="cause 3"):
        made.of_cause(3)


def test_rows_of_a_patient() -> None:
    made = Survival.of([9, 5, 4], [1, 0, 0], entry=[5, 0, 0], patient=[3, 3, 8])
    assert made.last_row().tolist() == [True, False, True]
    assert made.turned().event.tolist() == [0, 0, 1]
    assert not made.one_row_each


def test_a_patient_drawn_twice_becomes_two() -> None:
    made = Survival.of([4, 5], [1, 0])
    assert made.take(np.array([0, 0, 1])).one_row_each
    assert made.take(np.array([False, True])).days.tolist() == [5]
    with pytest.raises(Refused, match="NO_PATIENTS"):
        made.take(np.array([False, False]))


def test_labels_are_sorted_as_what_they_are() -> None:
    names, index = labelled([10.0, 2.0, 10.0], 3)
    assert names == ("2", "10")
    assert index.tolist() == [1, 0, 1]
    with pytest.raises(Refused, match="VALUE_MISSING"):
        labelled([1.0, float("nan")], 2)
    with pytest.raises(ProtocolError):
        labelled(["a"], 2)


def test_numbers_are_all_there() -> None:
    with pytest.raises(Refused) as refused:
        numbers([1.0, float("nan"), float("inf")], 3, "crp")
    assert (refused.value.notices[0].where, refused.value.notices[0].found) == ("crp", "2 of 3")
    with pytest.raises(ProtocolError, match="crp"):
        numbers([1.0], 2, "crp")
