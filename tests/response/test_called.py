"""Truth: orders of categories as the criteria's papers list them."""

from __future__ import annotations

from carpet.response import criteria
from carpet.response.called import COMPLETE, PROGRESSION, WITHOUT_ORDER, Called, by_day, in_order, told


def test_order_is_the_criterions_without_what_has_none() -> None:
    names = criteria()
    assert in_order(names["lugano"].categories) == ("CR", "PR", "SD", "PD")
    assert in_order(names["lyric"].categories) == ("CR", "PR", "SD", "PD")
    assert in_order(names["recil"].categories) == ("CR", "PR", "MR", "SD", "PD")
    assert in_order(names["lugano_pet"].categories) == ("CMR", "PMR", "NMR", "PMD")


def test_every_criterion_of_response_starts_complete_and_ends_progressive() -> None:
    responses = [in_order(one.categories) for one in criteria().values() if {*PROGRESSION} & {*one.categories}]
    assert len(responses) >= 7
    assert all(order[0] in COMPLETE and order[-1] in PROGRESSION and not {*order} & {*WITHOUT_ORDER} for order in responses)


def test_calls_go_by_day_and_day_0_is_none_of_them() -> None:
    calls = [Called("M3", 90, "CR"), Called("D0", 0, "PD"), Called("TT", -3, "PD"), Called("M1", 29, "PR")]
    assert told(by_day(calls)) == "M1 PR (day 29), M3 CR (day 90)"
