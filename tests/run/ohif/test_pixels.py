"""Truth: other program: frames are what pydicom's pixel_array holds; a frame that is not there is refused."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pydicom
import pytest

from carpet.core.errors import Refused
from carpet.run.ohif.archive import Archive, Instance
from carpet.run.ohif.pixels import bulk, frame, frame_numbers, whole

from .conftest import Shown


def instance_at(archive: Archive, path: Path) -> Instance:
    return next(one for study in archive.studies for one in archive.instances(study) if one.path == path)


@pytest.mark.parametrize("name", ["implicit", "big-endian", "deflated", "native frames"])
def test_frames_are_the_stored_pixels_little_endian(name: str, archive: Archive, shown: Shown) -> None:
    one = instance_at(archive, shown.odd[name])
    data = pydicom.dcmread(one.path)
    truth = data.pixel_array.reshape(-1, data.Rows, data.Columns)
    kind = "<i2" if data.PixelRepresentation else "<u2"
    for number, expected in enumerate(truth, start=1):
        assert (np.frombuffer(frame(one, number), kind).reshape(expected.shape) == expected).all()


def test_frames_of_single_bits_are_the_lesions(archive: Archive, shown: Shown) -> None:
    for path in (shown.seg, shown.odd["single bits"]):
        one = instance_at(archive, path)
        truth = pydicom.dcmread(path).pixel_array
        for number, expected in enumerate(truth, start=1):
            bits = np.unpackbits(np.frombuffer(frame(one, number), np.uint8), bitorder="little")[: expected.size]
            assert (bits.reshape(expected.shape) == expected).all()


def test_numbers_of_frames(archive: Archive, shown: Shown) -> None:
    one = instance_at(archive, shown.odd["native frames"])
    assert frame_numbers("3,1", one) == (3, 1)
    for text in ("", "0", "4", "1,", "a", "１", "1e1", "9" * 40):
        with pytest.raises(Refused) as refused:
            frame_numbers(text, one)
        assert refused.value.codes == ("DICOMWEB_FRAME_UNKNOWN",)
    with pytest.raises(Refused):
        frame_numbers("1", replace(one, raster=None))


def test_fewer_pixels_than_the_header_says_are_refused(archive: Archive, shown: Shown) -> None:
    one = instance_at(archive, shown.odd["native frames"])
    assert one.raster is not None
    many = replace(one, raster=replace(one.raster, frames=9))
    with pytest.raises(Refused) as refused:
        frame(many, 9)
    assert refused.value.codes == ("DICOMWEB_OBJECT_UNREADABLE",)


def test_only_what_has_an_address_is_bulk(archive: Archive, shown: Shown) -> None:
    one = instance_at(archive, shown.odd["implicit"])
    assert b"".join(bulk(one, "7FE00010")) == pydicom.dcmread(one.path).PixelData
    for tag in ("00100010", "00990099"):
        with pytest.raises(Refused) as refused:
            bulk(one, tag)
        assert refused.value.codes == ("DICOMWEB_BULK_UNKNOWN",)


def test_a_bare_file_becomes_a_whole_one(archive: Archive, shown: Shown, tmp_path: Path) -> None:
    one = instance_at(archive, shown.odd["bare"])
    (tmp_path / "sent.dcm").write_bytes(b"".join(whole(one)))
    came, there = pydicom.dcmread(tmp_path / "sent.dcm"), pydicom.dcmread(one.path, force=True)
    assert came == there
    assert (came.file_meta.TransferSyntaxUID, came.file_meta.MediaStorageSOPInstanceUID) == (one.transfer_syntax, one.uid)
