"""Truth: the incidences themselves, and patients counted in the fixture."""

from __future__ import annotations

from dataclasses import replace

import pytest

from carpet.report.cohort_content import Picture, Words
from carpet.report.cohort_figures.cumulative_incidence import IncidenceData
from carpet.run.cohort.content_competing import competing
from carpet.run.cohort.content_input import Analysed


def test_both_causes_of_every_group(analysed: Analysed) -> None:
    (picture,) = competing(analysed).blocks
    assert isinstance(picture, Picture)
    assert isinstance(picture.data, IncidenceData)
    groups = picture.data.groups
    assert [one.name for one in groups] == ["Two-factor group 0", "Two-factor group 1", "Two-factor group 2"]
    assert [len(one.follow_up) for one in groups] == [15, 16, 15]
    assert all([cause.cause for cause in one.causes] == ["non-relapse death", "progression"] for one in groups)
    assert groups[0].causes[0].incidence[-1] == pytest.approx(float(analysed.competing[0].groups[0].curve.incidence[-1]))
    assert "Gray" in picture.data.says[0]
    assert picture.unit.endswith("Bands: 95% intervals, of the first cause.")
    alone = replace(analysed.competing[0], group_by="", groups=analysed.competing[0].groups[:1], gray=None, gray_competing=None)
    followed = replace(analysed, cohort=replace(analysed.cohort, rows=analysed.cohort.rows[:15]), competing=(replace(alone, missing=0),))
    (single,) = competing(followed).blocks
    assert isinstance(single, Picture)
    assert single.unit.endswith("Bands: 95% intervals.")


def test_a_cause_without_a_test_says_so(analysed: Analysed) -> None:
    one = replace(analysed.competing[0], gray=None, reason_missing="NO_EVENTS")
    (picture,) = competing(replace(analysed, competing=(one,))).blocks
    assert isinstance(picture, Picture)
    assert isinstance(picture.data, IncidenceData)
    assert picture.data.says[0].startswith("Gray's test, non-relapse death: no test; progression: χ² = ")
    assert picture.data.says[1] == "No test of non-relapse death: nobody had the event"


def test_why_there_is_none(analysed: Analysed) -> None:
    none = replace(analysed.competing[0], groups=(), reason_missing="NO_PATIENTS")
    (words,) = competing(replace(analysed, competing=(none,))).blocks
    assert isinstance(words, Words)
    assert "no patient has a value" in words.text
    assert competing(replace(analysed, competing=())).empty
