"""Contract: INTERFACE's trial folder; nothing that lies there is ever overwritten, and what is missing is named."""

from __future__ import annotations

import csv
import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest

from carpet.clinical.templates import templates
from carpet.core.errors import ProtocolError
from carpet.core.protocol import Protocol, SegmentProtocol
from carpet.run.store import EMPTY, open_store
from carpet.run.trial.folder import README, init_trial, load_trial

TABLES = {
    *("patients.csv", "labs.csv", "toxicity.csv", "ct_targets.csv", "readings.csv", "scans.csv", "decisions.csv"),
    "track_corrections.csv",
}


def content_of(folder: Path) -> dict[str, bytes | None]:
    return {str(path.relative_to(folder)): path.read_bytes() if path.is_file() else None for path in sorted(folder.rglob("*"))}


def test_a_new_trial_is_the_folder_of_the_interface(tmp_path: Path) -> None:
    trial = init_trial(tmp_path / "new" / "trial")
    files = set(content_of(trial.root))
    assert files == {
        "trial.toml",
        "README.txt",
        "clinical",
        "dicom",
        "results",
        "clinical/README.md",
        *(f"clinical/{name}" for name in TABLES),
    }
    for name in TABLES:
        (header,) = csv.reader((trial.clinical / name).read_text(encoding="utf-8").splitlines())
        assert {"patient_id"} < set(header)
        assert (trial.clinical / name).read_text(encoding="utf-8") == templates()[name]
    assert len(README.splitlines()) == 10


def test_the_places_are_those_of_the_interface(tmp_path: Path) -> None:
    trial = init_trial(tmp_path / "trial")
    places = (trial.clinical, trial.dicom, trial.results, trial.store, trial.seg, trial.tables, trial.figures, trial.reports)
    assert [place.relative_to(trial.root).as_posix() for place in places] == [
        *("clinical", "dicom", "results"),
        *("results/carpet.sqlite", "results/seg", "results/tables", "results/figures", "results/reports"),
    ]
    with open_store(trial.store) as store:
        assert store.head() == EMPTY


def test_a_new_trial_of_another_protocol_has_that_one(tmp_path: Path) -> None:
    other = Protocol(segment=SegmentProtocol(also=("max41",)))
    assert init_trial(tmp_path / "trial", other).protocol == other
    assert load_trial(tmp_path / "trial").protocol == other


def test_the_new_trial_has_the_default_protocol(tmp_path: Path) -> None:
    made = init_trial(tmp_path / "trial")
    loaded = load_trial(tmp_path / "trial")
    assert loaded == made
    assert loaded.protocol == Protocol()
    assert tomllib.loads((tmp_path / "trial" / "trial.toml").read_text(encoding="utf-8")) == Protocol().model_dump(
        mode="json", exclude_none=True
    )


def test_a_setting_that_was_changed_is_read(tmp_path: Path) -> None:
    file = init_trial(tmp_path / "trial").root / "trial.toml"
    text = file.read_text(encoding="utf-8")
    assert 'method = "suv4.0"\n' in text
    file.write_text(text.replace('method = "suv4.0"\n', 'method = "max41"\n'), encoding="utf-8")
    assert load_trial(tmp_path / "trial").protocol.segment.method == "max41"
    file.write_text(text.replace('method = "suv4.0"\n', 'metod = "max41"\n'), encoding="utf-8")
    with pytest.raises(ProtocolError, match=r"trial.toml: unknown key 'segment.metod'; did you mean 'method'"):
        load_trial(tmp_path / "trial")


def test_scans_may_lie_there_already(tmp_path: Path) -> None:
    scan = tmp_path / "trial" / "dicom" / "P007" / "1.dcm"
    scan.parent.mkdir(parents=True)
    scan.write_bytes(b"scan")
    init_trial(tmp_path / "trial")
    assert scan.read_bytes() == b"scan"


def file_with(text: str, *parts: str) -> Callable[[Path], object]:
    def make(root: Path) -> None:
        file = root.joinpath(*parts)
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")

    return make


TAKEN: dict[str, tuple[Callable[[Path], object], str]] = {
    "a trial": (init_trial, "is a trial already"),
    "a protocol": (file_with("", "trial.toml"), "is a trial already"),
    "a filled table": (file_with("patient_id\nP1\n", "clinical", "patients.csv"), "holds clinical/patients.csv"),
    "notes": (file_with("mine", "README.txt"), "holds README.txt"),
    "results": (file_with("", "results", "carpet.sqlite"), "holds results/carpet.sqlite"),
    "a file called dicom": (file_with("", "dicom"), "is a file, where a trial needs a folder"),
    "a file": (lambda root: root.write_text("mine"), "is a file, where a trial needs a folder"),
}


@pytest.mark.parametrize(("make", "says"), TAKEN.values(), ids=TAKEN)
def test_nothing_is_overwritten(tmp_path: Path, make: Callable[[Path], object], says: str) -> None:
    make(tmp_path / "trial")
    before = content_of(tmp_path)
    with pytest.raises(ProtocolError, match=says):
        init_trial(tmp_path / "trial")
    assert content_of(tmp_path) == before


def test_a_call_that_was_stopped_goes_on(tmp_path: Path) -> None:
    whole = content_of(init_trial(tmp_path / "whole").root)
    for kept in (1, 3, len(whole) - 1):
        root = tmp_path / str(kept)
        for name, content in [item for item in whole.items() if item[0] != "trial.toml"][:kept]:
            if content is None:
                (root / name).mkdir(parents=True)
            else:
                file_with(content.decode(), name)(root)
        init_trial(root)
        assert content_of(root) == whole


def test_what_a_trial_lacks_is_named(tmp_path: Path) -> None:
    with pytest.raises(ProtocolError, match="there is no folder"):
        load_trial(tmp_path / "none")
    with pytest.raises(ProtocolError, match=r"trial.toml, clinical/patients.csv, dicom missing"):
        load_trial(tmp_path)
    trial = init_trial(tmp_path / "trial")
    trial.results.rmdir()
    assert load_trial(trial.root) == trial
    trial.dicom.rmdir()
    with pytest.raises(ProtocolError, match="not a whole trial: dicom missing"):
        load_trial(trial.root)
