"""Runs uv with the arguments given, and fetches uv into `.uv/` of this checkout first where the machine has none.

    python3 tools/get_uv.py run --locked carpet demo

Standard library only, and nothing newer than Python 3.8, so that an old interpreter gets as far as a clear message.
Three ways, in this order: a virtual environment and pip; pip without an environment; PyPI's wheel by its SHA-256.
"""

from __future__ import annotations

import hashlib
import json
import os
import platform
import re
import shutil
import subprocess
import sys
import sysconfig
import tempfile
import urllib.parse
import urllib.request
import zipfile
from pathlib import Path

FOLDER = Path(__file__).resolve().parent.parent / ".uv"
BINARY = "uv.exe" if os.name == "nt" else "uv"
OLDEST_UV = (0, 7)  # reads this project's lock and dependency groups
PYPI = "https://pypi.org/pypi/uv/json"
TIMEOUT_S = 60
SUPPORTED_PYTHON = ((3, 11), (3, 14))  # from, below: as requires-python in pyproject.toml
BY_HAND = """\
uv could not be fetched. With a network, try again; behind a proxy, set HTTPS_PROXY, or pip's own mirror (pip config).
Without one, install uv by hand and put it on PATH (https://docs.astral.sh/uv/getting-started/installation/), for example
    pipx install uv        or, from a wheel carried over:        pip install --no-index --find-links FOLDER uv
"""


class FetchError(Exception):
    """One way of getting uv did not work; the text says why."""


def say(text: str) -> None:
    sys.stderr.write(f"get_uv: {text}\n")
    sys.stderr.flush()


def works(uv: str | Path) -> bool:
    """True when this file runs (a shim of pyenv may not) and is new enough."""
    try:
        told = subprocess.run([str(uv), "--version"], capture_output=True, text=True, timeout=TIMEOUT_S, check=True).stdout
    except (OSError, subprocess.SubprocessError):
        return False
    version = re.match(r"uv (\d+)\.(\d+)", told)
    return version is not None and (int(version[1]), int(version[2])) >= OLDEST_UV


def find_uv() -> Path:
    """uv from PATH, or from `.uv/`, or newly fetched into it. Raises FetchError when no way works."""
    on_path = shutil.which("uv")
    if on_path and works(on_path):
        return Path(on_path)
    own = FOLDER / BINARY
    if works(own):
        return own
    say(f"no uv on PATH (at least {OLDEST_UV[0]}.{OLDEST_UV[1]}); fetching one into {FOLDER}")
    FOLDER.mkdir(exist_ok=True)
    for way in (with_venv, with_pip, with_urllib):
        with tempfile.TemporaryDirectory(dir=FOLDER) as scratch:
            try:
                found = way(Path(scratch))
                if not works(found):
                    raise FetchError("what was fetched does not run on this machine")
            except FetchError as reason:
                say(f"{way.__doc__} {reason}")
                continue
            os.replace(found, own)
        say(f"uv is ready: {own}")
        return own
    raise FetchError("none of the three ways worked")


def with_venv(scratch: Path) -> Path:
    """With a virtual environment:"""
    environment = scratch / "venv"
    call([sys.executable, "-m", "venv", str(environment)])
    scripts = environment / ("Scripts" if os.name == "nt" else "bin")
    call([str(scripts / "python"), "-m", "pip", "install", "--quiet", "uv"])
    return scripts / BINARY


def with_pip(scratch: Path) -> Path:
    """With pip alone:"""
    call([sys.executable, "-m", "pip", "install", "--quiet", "--target", str(scratch), "uv"])
    return scratch / "bin" / BINARY


def with_urllib(scratch: Path) -> Path:
    """From PyPI directly:"""
    try:
        files = json.loads(fetch(PYPI))["urls"]
        chosen = pick_wheel(files)
        data = fetch(urllib.parse.urljoin(PYPI, chosen["url"]))
    except (OSError, ValueError, KeyError) as error:
        raise FetchError(f"{type(error).__name__}: {error}") from error
    found = hashlib.sha256(data).hexdigest()
    if found != chosen["digests"]["sha256"]:
        raise FetchError(f"{chosen['filename']} has SHA-256 {found}, PyPI says {chosen['digests']['sha256']}")
    wheel = scratch / "uv.whl"
    wheel.write_bytes(data)
    with zipfile.ZipFile(wheel) as archive:
        members = [name for name in archive.namelist() if name.endswith(f".data/scripts/{BINARY}")]
        if not members:
            raise FetchError(f"{chosen['filename']} holds no {BINARY}")
        target = scratch / BINARY
        target.write_bytes(archive.read(members[0]))
    target.chmod(0o755)
    return target


def pick_wheel(files: list[dict]) -> dict:  # type: ignore[type-arg]
    """The wheel for this machine among PyPI's file records; raises FetchError where there is none."""
    tags = platform_tags()
    for tag in tags:
        for file in files:
            if file["filename"].endswith(".whl") and re.search(tag, file["filename"]):
                return file
    raise FetchError(f"PyPI has no wheel of uv for {' or '.join(tags)}")


def platform_tags() -> tuple[str, ...]:
    """Patterns of wheel names that run here, best first."""
    machine = platform.machine().lower()
    machine = {"amd64": "x86_64", "arm64": "aarch64"}.get(machine, machine)
    if sys.platform == "darwin":
        return (rf"-macosx_\d+_\d+_{'arm64' if machine == 'aarch64' else machine}\.whl$",)
    if os.name == "nt":
        return (rf"-win_{'arm64' if machine == 'aarch64' else 'amd64'}\.whl$",)
    if "musl" in str(sysconfig.get_config_var("HOST_GNU_TYPE")):
        return (rf"musllinux_1_\d_{machine}\.whl$",)
    return (rf"-manylinux_2_17_{machine}\.", rf"-manylinux_\d+_\d+_{machine}\.")


def fetch(url: str) -> bytes:
    """The body of an https address; honours HTTPS_PROXY and SSL_CERT_FILE."""
    say(f"reading {url}")
    with urllib.request.urlopen(url, timeout=TIMEOUT_S) as answer:  # noqa: S310 (PyPI's own address, checked by hash)
        return bytes(answer.read())


def call(command: list[str]) -> None:
    """Run a command; raise FetchError with what it printed when it fails."""
    say(" ".join(command))
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise FetchError((done.stdout + done.stderr).strip() or f"exit status {done.returncode}")


def environment() -> dict[str, str]:
    """The environment for uv: this interpreter, where it is a supported one (uv does not see through pyenv's shims)."""
    told = dict(os.environ)
    oldest, too_new = SUPPORTED_PYTHON
    if oldest <= sys.version_info[:2] < too_new:
        told.setdefault("UV_PYTHON", sys.executable)
    for name in ("UV_SYSTEM_CERTS", "UV_NATIVE_TLS"):  # its newer and its older name: hospital networks have certificates of their own
        told.setdefault(name, "true")
    return told


def main() -> int:
    try:
        uv = find_uv()
    except (FetchError, OSError) as error:
        say(f"{error}\n\n{BY_HAND}")
        return 1
    command = [str(uv), *sys.argv[1:]]
    if os.name == "nt":
        return subprocess.call(command, env=environment())
    return os.execve(command[0], command, environment())  # noqa: S606 (no shell is wanted)


if __name__ == "__main__":
    sys.exit(main())
