"""A small trial with a scan, its SEG, and files in every encoding; served on a real port, asked by an independent client."""

from __future__ import annotations

import shutil
import socket
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from copy import deepcopy
from dataclasses import dataclass
from email import message_from_bytes
from pathlib import Path
from threading import Thread
from typing import Any

import httpx
import numpy as np
import pydicom
import pytest
import uvicorn
from pydicom.uid import (
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    RLELossless,
    generate_uid,
)

from carpet.run.cli import run
from carpet.run.ohif.app import ohif_app
from carpet.run.ohif.archive import Archive, archive_of
from carpet.run.ohif.serving import ServiceDoorway
from carpet.run.ohif.shelf import Shelf
from carpet.run.ohif.viewer import Viewer
from carpet.run.trial.folder import load_trial
from carpet.testing import Storage, Visit, WrittenStudy, simple_phantom, write_study

ODD = ("implicit", "big-endian", "deflated", "bare", "RLE", "RLE frames", "native frames", "single bits")
NAME = "Zauberberg^Klawdia"
BLOB = bytes(range(256)) * 20  # a private value long enough to be told by its address


@dataclass(frozen=True)
class Shown:
    """A trial: the scan that was measured, another of the same patient, the SEG, and a file of each encoding with its pixels by frame."""

    folder: Path
    first: WrittenStudy
    second: WrittenStudy
    seg: Path
    odd: dict[str, Path]
    frames: dict[str, list[bytes]]

    @property
    def files(self) -> list[Path]:
        """All that is to be served."""
        scans = [path for one in (self.first, self.second) for path in (*one.pet_files, *one.ct_files)]
        return [*scans, self.seg, *self.odd.values()]


@pytest.fixture(scope="session")
def shown(tmp_path_factory: pytest.TempPathFactory) -> Shown:
    base = tmp_path_factory.mktemp("shown")
    folder = base / "trial"
    assert run(["init", str(folder)]) == 0
    first = write_study(simple_phantom(spacing_mm=8.0), folder / "dicom" / "first", visit=Visit(patient_id="MRN-1", patient_name=NAME))
    small = simple_phantom(spacing_mm=16.0)
    second = write_study(small, folder / "dicom" / "second", vendor="ge", visit=Visit(patient_id="MRN-10"), storage=Storage(with_nac=False))
    assert run(["measure", str(first.path), "-o", str(base / "measured")]) == 0
    seg = folder / "results" / "seg" / "1" / "one.seg.dcm"
    seg.parent.mkdir(parents=True)
    shutil.copy(base / "measured" / "lesions.seg.dcm", seg)
    odd, frames = odd_files(folder / "dicom" / "odd", second.ct_files[0])
    (folder / "dicom" / "notes.txt").write_text("no DICOM")
    (folder / "dicom" / "broken.dcm").write_bytes(second.ct_files[1].read_bytes()[:700])
    for number in (1, 2):  # two files of one UID
        twin = pydicom.dcmread(second.ct_files[0])
        twin.SOPInstanceUID = twin.file_meta.MediaStorageSOPInstanceUID = pydicom.uid.UID("1.2.3.4")
        twin.InstanceNumber = number
        twin.save_as(folder / "dicom" / f"twin{number}.dcm")
    shutil.copy(second.ct_files[2], folder / "dicom" / "copy.dcm")
    return Shown(folder, first, second, seg, odd, frames)


def odd_files(folder: Path, source: Path) -> tuple[dict[str, Path], dict[str, list[bytes]]]:
    """One slice in each encoding, each a series of its own, and what its frames hold, little-endian."""
    folder.mkdir()
    rng = np.random.default_rng(7)
    places, frames = {}, {}
    for name in ODD:
        data = deepcopy(pydicom.dcmread(source))
        data.decode()
        data.SeriesInstanceUID = generate_uid(entropy_srcs=["series", name])
        data.SOPInstanceUID = data.file_meta.MediaStorageSOPInstanceUID = generate_uid(entropy_srcs=[name])
        data.SeriesDescription = name
        data.private_block(0x0029, "CARPET TEST", create=True).add_new(0x10, "OB", BLOB)
        places[name], frames[name] = folder / f"{name}.dcm", _write(data, name, folder / f"{name}.dcm", rng)
    return places, frames


def _write(data: Any, name: str, path: Path, rng: np.random.Generator) -> list[bytes]:
    syntaxes = {"implicit": ImplicitVRLittleEndian, "big-endian": ExplicitVRBigEndian, "deflated": DeflatedExplicitVRLittleEndian}
    if "frames" in name or name == "single bits":
        data.NumberOfFrames = 3
        data.Rows, data.Columns = 5, 7
        many = rng.integers(0, 2 if name == "single bits" else 4000, (3, 5, 7)).astype("<u2")
        if name == "single bits":
            data.BitsAllocated, data.BitsStored, data.HighBit, data.PixelRepresentation = 1, 1, 0, 0
            bits = np.packbits(many.astype(np.uint8), bitorder="little").tobytes()
            data.PixelData = bits + b"\0" * (len(bits) % 2)
            kept = [np.packbits(one.astype(np.uint8).ravel(), bitorder="little").tobytes() for one in many]
        else:
            data.PixelData = many.tobytes() + b"\0" * (many.nbytes % 2)
            kept = [one.tobytes() for one in many]
    else:
        kept = [data.PixelData]
    data.file_meta.TransferSyntaxUID = syntaxes.get(name, ExplicitVRLittleEndian)
    if name == "big-endian":
        data.PixelData = np.frombuffer(data.PixelData, "<u2").astype(">u2").tobytes()
    if "RLE" in name:
        data.compress(RLELossless)
        kept = list(pydicom.encaps.generate_frames(data.PixelData, number_of_frames=len(kept)))
    if name == "bare":
        pydicom.dcmwrite(path, data)
        whole = path.read_bytes()
        path.write_bytes(whole[whole.index(b"\x08\x00\x05\x00CS") :])  # without preamble and file meta information
    else:
        pydicom.dcmwrite(path, data, enforce_file_format=True)
    return kept


@pytest.fixture(scope="session")
def archive(shown: Shown) -> Iterator[Archive]:
    with archive_of(load_trial(shown.folder), lambda step: None) as made:
        yield made


@dataclass(frozen=True)
class Served:
    """A service that answers."""

    base: str
    doorway: ServiceDoorway
    client: httpx.Client

    @property
    def root(self) -> str:
        return f"{self.base}/dicomweb"

    def get(self, path: str, **headers: str) -> httpx.Response:
        return self.client.get(f"{self.base}{path}", headers=headers)

    def parts(self, path: str, accept: str = "") -> list[tuple[str, bytes]]:
        """Content-Type and bytes of each part, by Python's own parser of mail."""
        answer = self.get(path, **({"Accept": accept} if accept else {}))
        assert answer.status_code == 200, answer.text
        boundary = answer.headers["content-type"].partition("boundary=")[2].encode()
        pieces = answer.content.split(b"--" + boundary)
        assert (pieces[0], pieces[-1]) == (b"", b"--\r\n")
        found = []
        for piece in pieces[1:-1]:
            head, _, body = piece.removeprefix(b"\r\n").partition(b"\r\n\r\n")
            found.append((str(message_from_bytes(head)["Content-Type"]), body.removesuffix(b"\r\n")))
        return found


@contextmanager
def open_service(archive: Archive, viewer: Viewer | None = None) -> Iterator[Served]:
    """A service on a free port of loopback, until the block ends."""
    told: list[str] = []
    with closing(socket.create_server(("127.0.0.1", 0))) as bound:
        doorway = ServiceDoorway("127.0.0.1", bound.getsockname()[1])
        app = ohif_app(Shelf(archive), doorway, viewer, told.append)
        server = uvicorn.Server(uvicorn.Config(app, log_level="error", lifespan="off", ws="none"))
        thread = Thread(target=server.run, kwargs={"sockets": [bound]}, daemon=True)
        thread.start()
        try:
            with httpx.Client(timeout=60.0) as client:
                yield Served(doorway.address.rstrip("/"), doorway, client)
        finally:
            server.should_exit = True
            thread.join()
    assert told == [], "an answer was broken off"


@pytest.fixture(scope="session")
def served(archive: Archive) -> Iterator[Served]:
    with open_service(archive) as made:
        yield made


@pytest.fixture(scope="session")
def client(served: Served) -> Any:
    """dicomweb-client, written by others."""
    from dicomweb_client.api import DICOMwebClient

    return DICOMwebClient(served.root)


@pytest.fixture(scope="session")
def uids() -> Callable[[Path], tuple[str, str, str]]:
    """Study, series and instance of a file."""

    def said(path: Path) -> tuple[str, str, str]:
        data = pydicom.dcmread(path, force=True, stop_before_pixels=True)
        return str(data.StudyInstanceUID), str(data.SeriesInstanceUID), str(data.SOPInstanceUID)

    return said
