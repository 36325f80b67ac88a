"""What all tests share: the reference data, what is left out where a thing is absent (and said so), hypothesis profiles."""

from __future__ import annotations

import base64
import contextlib
import csv
import functools
import importlib.util
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from hypothesis import settings
from numpy.typing import NDArray

SHARED_DATA = Path(os.environ.get("CARPET_SHARED_DATA") or Path(__file__).resolve().parents[2] / "shared" / "data")
ORTHANC_PLUGIN = Path("/usr/share/orthanc/plugins/libOrthancDicomWeb.so")
MARKS = ("shared", "dciodvfy", "orthanc", "postgres", "r", "browser", "ohif")
CHROMIUM = Path("/usr/bin/chromium")
PAGE = Path(__file__).resolve().parents[1] / "src" / "carpet" / "review" / "static" / "index.html"
OHIF = Path(os.environ.get("CARPET_OHIF") or Path(__file__).resolve().parents[1] / ".ohif")
LEFT_OUT = pytest.StashKey[Counter[str]]()

settings.register_profile("dev", deadline=None)
settings.register_profile("ci", deadline=None, derandomize=True, print_blob=True)
settings.load_profile("ci" if os.environ.get("CI") or os.environ.get("CARPET_REQUIRE") else "dev")


def absent() -> dict[str, str]:
    """The marks whose tests can't run here, and why."""
    why = {}
    if not SHARED_DATA.is_dir():
        why["shared"] = "no reference data beside the checkout; CARPET_SHARED_DATA may name the folder"
    if shutil.which("dciodvfy") is None:
        why["dciodvfy"] = "no dciodvfy on PATH (Debian: dicom3tools)"
    if orthanc_program() is None or not ORTHANC_PLUGIN.exists() or shutil.which("storescu") is None:
        why["orthanc"] = "no Orthanc with its DICOMweb plug-in, or no storescu (Debian: orthanc orthanc-dicomweb dcmtk)"
    if postgres_program("initdb") is None:
        why["postgres"] = "no PostgreSQL server (Debian: postgresql)"
    if not r_has_packages():
        why["r"] = "no R with survival, cmprsk, maxstat and MASS (Debian: r-base-core r-cran-{survival,cmprsk,maxstat,mass})"
    if not CHROMIUM.exists() or not PAGE.exists() or importlib.util.find_spec("playwright") is None:
        why["browser"] = "no Chromium, no playwright, or the page is not built (`make web`; Debian: chromium)"
    if not CHROMIUM.exists() or not OHIF.is_dir() or importlib.util.find_spec("playwright") is None:
        why["ohif"] = "no Chromium, no playwright, or no OHIF (`make ohif`, or a folder in CARPET_OHIF; Debian: chromium)"
    return why


@functools.cache
def r_has_packages() -> bool:
    """Asked of R itself: the packages may lie anywhere."""
    if shutil.which("Rscript") is None:
        return False
    asked = "for (one in c('survival', 'cmprsk', 'maxstat', 'MASS')) stopifnot(requireNamespace(one, quietly = TRUE))"
    return subprocess.run(["Rscript", "--vanilla", "-e", asked], capture_output=True).returncode == 0


def orthanc_program() -> str | None:
    """Debian keeps it in sbin, which is not on everybody's PATH."""
    return shutil.which("Orthanc", path=f"{os.environ.get('PATH', '')}:/usr/sbin")


def postgres_program(name: str) -> str | None:
    """Debian keeps the server's programs, version by version, on nobody's PATH."""
    places = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda place: place.parent.name.zfill(3))
    return shutil.which(name) or next((found for place in reversed(places) if (found := shutil.which(name, path=str(place)))), None)


def pytest_configure(config: pytest.Config) -> None:
    """Stop where CARPET_REQUIRE names something that is absent."""
    required = os.environ.get("CARPET_REQUIRE", "").split()
    unknown = set(required) - set(MARKS)
    if unknown:
        raise pytest.UsageError(f"CARPET_REQUIRE: {' '.join(sorted(unknown))} unknown; there are: {' '.join(MARKS)}")
    missing = [f"{mark}: {why}" for mark, why in absent().items() if mark in required]
    if missing:
        raise pytest.UsageError("CARPET_REQUIRE asks for what is absent. " + "; ".join(missing))
    config.stash[LEFT_OUT] = Counter()


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Deselect, never skip, what can't run here."""
    missing = absent()
    stay, out = [], []
    for item in items:
        marks = [mark for mark in missing if item.get_closest_marker(mark)]
        config.stash[LEFT_OUT].update(marks[:1])
        (out if marks else stay).append(item)
    if out:
        config.hook.pytest_deselected(items=out)
        items[:] = stay


def pytest_sessionfinish(session: pytest.Session) -> None:
    """In an xdist worker: hand the counts to the process that prints."""
    output: dict[str, Any] | None = getattr(session.config, "workeroutput", None)
    if output is not None:
        output["left_out"] = dict(session.config.stash[LEFT_OUT])


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """In the process that prints: every worker collected the same tests, so one count is the count."""
    node.config.stash[LEFT_OUT] = Counter(getattr(node, "workeroutput", {}).get("left_out", {}))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Say what was left out, and why."""
    for mark, why in absent().items():
        terminalreporter.write_line(f"deselected: {config.stash[LEFT_OUT][mark]} tests marked {mark!r}: {why}", yellow=True)


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of third-party reference data; only for tests marked `shared`."""
    return SHARED_DATA


@pytest.fixture(scope="session")
def ohif_folder() -> Path:
    """The build of OHIF; only for tests marked `ohif`."""
    return OHIF


@dataclass(frozen=True)
class Orthanc:
    """A running archive on loopback; `user` and `password` are needed for everything. It may send to carpet at `carpet_port`."""

    http_port: int
    dicom_port: int
    carpet_port: int
    user: str = "reader"
    password: str = "the-password"  # noqa: S105 of an archive that lives for one test session

    @property
    def dicomweb(self) -> str:
        return f"http://127.0.0.1:{self.http_port}/dicom-web"

    def rest(self, method: str, path: str, body: bytes | None = None) -> Any:
        """Orthanc's own interface: JSON where it answers in JSON, else bytes."""
        pair = base64.b64encode(f"{self.user}:{self.password}".encode()).decode()
        url = f"http://127.0.0.1:{self.http_port}{path}"
        request = urllib.request.Request(url, body, {"Authorization": f"Basic {pair}"}, method=method)
        with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310
            content = answer.read()
            return json.loads(content) if "json" in answer.headers.get("Content-Type", "") else content

    def take(self, files: Any) -> None:
        for file in files:
            self.rest("POST", "/instances", Path(file).read_bytes())

    def empty(self) -> None:
        for patient in self.rest("GET", "/patients"):
            self.rest("DELETE", f"/patients/{patient}")


def free_ports(number: int) -> list[int]:
    """Ports of loopback that nobody uses now."""
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(number)]
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return [one.getsockname()[1] for one in sockets]


def orthanc_started(folder: Path) -> tuple[Orthanc, subprocess.Popen[bytes]] | None:
    """An archive that answers, and its process; None where another program was quicker to take one of the ports."""
    made = Orthanc(*free_ports(3))
    options: dict[str, Any] = {"Name": "test", "StorageDirectory": str(folder), "IndexDirectory": str(folder)}
    options |= {"HttpPort": made.http_port, "RemoteAccessAllowed": False, "AuthenticationEnabled": True}
    options |= {"RegisteredUsers": {made.user: made.password}, "Plugins": [str(ORTHANC_PLUGIN)]}
    options |= {"DicomWeb": {"Enable": True, "Root": "/dicom-web/"}, "DicomAet": "ORTHANC", "DicomPort": made.dicom_port}
    options |= {"DicomAlwaysAllowStore": False, "DicomAlwaysAllowEcho": False}
    options |= {"DicomModalities": {"carpet": ["CARPET", "127.0.0.1", made.carpet_port]}}
    (folder / "orthanc.json").write_text(json.dumps(options))
    with (folder / "log").open("wb") as log:
        running = subprocess.Popen([orthanc_program() or "Orthanc", str(folder / "orthanc.json")], stdout=log, stderr=log, cwd=folder)
    end = time.monotonic() + 30.0
    while running.poll() is None and time.monotonic() < end:
        with contextlib.suppress(OSError):
            made.rest("GET", "/system")
            return made, running
        time.sleep(0.05)
    running.kill()
    running.wait()
    return None


@pytest.fixture(scope="session")
def orthanc_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Orthanc]:
    """One archive for all tests of this process."""
    started = next((found for _ in range(5) if (found := orthanc_started(tmp_path_factory.mktemp("orthanc")))), None)
    assert started, "Orthanc does not start"
    made, running = started
    yield made
    running.kill()
    running.wait()


@pytest.fixture
def orthanc(orthanc_server: Orthanc) -> Orthanc:
    """The archive, empty."""
    orthanc_server.empty()
    return orthanc_server


def loaded_script(path: str) -> ModuleType:
    """A Python file of the checkout that is in no package of ours, as a module."""
    name = path.removesuffix(".py").replace("/", ".")
    if name not in sys.modules:
        spec = importlib.util.spec_from_file_location(name, Path(__file__).resolve().parents[1] / path)
        assert spec is not None
        assert spec.loader is not None
        sys.modules[name] = importlib.util.module_from_spec(spec)  # dataclasses look their module up there
        spec.loader.exec_module(sys.modules[name])
    return sys.modules[name]


@pytest.fixture(scope="session")
def from_checkout() -> Callable[[str], ModuleType]:
    """`loaded_script`, for tests."""
    return loaded_script


def r_answers(script: Path, folder: Path) -> dict[str, NDArray[np.float64]]:
    """What an R script leaves in answers.csv of the folder, by name."""
    ran = subprocess.run(["Rscript", "--vanilla", str(script), str(folder)], capture_output=True, text=True)
    assert ran.returncode == 0, ran.stderr
    answers: dict[str, list[float]] = {}
    for name, _, value in csv.reader((folder / "answers.csv").read_text().splitlines()):
        answers.setdefault(name, []).append(float("nan" if value == "NA" else value))
    return {name: np.array(values) for name, values in answers.items()}


@pytest.fixture(scope="session")
def asked_of_r() -> Callable[[Path, Path], dict[str, NDArray[np.float64]]]:
    """`r_answers`, for tests marked `r`."""
    return r_answers


def postgres_started(folder: Path, port: int) -> subprocess.Popen[bytes] | None:
    """A database server that answers on loopback; None where another program was quicker to take the port. It refuses to run as root."""
    other = {"user": "nobody"} if os.geteuid() == 0 else {}
    (folder / "password").write_text("the-password")
    for path in (folder, folder / "password"):
        if other:
            shutil.chown(path, "nobody")
    initdb, server = postgres_program("initdb") or "initdb", postgres_program("postgres") or "postgres"
    options = ["--username=carpet", "--auth=scram-sha-256", f"--pwfile={folder / 'password'}", "--encoding=UTF8", "--locale=C"]
    subprocess.run([initdb, "-D", str(folder / "data"), *options], check=True, capture_output=True, cwd=folder, **other)  # type: ignore[call-overload]
    with (folder / "log").open("wb") as log:
        command = [server, "-D", str(folder / "data"), "-p", str(port), "-h", "127.0.0.1", "-k", str(folder)]
        running: subprocess.Popen[bytes] = subprocess.Popen(command, stdout=log, stderr=log, cwd=folder, **other)  # type: ignore[call-overload]
    end = time.monotonic() + 60.0
    while running.poll() is None and time.monotonic() < end:
        with contextlib.suppress(OSError, subprocess.CalledProcessError):
            asked = [postgres_program("pg_isready") or "pg_isready", "-h", "127.0.0.1", "-p", str(port)]
            subprocess.run(asked, check=True, capture_output=True)
            return running
        time.sleep(0.1)
    running.kill()
    running.wait()
    return None


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """The URL of a database server for all tests of this process, without a database's name."""
    with tempfile.TemporaryDirectory(prefix="carpet-postgres-", ignore_cleanup_errors=True) as folder:
        started = None
        for n in range(3):
            (place := Path(folder) / str(n)).mkdir()
            Path(folder).chmod(0o755)  # another user has to get through
            (port,) = free_ports(1)
            started = postgres_started(place, port)
            if started:
                break
        assert started, "PostgreSQL does not start"
        yield f"postgresql://carpet:the-password@127.0.0.1:{port}"
        started.send_signal(signal.SIGINT)  # fast shutdown
        started.wait(60)


@pytest.fixture(scope="session")
def faulty() -> ModuleType:
    """A DICOMweb archive that fails on demand; T18 uses it too."""
    return loaded_script("validation/reliability/archive.py")


@pytest.fixture(scope="session")
def scu() -> ModuleType:
    """A sender of DICOM that breaks off and lies on demand; T18 uses it too."""
    return loaded_script("validation/reliability/scu.py")
