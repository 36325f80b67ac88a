"""Contract: T18: a study appears whole or not at all, whatever the archive or the line does; the same call again mends it."""

from __future__ import annotations

import resource
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pydicom
import pytest

from carpet.core.errors import Refused
from carpet.core.protocol import SuvProtocol
from carpet.core.space import Quantity, Volume
from carpet.dicom.network.http import Credentials, Server
from carpet.run.fetching import Wanted, fetch, fetch_text, whole_folder
from carpet.run.opening import read_study
from carpet.suv import to_suv
from carpet.testing import Visit, WrittenStudy, simple_phantom, write_study
from carpet.testing.phantom import PhantomScan

BOTH = frozenset({"PT", "CT"})
NO_SUV = SuvProtocol()


@pytest.fixture(scope="session")
def scan() -> PhantomScan:
    return simple_phantom(spacing_mm=12.0)


@pytest.fixture(scope="session")
def written(scan: PhantomScan, tmp_path_factory: pytest.TempPathFactory) -> WrittenStudy:
    return write_study(scan, tmp_path_factory.mktemp("sent"), visit=Visit(patient_id="MRN-1"))


@pytest.fixture
def archive(faulty: ModuleType, written: WrittenStudy) -> Iterator[Any]:
    with faulty.archive_of([*written.pet_files, *written.ct_files]) as running:
        yield running


def fetched(archive: Any, folder: Path, wanted: Wanted, say: Callable[[str], None] = lambda step: None) -> dict[str, Any]:
    with Server(archive.url, Credentials()) as server:
        return fetch(server, wanted, folder, say)


def one(written: WrittenStudy, modalities: frozenset[str] = BOTH) -> Wanted:
    return Wanted(written.study_uid, None, modalities)


def contents(folder: Path) -> set[bytes]:
    return {path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def originals(written: WrittenStudy) -> set[bytes]:
    return {path.read_bytes() for path in (*written.pet_files, *written.ct_files)}


def test_a_study_comes_byte_for_byte_and_measures_the_same(archive: Any, written: WrittenStudy, tmp_path: Path) -> None:
    document = fetched(archive, tmp_path, one(written))
    assert contents(tmp_path) == originals(written)
    told = {series["modality"]: series["instances"] for series in document["studies"][0]["series"]}
    assert told == {"CT": len(written.ct_files), "PT": len(written.pet_files)}
    assert suv_of(tmp_path).values.tobytes() == suv_of(written.path).values.tobytes()
    assert f"{len(originals(written))} instances fetched" in fetch_text(document)


def suv_of(folder: Path) -> Volume:
    suv = to_suv(read_study(folder), NO_SUV)
    assert suv.quantity is Quantity.SUV_BW
    assert np.isfinite(suv.values).all()
    return suv


def test_names_are_our_own(archive: Any, written: WrittenStudy, tmp_path: Path) -> None:
    fetched(archive, tmp_path, one(written))
    for path in tmp_path.rglob("*"):
        assert set(path.name.removesuffix(".dcm")) <= set("0123456789abcdef")


def test_the_same_again_asks_for_no_instance(archive: Any, written: WrittenStudy, tmp_path: Path) -> None:
    fetched(archive, tmp_path, one(written))
    before = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*.dcm")}
    archive.asked.clear()
    document = fetched(archive, tmp_path, one(written))
    assert document["studies"][0]["instances_fetched"] == 0
    assert not any("/instances/" in path for path in archive.asked)
    assert {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*.dcm")} == before
    assert "were there before" in fetch_text(document)


def test_a_study_that_has_grown_is_completed(archive: Any, written: WrittenStudy, tmp_path: Path) -> None:
    late = archive.files.pop()
    fetched(archive, tmp_path, one(written))
    assert contents(tmp_path) == originals(written) - {late}
    archive.files.append(late)
    assert fetched(archive, tmp_path, one(written))["studies"][0]["instances_fetched"] == 1
    assert contents(tmp_path) == originals(written)


def test_only_the_modalities_asked_for(archive: Any, written: WrittenStudy, tmp_path: Path) -> None:
    fetched(archive, tmp_path, one(written, frozenset({"PT"})))
    assert {pydicom.dcmread(path, stop_before_pixels=True).Modality for path in tmp_path.rglob("*.dcm")} == {"PT"}
    fetched(archive, tmp_path, one(written, frozenset()))
    assert contents(tmp_path) == originals(written)


def test_all_studies_of_a_patient_and_nobody_else_s(faulty: ModuleType, written: WrittenStudy, tmp_path: Path) -> None:
    follow = write_study(simple_phantom(spacing_mm=12.0), tmp_path / "a", vendor="ge", visit=Visit(patient_id="MRN-1"))
    other = write_study(simple_phantom(spacing_mm=12.0), tmp_path / "b", vendor="ge", visit=Visit(patient_id="MRN-10"))
    with faulty.archive_of([*written.pet_files, *follow.pet_files, *other.pet_files]) as archive:
        document = fetched(archive, tmp_path / "out", Wanted(None, "MRN-1", BOTH))
    assert {study["study_uid"] for study in document["studies"]} == {written.study_uid, follow.study_uid}
    assert len(list((tmp_path / "out").iterdir())) == 2


UNUSABLE = {"SERVER_ANSWER_UNUSABLE"}
FAULTS: dict[str, tuple[Callable[[ModuleType], Any], set[str]]] = {
    "cut at once": (lambda f: lambda asked: f.cut(asked, 0.0, reset=False), UNUSABLE),
    "cut half way": (lambda f: lambda asked: f.cut(asked, 0.5, reset=False), UNUSABLE),
    "reset half way": (lambda f: lambda asked: f.cut(asked, 0.5, reset=True), {"SERVER_ANSWER_UNUSABLE", "SERVER_UNREACHABLE"}),
    "500": (lambda f: f.wrong_body(b"no", "text/plain", status=500), {"SERVER_REFUSED"}),
    "404": (lambda f: f.wrong_body(b"no", "text/plain", status=404), {"SERVER_REFUSED"}),
    "redirect": (lambda f: f.redirect, {"SERVER_REFUSED"}),
    "HTML": (lambda f: f.wrong_body(b"<html>log in</html>", "text/html"), UNUSABLE),
    "nothing": (lambda f: f.wrong_body(b"", "multipart/related; boundary=x"), UNUSABLE),
    "no content": (lambda f: f.wrong_body(b"", "text/plain", status=204), UNUSABLE),
    "terabyte": (lambda f: f.wrong_body(b"x", "multipart/related; boundary=x", length=10**12), UNUSABLE),
    "no end": (lambda f: f.wrong_body(f.multipart(b"x", end=False), f"multipart/related; boundary={f.BOUNDARY}"), UNUSABLE),
    "two parts": (lambda f: f.wrong_body(f.multipart(b"x", parts=2), f"multipart/related; boundary={f.BOUNDARY}"), UNUSABLE),
    "no DICOM": (lambda f: f.damaged(lambda content: b"not DICOM"), UNUSABLE),
    "half a header": (lambda f: f.damaged(lambda content: content[:400]), UNUSABLE),
    "half the pixels": (lambda f: f.damaged(lambda content: content[:-40]), UNUSABLE),
    "another patient's slice": (lambda f: f.damaged(lambda content: content.replace(b"1.2.826.0.1.", b"1.2.826.9.9.")), UNUSABLE),
}  # fmt: skip


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_in_the_middle_leaves_nothing_and_the_same_call_mends_it(
    name: str, archive: Any, faulty: ModuleType, written: WrittenStudy, tmp_path: Path
) -> None:
    make, codes = FAULTS[name]
    answer, seen = make(faulty), []

    def on_the_fifth(asked: Any) -> bool:
        seen.append("/instances/" in asked.path)
        return bool(sum(seen) == 5 and seen[-1] and answer(asked))

    archive.fault = on_the_fifth
    with pytest.raises(Refused) as refused:
        fetched(archive, tmp_path, one(written))
    assert set(refused.value.codes) <= codes
    assert list(tmp_path.iterdir()) == []
    archive.fault = None
    fetched(archive, tmp_path, one(written))
    assert contents(tmp_path) == originals(written)


def test_a_fault_while_completing_keeps_what_was_there(archive: Any, faulty: ModuleType, written: WrittenStudy, tmp_path: Path) -> None:
    late = archive.files.pop()
    fetched(archive, tmp_path, one(written))
    archive.files.append(late)
    archive.fault = lambda asked: "/instances/" in asked.path and faulty.cut(asked, 0.9, reset=True)
    with pytest.raises(Refused):
        fetched(archive, tmp_path, one(written))
    assert contents(tmp_path) == originals(written) - {late}
    assert len(list(tmp_path.iterdir())) == 1


@pytest.mark.parametrize("said", [1, 10_000])
def test_another_number_than_the_archive_says_is_refused(archive: Any, written: WrittenStudy, tmp_path: Path, said: int) -> None:
    archive.said_counts[written.pet_series_uid] = said
    with pytest.raises(Refused, match=f"{len(written.pet_files)} listed, {said} said") as refused:
        fetched(archive, tmp_path, one(written))
    assert refused.value.codes == ("FETCH_INCOMPLETE",)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("wanted", [Wanted("1.2.3", None, BOTH), Wanted(None, "MRN", BOTH), Wanted(None, "MRN-1", frozenset({"MR"}))])
def test_nothing_there_is_said(archive: Any, tmp_path: Path, wanted: Wanted) -> None:
    with pytest.raises(Refused) as refused:
        fetched(archive, tmp_path, wanted)
    assert refused.value.codes == ("NOTHING_ON_SERVER",)
    assert "MRN" not in str(refused.value)


def test_a_full_disk_leaves_nothing(archive: Any, written: WrittenStudy, tmp_path: Path) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (700, hard))
    try:
        with pytest.raises(OSError, match="File too large"):
            fetched(archive, tmp_path, one(written))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert list(tmp_path.iterdir()) == []


def test_ctrl_c_leaves_nothing(archive: Any, written: WrittenStudy, tmp_path: Path) -> None:
    def stop(step: str) -> None:
        if step.startswith("fetching 7"):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fetched(archive, tmp_path, one(written), stop)
    assert list(tmp_path.iterdir()) == []


def test_a_whole_folder_keeps_what_was_there_before(tmp_path: Path) -> None:
    target = tmp_path / "study"
    for name in ("a", "b"):
        with whole_folder(target) as part:
            (part / name).write_text(name)
            assert name not in [path.name for path in target.glob("*")]
    assert sorted(path.name for path in target.iterdir()) == ["a", "b"]
    assert [path.name for path in tmp_path.iterdir()] == ["study"]


@pytest.mark.orthanc
def test_from_orthanc(orthanc: Any, written: WrittenStudy, tmp_path: Path) -> None:
    orthanc.take([*written.pet_files, *written.ct_files])
    credentials = Credentials(user=orthanc.user, password=orthanc.password)
    began = time.monotonic()
    with Server(orthanc.dicomweb, credentials) as server:
        fetch(server, one(written), tmp_path, lambda step: None)
    assert time.monotonic() - began < 20
    sent = {data.SOPInstanceUID: data for data in map(pydicom.dcmread, (*written.pet_files, *written.ct_files))}
    came = {data.SOPInstanceUID: data for data in map(pydicom.dcmread, tmp_path.rglob("*.dcm"))}
    assert came == sent
    assert suv_of(tmp_path).values.tobytes() == suv_of(written.path).values.tobytes()
    for wrong in (Credentials(), Credentials(user=orthanc.user, password="x")):  # noqa: S106
        with Server(orthanc.dicomweb, wrong) as server, pytest.raises(Refused, match="HTTP 401") as refused:
            fetch(server, one(written), tmp_path, lambda step: None)
        assert refused.value.codes == ("SERVER_REFUSED",)
