"""What `carpet run` says at its end: to a person, and as JSON."""

from __future__ import annotations

from collections import Counter
from typing import Any

from carpet.run.terminal import counted
from carpet.run.trial.index import INDEX
from carpet.run.trial.running import TrialOutcome

SCHEMA = 1


def outcome_document(outcome: TrialOutcome) -> dict[str, Any]:
    """Counts, every refusal, and where the results lie."""
    return {
        "schema": SCHEMA,
        "patients": outcome.patients,
        "studies": outcome.studies,
        "measured": outcome.measured,
        "refusals": list(outcome.rows["refusals"]),
        "tables": str(outcome.trial.tables),
        "index": str(outcome.trial.reports / INDEX),
    }


def outcome_text(outcome: TrialOutcome) -> str:
    """The same in a few lines; refusals by code, as the table lists each."""
    people, scans = counted(outcome.patients, "patient"), f"{outcome.studies} {'scan' if outcome.studies == 1 else 'scans'}"
    lines = [f"{people}, {scans}: {outcome.measured} measured now, the others were up to date"]
    codes = Counter((row["code"], row["message"]) for row in outcome.rows["refusals"])
    lines += [f"refused, {number} ×: {code}, {message}" for (code, message), number in sorted(codes.items())]
    lines += [f"each refusal: {outcome.trial.tables / 'refusals.csv'}"] if codes else []
    return "\n".join([*lines, f"tables: {outcome.trial.tables}", f"start here: {(outcome.trial.reports / INDEX).resolve()}"])
