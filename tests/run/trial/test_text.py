"""Contract: the end of `carpet run`, in words and as JSON."""

from __future__ import annotations

from pathlib import Path

from carpet.core.protocol import Protocol
from carpet.run.trial.folder import Trial
from carpet.run.trial.running import TrialOutcome
from carpet.run.trial.text import outcome_document, outcome_text

REFUSALS = [{"code": "WEIGHT_MISSING", "message": "no patient weight"}] * 2


def outcome(refusals: list[dict[str, str]]) -> TrialOutcome:
    return TrialOutcome(Trial(Path("/t"), Protocol()), patients=1, studies=3, measured=2, rows={"refusals": refusals})


def test_a_person_reads_counts_and_where_to_begin() -> None:
    lines = outcome_text(outcome(REFUSALS)).splitlines()
    assert lines[0] == "1 patient, 3 scans: 2 measured now, the others were up to date"
    assert lines[1] == "refused, 2 ×: WEIGHT_MISSING, no patient weight"
    assert lines[-1] == "start here: /t/results/reports/index.html"
    assert not [line for line in outcome_text(outcome([])).splitlines() if "refus" in line]


def test_a_program_reads_the_same() -> None:
    said = outcome_document(outcome(REFUSALS))
    assert (said["schema"], said["patients"], said["studies"], said["measured"]) == (1, 1, 3, 2)
    assert said["refusals"] == REFUSALS
    assert outcome(REFUSALS).refused == 2
