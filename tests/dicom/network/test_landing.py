"""Contract: files from outside land under our own names, whole and on the disk, or not at all."""

from __future__ import annotations

import errno
import io
import os
from pathlib import Path

import pydicom
import pytest
from pydicom import Dataset
from pydicom.dataelem import DataElement
from pydicom.sequence import Sequence

from carpet.dicom.network.landing import DurableFolder, Identity, NotPlaceable, identity_of, is_uid, is_whole, short_name, to_disk
from carpet.testing import PhantomScan, write_study

WHAT = Identity("1.2.840.10008.5.1.4.1.1.128", "1.2.3", "1.2.3.4", "1.2.3.4.5")


@pytest.mark.parametrize("uid", ["1", "1.2.840", "0.0", "1." * 31 + "11"])
def test_uids_are_digits_and_single_dots(uid: str) -> None:
    assert is_uid(uid)


@pytest.mark.parametrize("text", ["", ".", "1.", ".1", "1..2", "1.2\n", "../1", "1/2", "1 2", "¹.2", "1" * 65, "None"])
def test_nothing_else_is_a_uid(text: str) -> None:
    assert not is_uid(text)


def test_a_place_is_three_names_of_our_own() -> None:
    place = WHAT.place
    assert place.parts == (short_name("1.2.3"), short_name("1.2.3.4"), f"{short_name('1.2.3.4.5')}.dcm")
    assert all(set(part.removesuffix(".dcm")) <= set("0123456789abcdef") for part in place.parts)
    assert len({short_name(str(n)) for n in range(2000)}) == 2000


def test_identity_is_read_from_the_file(small_scan: PhantomScan, tmp_path: Path) -> None:
    written = write_study(small_scan, tmp_path)
    said = identity_of(written.pet_files[0])
    assert (said.study, said.series, said.sop_class) == (written.study_uid, written.pet_series_uid, "1.2.840.10008.5.1.4.1.1.128")


@pytest.mark.parametrize("content", [b"", b"<html>", b"\0" * 128 + b"DICM" + b"\xff" * 40])
def test_what_says_nothing_has_no_place(content: bytes, tmp_path: Path) -> None:
    file = tmp_path / "x"
    file.write_bytes(content)
    with pytest.raises(NotPlaceable):
        identity_of(file)


def test_a_uid_with_a_path_in_it_has_no_place(small_scan: PhantomScan, tmp_path: Path) -> None:
    file = write_study(small_scan, tmp_path).pet_files[0]
    uid = identity_of(file).instance
    file.write_bytes(file.read_bytes().replace(uid.encode(), "../../etc/passwd".ljust(len(uid), "/").encode()))
    with pytest.raises(NotPlaceable, match="UID"):
        identity_of(file)


def test_put_moves_a_file_and_syncs_it_and_every_new_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    synced: list[str] = []
    real = os.fsync
    monkeypatch.setattr(os, "fsync", lambda number: (synced.append(os.readlink(f"/proc/self/fd/{number}")), real(number))[1])
    folder = DurableFolder(tmp_path)
    for name in ("first", "second"):
        (tmp_path / name).write_bytes(b"content")
        folder.put(tmp_path / name, tmp_path / "study" / "series" / name)
    study = str(tmp_path / "study")
    assert synced[0] == str(tmp_path / "first")
    assert set(synced[1:4]) == {f"{study}/series", study, str(tmp_path)}
    assert synced[4:] == [str(tmp_path / "second"), f"{study}/series"]
    assert (tmp_path / "study" / "series" / "second").read_bytes() == b"content"


def test_folders_that_were_removed_are_synced_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder, target = DurableFolder(tmp_path), tmp_path / "study" / "series" / "file"
    counts = []
    for _ in range(2):
        (tmp_path / "part").write_bytes(b"x")
        calls: list[int] = []
        with monkeypatch.context() as patch:
            patch.setattr(os, "fsync", calls.append)
            folder.put(tmp_path / "part", target)
        counts.append(len(calls))
        target.unlink()
        target.parent.rmdir()
        target.parent.parent.rmdir()
    assert counts == [4, 4]


def test_a_failed_move_leaves_no_empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "part").write_bytes(b"x")

    def full(source: object, target: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "replace", full)
    with pytest.raises(OSError, match="No space"):
        DurableFolder(tmp_path).put(tmp_path / "part", tmp_path / "study" / "series" / "file")
    assert [path.name for path in tmp_path.rglob("*")] == ["part"]


def test_to_disk_takes_files_and_folders(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"x")
    to_disk(tmp_path / "file")
    to_disk(tmp_path)
    with pytest.raises(OSError, match="No such file"):
        to_disk(tmp_path / "absent")


def nested(*, implicit: bool) -> bytes:
    """A data set with sequences of defined and undefined length, one within another, and one of unknown representation."""
    inner, outer, whole = Dataset(), Dataset(), Dataset()
    inner.CodeValue = "1"
    outer.ConceptNameCodeSequence = Sequence([inner, inner])
    outer["ConceptNameCodeSequence"].is_undefined_length = True
    inner.is_undefined_length_sequence_item = True
    whole.PatientName = "X"
    whole.ContentSequence = Sequence([outer])
    whole.AnatomicRegionSequence = Sequence([inner])
    whole["AnatomicRegionSequence"].is_undefined_length = True
    if not implicit:
        whole.add(DataElement(0x00411001, "UN", b"ab" * 40_000))
    buffer = io.BytesIO()
    pydicom.dcmwrite(buffer, whole, implicit_vr=implicit, little_endian=True, enforce_file_format=False)
    return buffer.getvalue()


@pytest.mark.parametrize("implicit", [False, True])
def test_a_data_set_is_whole_only_with_its_last_byte(implicit: bool) -> None:
    data = nested(implicit=implicit)
    assert is_whole(memoryview(data), implicit=implicit)
    cuts = [cut for cut in (*range(1, 300), *range(len(data) - 60, len(data))) if cut < len(data)]
    wholes = [cut for cut in cuts if is_whole(memoryview(data[:cut]), implicit=implicit)]
    assert all(pydicom.dcmread(io.BytesIO(data[:cut]), force=True) != Dataset() for cut in wholes)
    assert len(wholes) <= 4  # only where one top-level element has ended


@pytest.mark.parametrize("data", [b"", b"\0", b"\xff" * 100, b"\xfe\xff\x0d\xe0\0\0\0\0", b"\x08\0\x05\0CS\x06\0ISO"])
def test_what_is_not_whole(data: bytes) -> None:
    assert not is_whole(memoryview(data), implicit=False)


def test_encapsulated_pixels_are_whole_with_their_end() -> None:
    pixels = b"\xe0\x7f\x10\0OB\0\0\xff\xff\xff\xff" + b"\xfe\xff\x00\xe0\0\0\0\0" + b"\xfe\xff\x00\xe0\x04\0\0\0abcd"
    end = b"\xfe\xff\xdd\xe0\0\0\0\0"
    assert is_whole(memoryview(pixels + end), implicit=False)
    assert not is_whole(memoryview(pixels), implicit=False)
    assert not is_whole(memoryview(pixels[:-1]), implicit=False)
