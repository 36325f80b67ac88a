"""Truth: other program: dicomweb-client, Python's mail parser and pydicom: what comes is what lies on the disk, byte for byte."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pydicom
import pytest

from carpet.core.errors import Refused
from carpet.run.ohif.archive import Archive
from carpet.run.ohif.wado import bulk_data, files, frames

from .conftest import BLOB, ODD, Served, Shown

Uids = Callable[[Path], tuple[str, str, str]]
RLE = "1.2.840.10008.1.2.5"


def place(uids: tuple[str, str, str]) -> str:
    return "/dicomweb/studies/{}/series/{}/instances/{}".format(*uids)


def test_instances_come_byte_for_byte(served: Served, shown: Shown, uids: Uids) -> None:
    for path in [*shown.odd.values(), shown.seg, *shown.first.pet_files[::20], *shown.first.ct_files[::20]]:
        (kind, content) = served.parts(place(uids(path)))[0]
        if path.stem == "bare":  # it gets the preamble that it lacks
            assert content[128:132] == b"DICM"
            assert content.endswith(path.read_bytes())
        else:
            assert content == path.read_bytes()
            assert kind == f"application/dicom; transfer-syntax={pydicom.dcmread(path).file_meta.TransferSyntaxUID}"


def test_the_other_client_reads_the_same_data_sets(client: Any, shown: Shown, uids: Uids) -> None:
    for path in [*shown.odd.values(), shown.seg, shown.first.pet_files[0]]:
        came = client.retrieve_instance(*uids(path))
        there = pydicom.dcmread(path, force=True)
        assert came == there, path.name


def test_a_series_and_a_study_come_whole(client: Any, served: Served, shown: Shown, uids: Uids) -> None:
    study, series, _ = uids(shown.first.ct_files[0])
    assert {one.SOPInstanceUID for one in client.retrieve_series(study, series)} == {uids(path)[2] for path in shown.first.ct_files}
    parts = served.parts(f"/dicomweb/studies/{study}")
    truth = [path.read_bytes() for path in (*shown.first.pet_files, *shown.first.ct_files, shown.seg)]
    assert sorted(content for _, content in parts) == sorted(truth)


@pytest.mark.parametrize("name", ODD)
def test_frames_come_as_they_are_stored(name: str, client: Any, served: Served, shown: Shown, uids: Uids) -> None:
    asked, truth = uids(shown.odd[name]), shown.frames[name]
    wanted = list(range(len(truth), 0, -1))
    assert client.retrieve_instance_frames(*asked, wanted) == truth[::-1]
    ((kind, content),) = served.parts(f"{place(asked)}/frames/1", 'multipart/related; type="application/octet-stream"; transfer-syntax=*')
    assert (kind, content) == (f"application/octet-stream; transfer-syntax={RLE if 'RLE' in name else '1.2.840.10008.1.2.1'}", truth[0])
    ((kind, content),) = served.parts(f"{place(asked)}/frames/1")
    assert (kind.startswith("image/dicom-rle"), content) == ("RLE" in name, truth[0])


def test_decoded_frames_are_the_pixels(served: Served, shown: Shown, uids: Uids) -> None:
    path = shown.odd["RLE frames"]
    truth = pydicom.dcmread(path).pixel_array
    for number in (1, 2, 3):
        ((_, content),) = served.parts(f"{place(uids(path))}/frames/{number}")
        rebuilt = pydicom.dcmread(path)
        rebuilt.NumberOfFrames = 1
        rebuilt.PixelData = pydicom.encaps.encapsulate([content])
        assert (rebuilt.pixel_array == truth[number - 1]).all()


@pytest.mark.parametrize("name", ODD)
def test_bulk_data_come_by_their_address(name: str, client: Any, shown: Shown, uids: Uids) -> None:
    said = client.retrieve_instance_metadata(*uids(shown.odd[name]))
    there = pydicom.dcmread(shown.odd[name], force=True)
    assert b"".join(client.retrieve_bulkdata(said["00291010"]["BulkDataURI"])) == BLOB
    came = client.retrieve_bulkdata(said["7FE00010"]["BulkDataURI"])
    if "RLE" in name:
        assert came == shown.frames[name]
    elif name in ("big-endian", "single bits"):
        assert len(b"".join(came)) == len(there.PixelData)
    else:
        assert b"".join(came) == there.PixelData


def test_what_is_not_stored_is_refused(served: Served, shown: Shown, uids: Uids) -> None:
    rle, plain = place(uids(shown.odd["RLE"])), place(uids(shown.first.pet_files[0]))
    octets, dicom = 'multipart/related; type="application/octet-stream"', 'multipart/related; type="application/dicom"'
    for path, accept, status in (
        (f"{rle}/frames/1", octets, 406),  # uncompressed is meant
        (rle, f"{dicom}; transfer-syntax=1.2.840.10008.1.2.4.70", 406),
        (rle, f"{dicom}; transfer-syntax={RLE}", 200),
        (plain, "application/json", 406),
        (f"{plain}/frames/1", 'multipart/related; type="image/jp2"', 406),
        (f"{plain}/frames/1", octets, 200),
        (f"{plain}/frames/2", octets, 404),
        (f"{plain}/frames/0", octets, 404),
        (f"{plain}/frames/1,x", octets, 404),
        (f"{plain}/bulkdata/00100010", octets, 404),
        (f"{plain}/bulkdata/7FE00010", 'multipart/related; type="image/jp2"', 406),
        (f"{plain}/bulkdata/PixelData", octets, 400),
        (plain[:-1], dicom, 404),
    ):
        answer = served.get(path, Accept=accept)
        assert answer.status_code == status, (path, accept, answer.text[:200])
        if status != 200:
            assert all(one["code"].startswith("DICOMWEB_") and one["remedy"] for one in answer.json()["notices"])


def test_nothing_is_said_before_it_is_known(archive: Archive, shown: Shown) -> None:
    one = archive.instances(shown.second.study_uid)[0]
    for wanted in (lambda: files([one], "text/html"), lambda: frames(one, "9", ""), lambda: bulk_data(one, "00100010", "")):
        with pytest.raises(Refused):
            wanted()
