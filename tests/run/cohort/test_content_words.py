"""Truth: the printed forms, written out by hand."""

from __future__ import annotations

from dataclasses import replace

import pytest

from carpet.cohort.kaplan_meier import DaysTo
from carpet.run.cohort import content_words as words
from carpet.run.cohort.columns import COLUMNS
from carpet.run.cohort.content_input import Analysed

COLUMN = {one.name: one for one in COLUMNS}


@pytest.mark.parametrize(
    ("p", "text"),
    [(None, "–"), (0.0004, "P < 0.001"), (0.0062, "P = 0.006"), (0.0499, "P = 0.050"), (0.0452, "P = 0.045"), (0.23, "P = 0.23"),
     (0.999, "P > 0.99")],
)  # fmt: skip
def test_p(p: float | None, text: str) -> None:
    assert words.p_text(p) == text


def test_ratios_keep_their_interval() -> None:
    assert words.ratio_text(1.456, 1.1, 12.34) == "1.46 (95% CI 1.10–12.3)"
    assert words.ratio_text(2.0, None, float("inf")) == "2.00 (95% CI not estimable–∞)"
    assert words.ratio_text(None, None, None) == "–"


def test_percents() -> None:
    assert words.percent_interval(0.474, 0.38, 0.557) == "47% (38–56)"
    assert words.percent_interval(1.0, 1.0, 1.0) == "100%"  # no event yet: nothing to be sure of
    assert words.percent_interval(None, None, None) == "–"
    assert words.share_text(3, 8) == "3 (38%)"
    assert words.share_text(0, 0) == "0"


def test_months_and_medians() -> None:
    assert words.months_word(365) == "12 months"
    assert words.months_word(100) == "3.3 months"
    assert words.median_text(DaysTo(250, 155, None)) == "8.2 (5.1–not reached)"
    assert words.median_text(DaysTo(None, None, None)) == "not reached"
    assert words.median_text(DaysTo(None, 90, None)) == "not reached (3.0–not reached)"
    assert words.median_text(DaysTo(280, None, None)) == "9.2 (no interval)"


@pytest.mark.parametrize(
    ("name", "value", "text"),
    [("age_years", 61.4, "61"), ("tmtv", 147.5, "148"), ("tmtv", 7.25, "7.2"), ("suv_max", 18.08, "18.1"), ("sdmax", 0.3211, "0.321"),
     ("ipi", 2.0, "2"), ("lesion_count", 4.75, "4.8"), ("tmtv_bridging_percent", -12.4, "−12"), ("crp_mg_l", 3.26, "3.3")],
)  # fmt: skip
def test_values_have_sensible_digits(name: str, value: float, text: str) -> None:
    assert words.value_text(value, COLUMN[name]) == text


def test_every_column_has_a_label_and_codes_their_sentence() -> None:
    shown = [one.name for one in COLUMNS if one.role not in ("outcome",) and one.name != "patient_id"]
    assert [name for name in shown if name not in words.LABELS] == []
    assert words.reason_text("NO_PATIENTS;NOT_STATED") == "no patient has a value; the clinical tables do not say"
    assert (
        words.counted_reasons(["NOT_STATED", "NO_PATIENTS", "NOT_STATED"])
        == "the clinical tables do not say (2); no patient has a value (1)"
    )


def test_groups_and_labels_in_a_sentence() -> None:
    assert words.group_name("two_factor", "1") == "Two-factor group 1"
    assert words.group_name("lugano_m1", "CR") == "CR"
    assert words.group_name("", "all") == "all patients"
    assert [words.group_inside("sex", "F"), words.group_inside("product", "Axi-cel")] == ["F", "Axi-cel"]  # as given
    assert words.group_inside("bridging", "yes") == "bridging therapy yes"
    assert words.bands_text([5, 4]) == " Groups of fewer than 5 patients have none."
    assert words.bands_text([5, 12]) == words.bands_text([0]) == ""
    assert [words.patients_text(n) for n in (1, 3)] == ["1 patient", "3 patients"]
    assert [words.inside(one) for one in ("TMTV", "R-IPI", "Best response")] == ["TMTV", "R-IPI", "best response"]


def test_the_ratio_of_a_group_belongs_to_two_curves(analysed: Analysed) -> None:
    of = {one.group_by: one for one in analysed.survival}
    found = words.effect_of_group(analysed.effects, of["bridging"])
    assert found is not None
    assert found.term == "bridging"
    assert words.effect_of_group(analysed.effects, of["two_factor"]) is None
    assert words.effect_of_group(analysed.effects, replace(of["bridging"], landmark="M1")) is None


def test_follow_up_without_overall_survival_is_that_of_the_main_endpoint(analysed: Analysed) -> None:
    assert words.follow_up_of(analysed) is analysed.survival[0]
    assert words.follow_up_of(replace(analysed, survival=())) is None
