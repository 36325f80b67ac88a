"""Contract: a notice comes back from the store as it went in."""

from __future__ import annotations

from carpet.core.errors import Severity
from carpet.run.trial.notices import STUDY_UNDATED, notice_of


def test_a_notice_comes_back_as_it_was() -> None:
    notice = STUDY_UNDATED.at("1.2", "x")
    assert notice_of(notice.as_dict()) == notice
    assert notice_of(notice.as_dict()).severity is Severity.ERROR
