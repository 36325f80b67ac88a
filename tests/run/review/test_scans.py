"""Contract: a scan is read once, kept on disk, made again where that is damaged; the cache keeps to its limit."""

from __future__ import annotations

from pathlib import Path

from carpet.run.review.room import Room
from carpet.run.review.scan_file import FACTS
from carpet.run.review.scans import ScanRoom


def test_a_scan_is_read_once_and_kept(first_room: Room, tmp_path: Path) -> None:
    study = first_room.study(first_room.history.case("A/TT"))
    room = ScanRoom(tmp_path, first_room.trial.protocol)
    room.prepared(study)
    (folder,) = tmp_path.iterdir()
    made = (folder / FACTS).stat().st_ino
    one = room.opened(study)
    assert room.opened(study) is one
    assert (folder / FACTS).stat().st_ino == made
    (folder / FACTS).write_text("{}")
    again = ScanRoom(tmp_path, first_room.trial.protocol).opened(study)
    assert [lesion.id for lesion in again.surveyed.lesions] == [lesion.id for lesion in one.surveyed.lesions]
    assert (folder / FACTS).stat().st_ino != made


def test_what_was_not_opened_for_longest_goes_first(first_room: Room, tmp_path: Path) -> None:
    room = ScanRoom(tmp_path, first_room.trial.protocol, largest_bytes=1)
    for name in ("A/TT", "B/TT"):
        study = first_room.study(first_room.history.case(name))
        room.opened(study)
        assert [one.name.split("-")[0] for one in tmp_path.iterdir()] == [study.short]
