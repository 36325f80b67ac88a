"""Contract: one data set at a time, whole or not at all; two receivers never share a folder; PS3.5 §7 decides what is whole."""

from __future__ import annotations

from pathlib import Path

import pydicom
import pytest
from pydicom.uid import ExplicitVRLittleEndian, ImplicitVRLittleEndian

from carpet.core.errors import ProtocolError
from carpet.dicom.files import UNFINISHED
from carpet.dicom.network.inbox import NOT_UNDERSTOOD, SUCCESS, Inbox, Quota, file_start
from carpet.testing import PhantomScan, write_study

PLENTY = Quota(10**9, 1000)


@pytest.fixture
def inbox(tmp_path: Path) -> Path:
    return tmp_path / "inbox"


def test_two_receivers_do_not_share_a_folder(inbox: Path) -> None:
    first = Inbox(inbox, PLENTY)
    with pytest.raises(ProtocolError, match="another"):
        Inbox(inbox, PLENTY)
    first.close()
    Inbox(inbox, PLENTY).close()


def test_what_a_killed_receiver_left_is_removed(inbox: Path) -> None:
    left = inbox / f"{UNFINISHED}receiving" / "arriving"
    left.parent.mkdir(parents=True)
    left.write_bytes(b"half a file")
    Inbox(inbox, PLENTY).close()
    assert not left.exists()


def test_the_file_start_is_the_same_for_the_same_instance() -> None:
    start = file_start("1.2.840.10008.5.1.4.1.1.128", "1.2.3", "1.2.840.10008.1.2.1")
    assert start == file_start("1.2.840.10008.5.1.4.1.1.128", "1.2.3", "1.2.840.10008.1.2.1")
    assert start[128:132] == b"DICM"


def test_half_a_data_set_is_not_taken(small_scan: PhantomScan, tmp_path: Path) -> None:
    file = write_study(small_scan, tmp_path / "sent").pet_files[0]
    header = pydicom.dcmread(file)
    data = memoryview(file.read_bytes())[144 + int(header.file_meta.FileMetaInformationGroupLength) :]
    inbox, said = Inbox(tmp_path / "inbox", PLENTY), (str(header.SOPClassUID), str(header.SOPInstanceUID))
    for cut in (1, 2, 40, len(data) - 10, len(data)):
        assert inbox.take(data[:-cut], said=said, transfer_syntax=ExplicitVRLittleEndian) == (NOT_UNDERSTOOD, False)
    assert inbox.take(data, said=said, transfer_syntax=ImplicitVRLittleEndian) == (NOT_UNDERSTOOD, False)
    assert inbox.take(data, said=said, transfer_syntax=ExplicitVRLittleEndian) == (SUCCESS, False)
    inbox.close()
