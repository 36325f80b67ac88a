"""The command that lets a second viewer, OHIF, look at a trial."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from carpet.run.calls import DONE, app, progress_on, say
from carpet.run.commands_trial import Trial

PORT = 8766


@app.command(short_help="A second viewer: the trial by DICOMweb, and OHIF on it.")
def ohif(
    trial: Trial,
    port: Annotated[int, typer.Option("--port", min=0, max=65535, help="Port of this machine; 0: any that is free.")] = PORT,
    ohif: Annotated[
        Path | None,
        typer.Option("--ohif", metavar="FOLDER", help="A build of OHIF: the dist of npm's @ohif/app.", show_default=False),
    ] = None,
) -> int:
    """Serve a trial's PET/CT scans and the lesions found in them (SEG) by DICOMweb, so that another viewer can check carpet.

    Read-only, for programs of this machine. With --ohif the viewer opens in the browser; without, the page says how to get it.
    Headers are shown as they are in dicom/: names and record numbers too, where files hold them. Nothing is blinded here: whoever reads
    for the trial does so in `carpet review`. Ctrl-C closes it.
    """
    from carpet.run.ohif.serving import Wanted, serve

    with progress_on(quiet=False) as told:
        serve(Wanted(trial, port, ohif), say=told, ready=_opened, tell=say)
    return DONE


def _opened(text: str) -> None:
    print(text, flush=True)
