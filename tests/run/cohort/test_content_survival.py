"""Truth: the results themselves, which other programs check; here that they are printed whole."""

from __future__ import annotations

from dataclasses import replace

from carpet.cohort.rmst import Estimate
from carpet.report.cohort_content import Picture, Table, Words
from carpet.report.cohort_figures.kaplan_meier import KaplanMeierData
from carpet.run.cohort.content_input import Analysed
from carpet.run.cohort.content_survival import figure_name, survival


def test_a_picture_for_every_curve_and_one_table(analysed: Analysed) -> None:
    blocks = survival(analysed).blocks
    pictures = [one for one in blocks if isinstance(one, Picture)]
    assert [one.name for one in pictures] == [
        "survival_pfs",
        "survival_pfs_two_factor",
        "survival_pfs_bridging",
        "survival_pfs_lugano_m1_from_m1",
    ]
    table = blocks[-1]
    assert isinstance(table, Table)
    assert table.rows[1].cells[:3] == ("all patients", "47", "22")


def test_no_test_stands_without_what_it_tests(analysed: Analysed) -> None:
    for one in survival(analysed).blocks:
        if isinstance(one, Picture) and isinstance(one.data, KaplanMeierData):
            tested = [n for n, text in enumerate(one.data.says) if "P " in text]
            assert all("% (" in " ".join(one.data.says) or "HR" in one.data.says[n] for n in tested)
            assert (
                one.counts
                == f"n = {sum(group.patients for group in one.data.groups)}, {sum(sum(group.events) for group in one.data.groups)} events."
            )


def test_what_cannot_be_drawn_says_why(analysed: Analysed) -> None:
    none = replace(analysed.survival[0], curves=(), reason_missing="NO_PATIENTS")
    (words,) = survival(replace(analysed, survival=(none,))).blocks
    assert isinstance(words, Words)
    assert words.text == "PFS: no curve, no patient has a value."
    assert survival(replace(analysed, survival=())).empty
    assert figure_name(none) == "survival_pfs"


def test_days_count_from_what_the_endpoints_rows_say(analysed: Analysed) -> None:
    rows = [{"endpoint": "DOR", "rules": "default", "origin": origin} for origin in ("first response", "", "first response")]
    dor = replace(analysed.survival[0], endpoint="DOR")
    (picture, _) = survival(replace(analysed, survival=(dor,), rows={"endpoints": rows})).blocks
    assert isinstance(picture, Picture)
    assert isinstance(picture.data, KaplanMeierData)
    assert picture.data.origin == "first response"
    assert "from first response on" in picture.caption
    (other, _) = survival(replace(analysed, survival=analysed.survival[:1], rows={"endpoints": rows})).blocks
    assert isinstance(other, Picture)
    assert "from infusion on" in other.caption


def test_a_landmark_says_who_left_with_the_event_and_who_without(analysed: Analysed) -> None:
    found = replace(next(one for one in analysed.survival if one.landmark), left_out=5, left_event=2, left_censored=3)
    (picture, _) = survival(replace(analysed, survival=(found,))).blocks
    assert isinstance(picture, Picture)
    assert "2 had the event and 3 left follow-up up to day 45 and take no part; follow-up ends with the last scan" in picture.caption


def test_a_mean_without_an_error_has_no_interval(analysed: Analysed) -> None:
    """Nobody had the event by the horizon, or the last one of all; `no event` is said of the first only."""
    one = analysed.survival[0]
    mean = Estimate(280.0, 0.0, 280.0, 280.0)
    for events, said in ((0, "9.2, no event"), (1, "9.2, no interval")):
        curve = replace(one.curves[0], rmst=mean, events=events)
        *_, table = survival(replace(analysed, survival=(replace(one, curves=(curve,)),))).blocks
        assert isinstance(table, Table)
        assert table.rows[1].cells[-1] == said


def test_small_groups_are_said_to_have_no_band(analysed: Analysed) -> None:
    pictures = {one.name: one for one in survival(analysed).blocks if isinstance(one, Picture)}
    assert "Groups of fewer than 5" not in pictures["survival_pfs_two_factor"].unit
    small = replace(analysed.survival[0], curves=(replace(analysed.survival[0].curves[0], patients=4),))
    (picture, _) = survival(replace(analysed, survival=(small,))).blocks
    assert isinstance(picture, Picture)
    assert picture.unit.endswith("Groups of fewer than 5 patients have none.")
