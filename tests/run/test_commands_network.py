"""Contract: T18 and decision 0017: three commands touch the network, each as the user said; success of `receive` survives kill -9."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import Any

import pydicom
import pytest

from carpet.core.errors import ProtocolError
from carpet.dicom.network.inbox import MISMATCH, SUCCESS
from carpet.run.commands_network import PASSWORD, TOKEN, credentials
from carpet.testing import Visit, WrittenStudy, simple_phantom, write_study

COMMAND = "import carpet.run.commands_network; from carpet.run.cli import main; main()"
RECORD, SECRET = "MRN-77-11", "s3cret-W0rd"
Call = Callable[..., Any]


@pytest.fixture(scope="session")
def written(tmp_path_factory: pytest.TempPathFactory) -> WrittenStudy:
    scan = simple_phantom(spacing_mm=12.0)
    return write_study(scan, tmp_path_factory.mktemp("sent"), visit=Visit(patient_id=RECORD, patient_name="Castorp^Hans"))


@pytest.fixture(autouse=True)
def own_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    home = tmp_path / "home"
    home.mkdir()
    monkeypatch.setenv("HOME", str(home))
    for name in (PASSWORD, TOKEN):
        monkeypatch.delenv(name, raising=False)
    return home


@contextmanager
def listening(folder: Path, *more: str) -> Iterator[tuple[subprocess.Popen[str], int]]:
    """`carpet receive` as a process of its own, and its port."""
    arguments = ["receive", str(folder), "--port", "0", "--allow", "SCU@127.0.0.1", *more]
    running = subprocess.Popen([sys.executable, "-c", COMMAND, *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        assert running.stderr is not None
        said = running.stderr.readline()
        found = re.search(r"listens on 127\.0\.0\.1:(\d+)", said)
        assert found, said
        yield running, int(found[1])
    finally:
        running.kill()
        running.communicate()


def test_what_was_answered_survives_kill_9(written: WrittenStudy, scu: ModuleType, tmp_path: Path) -> None:
    instances = [scu.Instance.of(path) for path in written.pet_files[:5]]
    with listening(tmp_path / "in") as (running, port), scu.Sender(port) as sender:
        contexts = sender.associate(instances)
        assert [sender.store(one, contexts) for one in instances] == [SUCCESS] * 5
        sender.connection.sendall(scu.store_request(scu.Instance.of(written.pet_files[5]), next(iter(contexts.values())))[0])
        running.kill()
    came = [pydicom.dcmread(path) for path in (tmp_path / "in").rglob("*.dcm")]
    assert {data.SOPInstanceUID: data for data in came} == {
        data.SOPInstanceUID: data for data in map(pydicom.dcmread, written.pet_files[:5])
    }
    with listening(tmp_path / "in") as (_, port), scu.Sender(port) as sender:  # the lock has died with its holder
        assert sender.store(instances[0], sender.associate(instances)) == SUCCESS
    assert len(list((tmp_path / "in").rglob("*.dcm"))) == 5


@pytest.mark.parametrize("stop", [signal.SIGINT, signal.SIGTERM])
def test_a_stop_ends_it_in_order(written: WrittenStudy, scu: ModuleType, tmp_path: Path, stop: signal.Signals) -> None:
    with listening(tmp_path / "in") as (running, port), scu.Sender(port) as sender:
        one = scu.Instance.of(written.pet_files[0])
        assert sender.store(one, sender.associate([one])) == SUCCESS
        with scu.Sender(port) as stammering:
            context = next(iter(stammering.associate([one]).values()))
            command = scu.store_request(replace(one, sop_instance=f"{RECORD} is no UID"), context)
            stammering.connection.sendall(b"".join(command))
            assert stammering.status() == MISMATCH
        running.send_signal(stop)
        out, said = running.communicate(timeout=60)
    assert (running.returncode, out) == (0, "")
    assert "SCU@127.0.0.1: 1 instance stored" in said
    assert "stopped listening" in said
    assert RECORD not in said
    assert "Castorp" not in said
    assert one.sop_instance not in said


def test_loading_the_commands_loads_no_network_code() -> None:
    unwanted = ("pynetdicom", "http.client", "carpet.dicom.network.http", "carpet.dicom.network.receiving")
    look = f"import sys, carpet, carpet.run.commands_network; print([name for name in {unwanted} if name in sys.modules])"
    assert subprocess.run([sys.executable, "-c", look], capture_output=True, text=True, check=True).stdout == "[]\n"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "nobody is allowed"),
        (["--allow", "SCU"], "AETITLE@HOST"),
        (["--allow", "SCU@127.0.0.1", "--ae-title", "far too long a title"], "--ae-title"),
        (["--allow", "SCU@127.0.0.1", "--bind", "192.0.2.1"], "cannot read or write"),
        (["--allow", "SCU@127.0.0.1", "--port", "70000"], "--port"),
        (["--allow", "SCU@127.0.0.1", "--max-files", "0"], "--max-files"),
    ],
)
def test_receiving_needs_to_know_from_whom(call: Call, tmp_path: Path, arguments: list[str], said: str) -> None:
    done = call("receive", tmp_path / "in", "--port", "0", *arguments)
    assert done.status == 2
    assert said in done.err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "either --study UID or --patient ID"),
        (["--study", "1.2", "--patient", "x"], "either --study UID or --patient ID"),
        (["--study", "1.2/../3"], "Study Instance UID"),
        (["--patient", "MRN*"], "without * and ?"),
        (["--patient", " "], "whole record number"),
        (["--patient", "x", "--all", "--modality", "MR"], "leave --modality out"),
        (["--patient", "x", "--user", "me"], PASSWORD),
    ],
)
def test_wrong_calls_of_fetch(call: Call, tmp_path: Path, arguments: list[str], said: str) -> None:
    done = call("fetch", "http://127.0.0.1:9", "-o", tmp_path / "out", *arguments)
    assert done.status == 2
    assert said in done.err
    assert not (tmp_path / "out").exists()


def test_clear_text_to_another_machine_must_be_said(call: Call, tmp_path: Path) -> None:
    for command in (["fetch", "http://192.0.2.1", "-o", tmp_path / "out", "--study", "1.2"], ["send", tmp_path, "http://192.0.2.1"]):
        done = call(*command)
        assert done.status == 2
        assert "--insecure-http" in done.err


def test_a_server_that_is_down_is_a_refusal_in_words_and_json(call: Call, tmp_path: Path) -> None:
    done = call("fetch", "http://127.0.0.1:9", "-o", tmp_path / "out", "--patient", RECORD)
    assert (done.status, done.out) == (1, "")
    assert "SERVER_UNREACHABLE" in done.err
    assert RECORD not in done.err
    done = call("fetch", "http://127.0.0.1:9", "-o", tmp_path / "out", "--patient", RECORD, "--json")
    assert done.status == 1
    assert '"SERVER_UNREACHABLE"' in done.out
    assert RECORD not in done.out + done.err


def test_fetch_prints_where_and_how_many(call: Call, faulty: ModuleType, written: WrittenStudy, tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.setenv(TOKEN, SECRET)
    with faulty.archive_of(written.pet_files) as archive:
        done = call("fetch", archive.url, "-o", tmp_path / "out", "--study", written.study_uid)
        assert set(archive.tokens) == {f"Bearer {SECRET}"}
    assert done.status == 0
    assert f"{len(written.pet_files)} instances fetched  (PT {len(written.pet_files)})" in done.out
    assert SECRET not in done.out + done.err


def test_who_asks(own_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    url = "https://archive.example/dicom-web"
    assert credentials(url, None).header() == {}
    netrc = own_home / ".netrc"
    netrc.write_text(f"machine archive.example login me password {SECRET}\ndefault login you password other\n")
    netrc.chmod(0o600)
    assert (credentials(url, None).user, credentials(url, None).password) == ("me", SECRET)
    assert credentials(url, "me").password == SECRET
    assert credentials("https://elsewhere.example", None).header() == {}
    with pytest.raises(ProtocolError, match="without a password"):
        credentials(url, "somebody else")
    monkeypatch.setenv(TOKEN, "a-token")
    assert credentials(url, None).header() == {"Authorization": "Bearer a-token"}
    monkeypatch.setenv(PASSWORD, "from the environment")
    assert credentials(url, "me").password == "from the environment"  # noqa: S105
    monkeypatch.setenv(TOKEN, "two\nlines")
    with pytest.raises(ProtocolError, match="no token"):
        credentials(url, None)
    netrc.write_text("machine")
    monkeypatch.delenv(PASSWORD)
    with pytest.raises(ProtocolError, match="netrc"):
        credentials(url, "me")


@pytest.mark.orthanc
def test_orthanc_and_dcmtk_send_to_carpet(orthanc: Any, written: WrittenStudy, tmp_path: Path) -> None:
    from carpet.dicom.network.inbox import Inbox, Quota
    from carpet.dicom.network.peers import peers_of
    from carpet.dicom.network.receiving import Receiver

    orthanc.take([*written.pet_files, *written.ct_files])
    allowed = peers_of(["ORTHANC@127.0.0.1", "STORESCU@127.0.0.1"])
    receiver = Receiver(
        Inbox(tmp_path / "in", Quota(10**9, 1000)),
        allowed,
        ae_title="CARPET",
        address=("127.0.0.1", orthanc.carpet_port),
        tell=lambda tally: None,
    )
    try:
        (study,) = orthanc.rest("GET", "/studies")
        assert orthanc.rest("POST", "/modalities/carpet/store", study.encode())["FailedInstancesCount"] == 0
        came = {data.SOPInstanceUID: data for data in map(pydicom.dcmread, (tmp_path / "in").rglob("*.dcm"))}
        assert came == {data.SOPInstanceUID: data for data in map(pydicom.dcmread, (*written.pet_files, *written.ct_files))}
        ports = ["127.0.0.1", str(receiver.port)]
        again = subprocess.run(["storescu", "-aec", "CARPET", *ports, *map(str, written.pet_files)], capture_output=True, check=False)
        assert again.returncode == 0
        other = subprocess.run(
            ["storescu", "-aet", "OTHER", "-aec", "CARPET", *ports, str(written.pet_files[0])], capture_output=True, check=False
        )
        assert other.returncode != 0
        assert b"Association Rejected" in other.stderr + other.stdout
    finally:
        receiver.stop()
    assert len(list((tmp_path / "in").rglob("*.dcm"))) == len(written.pet_files) + len(written.ct_files)
