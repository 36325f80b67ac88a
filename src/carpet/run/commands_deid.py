"""The command that takes the patient out of the files: `carpet deid`."""

from __future__ import annotations

from importlib.metadata import version
from pathlib import Path
from typing import Annotated

import typer

from carpet.run.calls import DONE, REFUSED, Json, app, print_json, progress_on
from carpet.run.terminal import printable

Source = Annotated[
    Path, typer.Argument(help="Folder, DICOM file or zip with studies of any number of patients.", metavar="IN", show_default=False)
]
Target = Annotated[Path, typer.Argument(help="Folder for the files without patients.", metavar="OUT", show_default=False)]
KeyFile = Annotated[
    Path | None,
    typer.Option(
        "--key",
        metavar="FILE",
        help="Who is who; made where there is none, used again for later time points. By default OUT.key.json beside OUT.",
        show_default=False,
    ),
]


@app.command(short_help="PET and CT without names, with the same SUV to the last bit.")
def deid(source: Source, out: Target, key: KeyFile = None, as_json: Json = False) -> int:
    """De-identify PET and CT: names gone, dates shifted by whole days, the SUV proven to be the same before and after.

    A study appears in OUT whole or not at all. Studies that are there already are left as they are.
    """
    from carpet.run.deid_text import deid_document, deid_text
    from carpet.run.deidentifying import deidentify_folder

    place = key or out.resolve().with_name(f"{out.resolve().name}.key.json")
    with progress_on(as_json) as say:
        outcome = deidentify_folder(source, out, place, software=f"carpet {version('carpet')}", say=say)
    if as_json:
        print_json(deid_document(outcome))
    else:
        print(printable(deid_text(outcome, out, place)))
    return DONE if outcome.complete and (outcome.exported or outcome.there) else REFUSED
