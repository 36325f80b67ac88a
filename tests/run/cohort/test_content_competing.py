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


def test_why_there_is_none(analysed: Analysed) -> None:
    none = replace(analysed.competing[0], groups=(), reason_missing="NO_PATIENTS")
    (words,) = competing(replace(analysed, competing=(none,))).blocks
    assert isinstance(words, Words)
    assert "nobody is left to count" in words.text
    assert competing(replace(analysed, competing=())).empty
