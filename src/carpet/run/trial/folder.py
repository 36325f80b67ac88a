"""The folder of a trial: where each thing lies in it, how a new one is made, and whether one is whole."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from carpet.clinical.templates import templates
from carpet.core.errors import ProtocolError
from carpet.core.protocol import BUILT_IN, Protocol
from carpet.run.outputs import new_files
from carpet.run.protocols import load_protocol
from carpet.run.trial.toml import explained_toml

PROTOCOL_FILE = "trial.toml"
README_FILE = "README.txt"
TOML_HEAD = """\
# The protocol of this trial: every setting of carpet with its default. Change what the trial does otherwise.
# A line that is taken out has its default again; a key that carpet does not know is refused.

"""
README = """\
A trial of carpet (CAR T-cell PET). Research use only.

trial.toml    how scans are measured and responses are called: read it, change it, keep it
clinical/     tables about the patients, to be filled in; its README.md says what each column holds
dicom/        the PET/CT scans, in folders or zips as they come; carpet reads them and changes nothing
results/      made by carpet: carpet.sqlite (all results with their history), seg/, geometry/, tables/, figures/, reports/

dicom_patient_id in clinical/patients.csv is the Patient ID of the scans; it joins a patient's scans to the patient's row.
dicom/ and clinical/ may hold names and calendar dates. Keep this folder where patients' data are kept.
Start with clinical/patients.csv, then call: carpet run <this folder>
"""


@dataclass(frozen=True)
class Trial:
    """A trial's protocol, and the place of each part of its folder."""

    root: Path
    protocol: Protocol

    @property
    def clinical(self) -> Path:
        return self.root / "clinical"

    @property
    def dicom(self) -> Path:
        return self.root / "dicom"

    @property
    def results(self) -> Path:
        return self.root / "results"

    @property
    def store(self) -> Path:
        return self.results / "carpet.sqlite"

    @property
    def seg(self) -> Path:
        return self.results / "seg"

    @property
    def geometry(self) -> Path:
        return self.results / "geometry"

    @property
    def tables(self) -> Path:
        return self.results / "tables"

    @property
    def figures(self) -> Path:
        return self.results / "figures"

    @property
    def reports(self) -> Path:
        return self.results / "reports"


def init_trial(root: Path, protocol: Protocol = BUILT_IN["cart-lymphoma"]) -> Trial:
    """Make a new trial of this protocol in `root`; scans may lie in its dicom/ already. Raises ProtocolError where anything would be
    overwritten.

    trial.toml comes last: a call that was stopped goes on when it is repeated.
    """
    trial = Trial(root, protocol)
    tables = {name: text.encode() for name, text in templates().items()}
    pages = {README_FILE: README.encode()}
    _check_free(trial, {trial.clinical / name: text for name, text in tables.items()} | {root / name: text for name, text in pages.items()})
    for folder in (trial.clinical, trial.dicom, trial.results):
        folder.mkdir(parents=True, exist_ok=True)
    toml = {PROTOCOL_FILE: f"{TOML_HEAD}{explained_toml(trial.protocol)}".encode()}
    for folder, files in ((trial.clinical, tables), (root, pages), (root, toml)):
        with new_files(folder, files) as part:
            for name, content in files.items():
                (part / name).write_bytes(content)
    return trial


def _check_free(trial: Trial, files: dict[Path, bytes]) -> None:
    """Nothing that a person or carpet has written may lie where the new files go; our own untouched templates may."""
    if (trial.root / PROTOCOL_FILE).exists():
        raise ProtocolError(f"{str(trial.root)!r} is a trial already; nothing was changed. Name another folder")
    for place in (trial.root, trial.clinical, trial.dicom, trial.results):
        if place.exists() and not place.is_dir():
            raise ProtocolError(f"{str(place)!r} is a file, where a trial needs a folder; nothing was changed")
    taken = [file for file, content in files.items() if file.exists() and not (file.is_file() and file.read_bytes() == content)]
    if trial.results.is_dir():
        taken += sorted(trial.results.iterdir())[:1]
    if taken:
        names = ", ".join(str(file.relative_to(trial.root)) for file in taken)
        raise ProtocolError(f"{str(trial.root)!r} holds {names} already; nothing was changed. Move it away, or name another folder")


def load_trial(root: Path, *, scans: bool = True) -> Trial:
    """The trial in `root`; raises ProtocolError that names what its folder lacks, or what is wrong in its trial.toml.

    results/ may be absent: whoever deletes it has everything computed again. scans: whether dicom/ must be there.
    """
    if not root.is_dir():
        raise ProtocolError(f"there is no folder {str(root)!r}; `carpet init` makes one")
    protocol = load_protocol(root / PROTOCOL_FILE) if (root / PROTOCOL_FILE).is_file() else None
    export = "" if protocol is None else protocol.redcap.file  # which may hold the patients in place of patients.csv
    tables = f"clinical/{export or 'patients.csv'}"
    needed = {PROTOCOL_FILE: "is_file", tables: "is_file"} | ({"dicom": "is_dir"} if scans else {})
    missing = [name for name, is_there in needed.items() if not getattr(root / name, is_there)()]
    if missing or protocol is None:
        raise ProtocolError(f"{str(root)!r} is not a whole trial: {', '.join(missing)} missing; `carpet init` shows what one looks like")
    return Trial(root, protocol)
