"""The cohort of a trial kept in its store, and its page and figures written; what has not changed is neither computed nor touched."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from typing import Any

from carpet.run.cohort.content_input import Analysed
from carpet.run.cohort.figures import cohort_files
from carpet.run.cohort.frame import CohortInputs
from carpet.run.cohort.rows import result_rows
from carpet.run.cohort.running import cohort_results
from carpet.run.cohort.steps import clinical_steps, cohort_step, stored_rows
from carpet.run.document import software
from carpet.run.outputs import new_files
from carpet.run.store import Stamp, Step, Store
from carpet.run.terminal import json_text
from carpet.run.trial.folder import Trial

WRITTEN = "figures/cohort/files.json"  # below results/: which files there are, and of which step; it is written last
Say = Callable[[str], None]


@dataclass(frozen=True)
class CohortWritten:
    """The rows of the cohort's tables, whether they were computed now, and how many pages and figures were written."""

    rows: Mapping[str, Sequence[Mapping[str, Any]]]
    computed: bool
    files: int


def write_cohort(trial: Trial, inputs: CohortInputs, *, store: Store, stamp: Stamp, say: Say, tables_only: bool = False) -> CohortWritten:
    """Scores, toxicity and statistics into the store, then page and figures; the tables are the caller's to write.

    tables_only: no page; one of an earlier cohort is taken away. Raises ProtocolError for a wrong name in [cohort].
    """
    clinical = tuple(clinical_steps(inputs.results, inputs.tables, inputs.rows, inputs.protocol))
    for one in clinical:
        store.write(one, stamp)
    step = cohort_step(inputs.results, clinical, inputs.protocol)
    known, written = store.done(step.key), _written_of(trial, step)
    if known and (written or tables_only):
        return CohortWritten(stored_rows(store), False, _take_away(trial) if tables_only and not written else 0)
    results = _told(cohort_results(inputs, say=say), step)
    rows = result_rows(results)
    store.write(cohort_step(inputs.results, clinical, inputs.protocol, rows), stamp)
    _take_away(trial)
    if tables_only:
        return CohortWritten(rows, True, 0)
    say("cohort: page and figures")
    files = cohort_files(results)
    _write(trial, step, files)
    return CohortWritten(rows, True, len(files))


def _told(results: Analysed, step: Step) -> Analysed:
    """With what made them."""
    said = (("Step", f"{step.chain}, {step.key}"), ("Inputs", f"{len(step.provenance.parents)} steps of the store"))
    return replace(results, software=software(), provenance=said)


def _list(trial: Trial) -> Mapping[str, Any]:
    path = trial.results / WRITTEN
    try:
        said = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return said if isinstance(said, dict) else {}


def _written_of(trial: Trial, step: Step) -> bool:
    """Whether page and figures are those of this step, each as it was written."""
    said = _list(trial)
    return said.get("step") == step.key and all(_sha256(trial.results / name) == digest for name, digest in said["files"].items())


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else ""


def _take_away(trial: Trial) -> int:
    """An earlier cohort's page and figures, so that none stands beside other numbers; the list goes first."""
    files = [name for name in _list(trial).get("files", {}) if ".." not in PurePosixPath(name).parts]
    (trial.results / WRITTEN).unlink(missing_ok=True)
    for name in files:
        (trial.results / name).unlink(missing_ok=True)
    return len(files)


def _write(trial: Trial, step: Step, files: Mapping[str, bytes]) -> None:
    """Folder by folder, and last the list that vouches for them."""
    said = {"schema": 1, "step": step.key, "files": {name: hashlib.sha256(files[name]).hexdigest() for name in sorted(files)}}
    for folder in sorted({PurePosixPath(name).parent for name in files}):
        with new_files(trial.results / folder, ()) as part:
            for name in (one for one in files if PurePosixPath(one).parent == folder):
                (part / PurePosixPath(name).name).write_bytes(files[name])
    place = PurePosixPath(WRITTEN)
    with new_files(trial.results / place.parent, ()) as part:
        (part / place.name).write_text(json_text(said) + "\n", encoding="utf-8")
