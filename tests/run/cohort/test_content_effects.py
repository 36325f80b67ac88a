"""Truth: the results themselves; here that each has its counts, interval and reason."""

from __future__ import annotations

from dataclasses import replace

from carpet.report.cohort_content import Picture, Table
from carpet.report.cohort_figures.forest import ForestData
from carpet.run.cohort.content_effects import effects, shown_effects
from carpet.run.cohort.content_input import Analysed


def test_the_forest_has_one_at_a_time_and_together(analysed: Analysed) -> None:
    _, picture, table = effects(analysed).blocks
    assert isinstance(picture, Picture)
    assert isinstance(picture.data, ForestData)
    assert isinstance(table, Table)
    rows = picture.data.rows
    assert [one.label for one in rows] == [
        "TMTV, per doubling",
        "SUVmax, per 5 g/mL",
        "Bridging therapy, yes vs no",
        "TMTV, per doubling",
        "IPI, per 1",
    ]
    first = analysed.effects[0]
    assert (rows[0].effect, rows[0].low, rows[0].high, rows[0].counts) == (
        first.ratio,
        first.low,
        first.high,
        f"{first.events}/{first.patients}",
    )
    assert len(shown_effects(analysed.effects)) == len(rows)
    assert all(row.heading or len(row.cells) == 8 for row in table.rows)


def test_without_a_ratio_the_reason_stands(analysed: Analysed) -> None:
    lost = replace(analysed.effects[0], ratio=None, low=None, high=None, p=None, reason_missing="NO_EVENTS")
    table = effects(replace(analysed, effects=(lost,))).blocks[2]
    assert isinstance(table, Table)
    assert table.rows[1].cells[1:3] == ("– nobody had the event", "–")


def test_nothing_asked(analysed: Analysed) -> None:
    assert effects(replace(analysed, effects=())).empty
