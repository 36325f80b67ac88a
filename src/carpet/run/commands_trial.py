"""The commands about a trial."""

from __future__ import annotations

import datetime as dt
import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from carpet.run.calls import DONE, REFUSED, Json, app, print_json, progress_on
from carpet.run.terminal import counted, notices_text, printable, printable_lines

if TYPE_CHECKING:
    from carpet.run.store import Stamp

Trial = Annotated[Path, typer.Argument(help="The trial's folder.", show_default=False, metavar="TRIAL")]


@app.command(short_help="A new trial folder: protocol and empty clinical tables.")
def init(trial: Annotated[Path, typer.Argument(help="The folder to make.", show_default=False, metavar="TRIAL")]) -> int:
    """Make a new trial folder: a protocol with every setting explained, and empty clinical tables.

    Nothing is overwritten; scans may lie in TRIAL/dicom already.
    """
    from carpet.run.trial.folder import init_trial

    made = init_trial(trial)
    print(
        printable_lines(
            (
                f"{trial} is ready. What to do next:",
                f"  1. put the scans into {made.dicom}, in any layout",
                f"  2. fill in {made.clinical / 'patients.csv'}, a row a patient; {made.clinical / 'README.md'} explains the columns",
                f"  3. read {made.root / 'trial.toml'}, and change what the trial does otherwise",
                f"  4. carpet run {shlex.quote(str(trial))}",
            )
        )
    )
    return DONE


@app.command(short_help="A whole trial: what is new or stale, responses, tables, pages.")
def run(
    trial: Trial,
    tables_only: Annotated[bool, typer.Option("--tables-only", help="No pages, pictures and masks of the single scans.")] = False,
    workers: Annotated[
        int | None,
        typer.Option(
            "--workers",
            min=1,
            metavar="N",
            help="Processes that measure, about 1 GB each. Default: one a core, at most 8.",
            show_default=False,
        ),
    ] = None,
    scheduler: Annotated[
        str | None,
        typer.Option("--scheduler", metavar="ADDRESS", help="A dask scheduler, tcp://host:8786, that has workers.", show_default=False),
    ] = None,
    as_json: Json = False,
) -> int:
    """Measure every scan that is new or whose files, protocol or software changed; call the responses; analyse the cohort; write tables
    and pages.

    A call that was stopped goes on when it is repeated. What is refused is listed; the rest is done.

    The workers of a scheduler need the same carpet, and the trial's folder under the same path; zips must be unpacked. Start them
    with one thread each: dask worker ADDRESS --nthreads 1.
    """
    from carpet.core.errors import ProtocolError
    from carpet.run.trial.running import run_trial
    from carpet.run.trial.text import outcome_document, outcome_text
    from carpet.run.workers import usual_workers

    if workers is not None and scheduler is not None:
        raise ProtocolError("--workers and --scheduler exclude each other: a scheduler has its own workers")
    number = workers or usual_workers()
    with progress_on(as_json) as say:
        outcome = run_trial(trial, say=say, stamp=_stamp(), tables_only=tables_only, workers=number, scheduler=scheduler)
    if as_json:
        print_json(outcome_document(outcome))
    else:
        print(printable(outcome_text(outcome)))
    return REFUSED if outcome.refused else DONE


@app.command(short_help="The patients' reports again, from what is stored.")
def report(
    trial: Trial,
    patient: Annotated[
        str | None, typer.Option("--patient", metavar="ID", help="Only this patient, by the id in patients.csv.", show_default=False)
    ] = None,
    as_json: Json = False,
) -> int:
    """Make the patients' reports again, HTML and PDF, from what the last `carpet run` has stored. No scan is read: dicom/ may be gone.

    What has not changed is left as it is. Where the clinical tables or the protocol have changed since, call `carpet run`, which
    also makes the first page of the trial and the reports of the single scans.
    """
    from carpet.run.trial.reporting import report_trial

    with progress_on(as_json) as say:
        made = report_trial(trial, patient_id=patient, say=say)
    if as_json:
        refused = [notice.as_dict() for notice in made.refusals]
        print_json({"schema": 1, "pages": [str(page) for page in made.pages], "renewed": made.renewed, "refusals": refused})
    else:
        lines = [f"{counted(len(made.pages), 'report')}, {made.renewed} made anew", *map(str, made.pages)]
        print(printable_lines(lines) + (f"\n\n{notices_text(made.refusals)}" if made.refusals else ""))
    return REFUSED if made.refusals else DONE


@app.command(short_help="The statistics of the cohort again, from what is stored.")
def cohort(
    trial: Trial,
    tables_only: Annotated[bool, typer.Option("--tables-only", help="No page and no figures.")] = False,
    as_json: Json = False,
) -> int:
    """Scores, toxicity, survival, cut-points, associations and models again, by the protocol's section [cohort], from what the last
    `carpet run` has stored and the clinical tables. No scan is read: dicom/ may be gone.

    [cohort] and [scores] of the protocol, labs.csv and toxicity.csv may have changed since. Where anything else has, call `carpet run`,
    which ends with the same statistics. What has not changed is left as it is.
    """
    from carpet.run.cohort.again import cohort_document, cohort_text, cohort_trial

    with progress_on(as_json) as say:
        outcome = cohort_trial(trial, say=say, stamp=_stamp(), tables_only=tables_only)
    if as_json:
        print_json(cohort_document(outcome))
    else:
        print(printable(cohort_text(outcome)))
    return DONE


@app.command(short_help="Recompute what a trial has stored, and compare.")
def verify(trial: Trial, as_json: Json = False) -> int:
    """Compute everything that is stored again, compare, and say what differs. Nothing is changed."""
    from carpet.run.trial.verify import verify_trial

    with progress_on(as_json) as say:
        differs = verify_trial(trial, say=say)
    if as_json:
        print_json({"schema": 1, "equal": not differs, "differs": [notice.as_dict() for notice in differs]})
    else:
        print(notices_text(differs) if differs else "equal: all that is stored comes out again")
    return REFUSED if differs else DONE


def _stamp() -> Stamp:
    from carpet.run.store import Stamp

    at = dt.datetime.now(dt.UTC)
    return Stamp(run=at.strftime("%Y%m%dT%H%M%S.%fZ"), who="carpet", at=at)
