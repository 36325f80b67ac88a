"""Contract: every readable object is served once; what is not is counted; a file that has changed since is not sent."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pydicom
import pytest

from carpet.core.errors import Refused
from carpet.run.ohif.archive import Archive, archive_of
from carpet.run.ohif.pixels import frame, whole
from carpet.run.trial.folder import load_trial

from .conftest import Shown

Uids = Callable[[Path], tuple[str, str, str]]


def test_all_that_can_be_read_is_there_once(archive: Archive, shown: Shown, uids: Uids) -> None:
    there = {one.uid for study in archive.studies for one in archive.instances(study)}
    assert there == {uids(path)[2] for path in shown.files}
    assert sum(archive.counts().values()) == len(there)


def test_what_is_not_served_is_counted(archive: Archive) -> None:
    assert archive.left_out == {"FILE_MALFORMED": 1, "UID_CONFLICT": 2}
    assert archive.others == 1


def test_the_pet_stands_first_and_slices_by_their_number(archive: Archive, shown: Shown) -> None:
    by_series = archive.series_of(shown.first.study_uid)
    assert [members[0].modality for members in by_series.values()] == ["PT", "CT", "SEG"]
    numbers = [one.number for one in next(iter(by_series.values()))]
    assert numbers == sorted(int(pydicom.dcmread(path).InstanceNumber) for path in shown.first.pet_files)


def test_what_is_not_there_is_refused_without_repeating_what_was_asked(archive: Archive, shown: Shown, uids: Uids) -> None:
    study, series, _ = uids(shown.first.pet_files[0])
    for asked in (("1.2.3",), (study, "<b>"), (study, series, "1.9"), (uids(shown.second.pet_files[0])[0], series)):
        with pytest.raises(Refused) as refused:
            archive.instances(*asked)
        assert refused.value.codes == ("DICOMWEB_OBJECT_UNKNOWN",)
        assert "<b>" not in str(refused.value)


def test_a_file_that_changed_is_not_sent(shown: Shown, tmp_path: Path) -> None:
    folder = tmp_path / "trial"
    shutil.copytree(shown.folder, folder, ignore=shutil.ignore_patterns("first", "results"))
    with archive_of(load_trial(folder), lambda step: None) as archive:
        one, gone, *_ = archive.instances(shown.second.study_uid)
        one.path.write_bytes(one.path.read_bytes() + b"\0\0")
        gone.path.unlink()
        for asked in (lambda: whole(one), lambda: frame(one, 1), lambda: whole(gone), lambda: frame(gone, 1)):
            with pytest.raises(Refused) as refused:
                asked()
            assert refused.value.codes == ("DICOMWEB_OBJECT_CHANGED",)


def test_a_zip_is_served_like_a_folder_and_leaves_nothing(shown: Shown, tmp_path: Path) -> None:
    folder = tmp_path / "trial"
    shutil.copytree(shown.folder, folder, ignore=shutil.ignore_patterns("dicom", ".carpet-*"))
    (folder / "dicom").mkdir()
    shutil.make_archive(str(folder / "dicom" / "scan"), "zip", shown.first.path)
    before = set(folder.rglob("*"))
    with archive_of(load_trial(folder), lambda step: None) as archive:
        sent = {b"".join(whole(one)) for one in archive.instances(shown.first.study_uid)}
    assert sent == {path.read_bytes() for path in (*shown.first.pet_files, *shown.first.ct_files, shown.seg)}
    assert set(folder.rglob("*")) == before
