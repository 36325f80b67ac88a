"""Contract: which files are found, in which order; a hostile zip is refused before it takes memory, disk or another folder."""

from __future__ import annotations

import os
import random
import struct
import zipfile
from pathlib import Path

import pytest

from carpet.core.errors import Notice
from carpet.dicom import files
from carpet.dicom.files import files_under


@pytest.fixture
def scratch(tmp_path: Path) -> Path:
    folder = tmp_path / "scratch"
    folder.mkdir()
    return folder


def zipped(path: Path, members: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w", method) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return path


def refused(path: Path, scratch: Path) -> Notice:
    found, (notice,) = files_under([path], scratch)
    assert found == ()
    assert notice.code == "ZIP_REFUSED"
    return notice


def test_folders_are_walked_in_the_order_of_names(tmp_path: Path, scratch: Path) -> None:
    root = tmp_path / "in"
    names = ["b/2", "b/10", "a/x/deep/1", "a/1", "top", "c/.hidden"]
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(b"x")
    found, none = files_under([root], scratch)
    assert [path.relative_to(root).as_posix() for path in found] == ["top", "a/1", "a/x/deep/1", "b/10", "b/2", "c/.hidden"]
    assert none == ()


def test_a_folder_that_may_not_be_entered_is_told(tmp_path: Path, scratch: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Root may enter everything: the system's answer is replaced, for one folder."""
    for name in ("a/1", "closed/2"):
        (tmp_path / "in" / name).parent.mkdir(parents=True)
        (tmp_path / "in" / name).write_bytes(b"x")
    allowed = os.access
    monkeypatch.setattr(os, "access", lambda path, mode: Path(path).name != "closed" and allowed(path, mode))
    found, (notice,) = files_under([tmp_path / "in"], scratch)
    assert found == (tmp_path / "in" / "a" / "1",)
    assert (notice.code, notice.where) == ("FOLDER_CLOSED", "in/closed")


def test_what_carpet_is_still_writing_is_not_there_yet(tmp_path: Path, scratch: Path) -> None:
    root = tmp_path / ".carpet-in"  # a folder that is named is read, whatever its name
    for name in ("a/1", "a/.carpet-x", ".carpet-study/1", "b/.carpet-y/deep/2"):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(b"x")
    assert files_under([root], scratch)[0] == (root / "a" / "1",)


def test_a_file_and_a_folder_together(tmp_path: Path, scratch: Path) -> None:
    (tmp_path / "in").mkdir()
    one, other = tmp_path / "one", tmp_path / "in" / "other"
    one.write_bytes(b"x")
    other.write_bytes(b"")
    assert files_under([one, tmp_path / "in"], scratch)[0] == (one, other)


@pytest.mark.parametrize("name", ["DICOMDIR", "dicomdir"])
def test_the_index_of_a_medium_is_no_image(name: str, tmp_path: Path, scratch: Path) -> None:
    root = tmp_path / "in"
    root.mkdir()
    (root / name).write_bytes(b"x")
    (root / "IM1").write_bytes(b"x")
    zipped(root / "z.zip", {f"cd/{name}": b"x", "cd/IM2": b"y"})
    found, _ = files_under([root], scratch)
    assert [path.read_bytes() for path in found] == [b"x", b"y"]


def test_links_that_lead_nowhere_or_round_are_passed_by(tmp_path: Path, scratch: Path) -> None:
    root = tmp_path / "in"
    root.mkdir()
    (root / "gone").symlink_to(tmp_path / "nowhere")
    (root / "round").symlink_to(root)
    os.mkfifo(root / "pipe")
    (root / "a").write_bytes(b"x")
    assert files_under([root], scratch)[0] == (root / "a",)


def test_a_zip_among_files_is_unpacked_whatever_its_name(tmp_path: Path, scratch: Path) -> None:
    root = tmp_path / "in"
    zipped(root / "sub" / "study", {"b/2.dcm": b"two", "a/1.dcm": b"one", "a/": b""})
    (root / "z").write_bytes(b"loose")
    found, none = files_under([root], scratch)
    assert [path.read_bytes() for path in found] == [b"loose", b"one", b"two"]
    assert none == ()


def test_names_in_a_zip_are_never_paths(tmp_path: Path, scratch: Path) -> None:
    names = ["../../evil", "/etc/evil", "C:\\evil", "a/../../../evil", "x\0y", "." * 300, "con", "a" * 5000]
    path = zipped(tmp_path / "z.zip", {name: str(n).encode() for n, name in enumerate(names)})
    before = {p for p in tmp_path.rglob("*") if scratch not in p.parents}
    found, none = files_under([path], scratch)
    assert none == ()
    assert sorted(p.read_bytes() for p in found) == [str(n).encode() for n in range(len(names))]
    assert all(p.resolve().parent.parent == scratch.resolve() for p in found)
    assert {p for p in tmp_path.rglob("*") if scratch not in p.parents} == before


def test_a_link_in_a_zip_is_a_plain_file(tmp_path: Path, scratch: Path) -> None:
    link = zipfile.ZipInfo("link")
    link.external_attr = 0o120777 << 16
    with zipfile.ZipFile(tmp_path / "z.zip", "w") as archive:
        archive.writestr(link, "/etc/passwd")
    ((found,), _) = files_under([tmp_path / "z.zip"], scratch)
    assert not found.is_symlink()
    assert found.read_bytes() == b"/etc/passwd"


def test_two_members_of_one_name_are_two_files(tmp_path: Path, scratch: Path) -> None:
    with zipfile.ZipFile(tmp_path / "z.zip", "w") as archive:
        archive.writestr("a", b"1")
        with pytest.warns(UserWarning, match="Duplicate"):
            archive.writestr("a", b"2")
    found, _ = files_under([tmp_path / "z.zip"], scratch)
    assert len(found) == 2


def test_a_bomb_is_refused_before_it_is_large(tmp_path: Path, scratch: Path) -> None:
    path = zipped(tmp_path / "z.zip", {"zeros": b"\0" * (64 * 2**20)})
    assert path.stat().st_size < 100_000
    assert "200:1" in refused(path, scratch).found
    assert sum(p.stat().st_size for p in scratch.rglob("*") if p.is_file()) < 16 * 2**20


def test_blank_slices_are_no_bomb(tmp_path: Path, scratch: Path) -> None:
    path = zipped(tmp_path / "z.zip", {f"{n}.dcm": b"\0" * (512 * 512 * 2) for n in range(3)})
    found, none = files_under([path], scratch)
    assert none == ()
    assert [p.stat().st_size for p in found] == [524_288] * 3


def test_a_member_that_lies_about_its_size_is_refused(tmp_path: Path, scratch: Path) -> None:
    path = zipped(tmp_path / "z.zip", {"a": bytes(range(256)) * 40_000})
    raw = path.read_bytes()
    at = raw.rindex(b"PK\x01\x02")
    path.write_bytes(raw[: at + 24] + struct.pack("<L", 10) + raw[at + 28 :])
    refused(path, scratch)


def test_too_many_members_are_refused(tmp_path: Path, scratch: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "ZIP_MEMBERS_CAP", 3)
    path = zipped(tmp_path / "z.zip", {str(n): b"" for n in range(4)})
    assert "4 members" in refused(path, scratch).found
    assert list(scratch.iterdir()) == []


def test_too_many_bytes_are_refused(tmp_path: Path, scratch: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "ZIP_BYTES_CAP", 1000)
    refused(zipped(tmp_path / "z.zip", {"a": os.urandom(600), "b": os.urandom(600)}), scratch)
    assert list(scratch.iterdir()) == []


def test_one_bad_zip_does_not_stop_the_others(tmp_path: Path, scratch: Path) -> None:
    root = tmp_path / "in"
    zipped(root / "a.zip", {"1": b"one"})
    zipped(root / "b.zip", {"zeros": b"\0" * (8 * 2**20)})
    zipped(root / "c.zip", {"2": b"two"})
    found, (notice,) = files_under([root], scratch)
    assert [p.read_bytes() for p in found] == [b"one", b"two"]
    assert notice.where == "b.zip"


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_methods_that_python_inflates_without_a_limit_are_refused(method: int, tmp_path: Path, scratch: Path) -> None:
    assert f"method {method}" in refused(zipped(tmp_path / "z.zip", {"a": b"text"}, method), scratch).found


@pytest.mark.parametrize("method", [zipfile.ZIP_DEFLATED, zipfile.ZIP_STORED])
def test_a_broken_zip_is_refused_and_nothing_else_happens(method: int, tmp_path: Path, scratch: Path) -> None:
    whole = zipped(tmp_path / "z.zip", {"a": b"some text " * 300, "b": os.urandom(400)}, method).read_bytes()
    rng = random.Random(7)  # noqa: S311 - seeded, for a test
    codes = set()
    for n in range(150):
        raw = bytearray(whole)
        for _ in range(rng.choice([1, 2, 8])):
            raw[rng.randrange(4, len(raw))] = rng.randrange(256)
        if n % 5 == 0:
            del raw[rng.randrange(4, len(raw)) :]
        path = tmp_path / f"broken{n}"
        path.write_bytes(raw)
        found, notices = files_under([path], scratch)
        codes |= {notice.code for notice in notices}
        assert len(found) <= 2
        assert all(p.is_relative_to(scratch) for p in found)
    assert codes == {"ZIP_REFUSED"}


def test_a_file_that_may_not_be_opened_is_left_to_the_reader(tmp_path: Path, scratch: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    locked = tmp_path / "locked"
    locked.write_bytes(b"PK\x03\x04")

    def denied(*args: object, **kwargs: object) -> None:
        raise PermissionError

    monkeypatch.setattr(Path, "open", denied)
    assert files_under([locked], scratch) == ((locked,), ())
