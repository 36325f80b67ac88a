"""The commands about a trial."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Annotated

import typer

from carpet.run.calls import DONE, app
from carpet.run.terminal import printable_lines


@app.command(short_help="A new trial folder: protocol and empty clinical tables.")
def init(trial: Annotated[Path, typer.Argument(help="The folder to make.", show_default=False, metavar="TRIAL")]) -> int:
    """Make a new trial folder: a protocol with every setting explained, and empty clinical tables.

    Nothing is overwritten; scans may lie in TRIAL/dicom already.
    """
    from carpet.run.trial_folder import init_trial

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
