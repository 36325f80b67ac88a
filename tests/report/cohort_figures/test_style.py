"""Truth: closed form, months and ticks; the published colours of Okabe and Ito; widths by the font that is drawn."""

from __future__ import annotations

import pytest

from carpet.report.cohort_figures import style

OKABE_ITO = {"#000000", "#E69F00", "#56B4E9", "#009E73", "#F0E442", "#0072B2", "#D55E00", "#CC79A7"}


def test_colours_are_okabe_and_ito_or_grey() -> None:
    for colour in (*style.COLOURS, *(colour for colour, _ in style.RESPONSES.values())):
        grey = len({colour[1:3], colour[3:5], colour[5:7]}) == 1
        assert grey or colour in OKABE_ITO


def test_no_two_responses_share_a_colour() -> None:
    colours = [colour for colour, _ in style.RESPONSES.values()]
    assert len(set(colours)) == len(colours)


def test_months_are_a_twelfth_of_a_year() -> None:
    assert style.on_axis(365.25, "months") == pytest.approx(12)
    assert style.on_axis(365, "days") == 365


@pytest.mark.parametrize(
    ("first", "last", "time", "ticks"),
    [
        (0, 24.6, "months", [0, 6, 12, 18, 24]),
        (-1.5, 6, "months", [-1, 0, 1, 2, 3, 4, 5, 6]),
        (0, 100, "days", [0, 14, 28, 42, 56, 70, 84, 98]),
        (-20, 400, "days", [0, 60, 120, 180, 240, 300, 360]),
        (0, 0.3, "months", [0]),
    ],
)
def test_ticks_are_round_and_hold_zero(first: float, last: float, time: style.Time, ticks: list[float]) -> None:
    assert style.time_ticks(first, last, time) == ticks


def test_responses_of_other_criteria_share_colour_and_keep_their_name() -> None:
    assert style.response_colour("CMR") == style.response_colour("CR") == "#0072B2"
    assert style.response_words("CMR") == "CMR, complete metabolic response"
    assert style.response_words("PMD") == "PMD, progressive metabolic disease"
    assert style.response_words("NMR") == "NMR, no metabolic response"
    assert style.response_words("IR2") == "IR2, indeterminate response"
    assert style.response_words("dead") == "dead"
    assert style.response_words("odd") == "odd"
    assert style.response_colour("odd") == style.OTHER_COLOUR
    assert style.in_order({"odd", "dead", "PMD", "CMR", "NE"}) == ["CMR", "PMD", "NE", "dead", "odd"]


def test_lines_are_no_wider_than_their_room() -> None:
    text = "a sentence of several words and one-word-that-is-much-too-long-for-the-line indeed"
    lines = style.wrapped(text, 1.2, 7)
    assert len(lines) > 2
    assert all(style.text_width_in(line, 7) <= 1.2 for line in lines)
    assert lines[0].startswith("a sentence")
    assert style.wrapped("", 1.0, 7) == [""]
    assert style.fitted("short", 1.0, 7) == "short"
    assert style.fitted("much longer than half an inch", 0.5, 7).endswith("…")
    assert style.text_width_in(style.fitted("much longer than half an inch", 0.5, 7), 7) <= 0.5


def test_a_key_breaks_where_it_is_full() -> None:
    entries = style.response_key({"CR", "PR", "PD"})
    assert [entry.words[:2] for entry in entries] == ["CR", "PR", "PD"]
    assert len(style.key_lines(entries, 7.0)) == 1
    assert [len(line) for line in style.key_lines(entries, 1.0)] == [1, 1, 1]
    assert style.key_height_in([], 1.0) == 0.0


def test_ids_are_safe_in_xml() -> None:
    assert style.artist_id('bar <P 01>"&') == "bar-P-01"


def test_numbers_have_a_true_minus() -> None:
    assert [style.number_words(one) for one in (-50.0, 0.5, 10.0)] == ["\u221250", "0.5", "10"]


def test_groups_differ_by_line_and_colour() -> None:
    looks = [style.group_look(n) for n in range(5)]
    assert len({colour for colour, _ in looks}) == len({str(line) for _, line in looks}) == 5
