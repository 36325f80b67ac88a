"""Truth: closed form. Made-up wheels and file records with known hashes; no network."""

from __future__ import annotations

import hashlib
import importlib.util
import json
import os
import platform
import sys
import zipfile
from pathlib import Path
from types import ModuleType

import pytest

TOOL = Path(__file__).resolve().parents[1] / "tools" / "get_uv.py"
WHEELS = (
    "uv-9.0.0-py3-none-macosx_10_12_x86_64.whl",
    "uv-9.0.0-py3-none-macosx_11_0_arm64.whl",
    "uv-9.0.0-py3-none-manylinux_2_17_aarch64.manylinux2014_aarch64.musllinux_1_1_aarch64.whl",
    "uv-9.0.0-py3-none-manylinux_2_17_x86_64.manylinux2014_x86_64.whl",
    "uv-9.0.0-py3-none-manylinux_2_31_riscv64.whl",
    "uv-9.0.0-py3-none-musllinux_1_1_x86_64.whl",
    "uv-9.0.0.tar.gz",
)


@pytest.fixture
def tool() -> ModuleType:
    spec = importlib.util.spec_from_file_location("get_uv", TOOL)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize(
    ("system", "machine", "host", "ending"),
    [
        ("linux", "x86_64", "x86_64-pc-linux-gnu", "manylinux2014_x86_64.whl"),
        ("linux", "x86_64", "x86_64-pc-linux-musl", "musllinux_1_1_x86_64.whl"),
        ("linux", "aarch64", "aarch64-linux-gnu", "musllinux_1_1_aarch64.whl"),
        ("linux", "riscv64", "riscv64-linux-gnu", "manylinux_2_31_riscv64.whl"),
        ("darwin", "arm64", "", "macosx_11_0_arm64.whl"),
        ("darwin", "x86_64", "", "macosx_10_12_x86_64.whl"),
    ],
)
def test_the_wheel_of_this_machine_is_picked(
    tool: ModuleType, monkeypatch: pytest.MonkeyPatch, system: str, machine: str, host: str, ending: str
) -> None:
    monkeypatch.setattr(sys, "platform", system)
    monkeypatch.setattr(platform, "machine", lambda: machine)
    monkeypatch.setattr(tool.sysconfig, "get_config_var", lambda _: host)
    assert tool.pick_wheel([{"filename": name} for name in WHEELS])["filename"].endswith(ending)


def test_a_machine_without_a_wheel_is_told_so(tool: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setattr(platform, "machine", lambda: "sparc")
    with pytest.raises(tool.FetchError, match="sparc"):
        tool.pick_wheel([{"filename": name} for name in WHEELS])


def index_of_one_wheel(tool: ModuleType, folder: Path, *, sha256: str | None = None) -> str:
    """A page like PyPI's, as a file, with one wheel that holds a program called uv; its address."""
    wheel = folder / "uv-9.0.0-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr(f"uv-9.0.0.data/scripts/{tool.BINARY}", "#!/bin/sh\necho uv 9.0.0\n")
    digest = sha256 or hashlib.sha256(wheel.read_bytes()).hexdigest()
    page = folder / "json"
    page.write_text(json.dumps({"urls": [{"filename": wheel.name, "url": wheel.name, "digests": {"sha256": digest}}]}))
    return page.as_uri()


def test_the_wheel_is_checked_and_unpacked(tool: ModuleType, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(tool, "PYPI", index_of_one_wheel(tool, tmp_path))
    monkeypatch.setattr(tool, "platform_tags", lambda: ("-any",))
    found = tool.with_urllib(tmp_path)
    assert os.access(found, os.X_OK)
    assert tool.works(found)


def test_a_wheel_with_another_hash_is_not_unpacked(tool: ModuleType, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(tool, "PYPI", index_of_one_wheel(tool, tmp_path, sha256="0" * 64))
    monkeypatch.setattr(tool, "platform_tags", lambda: ("-any",))
    with pytest.raises(tool.FetchError, match="SHA-256"):
        tool.with_urllib(tmp_path)
    assert not (tmp_path / tool.BINARY).exists()


@pytest.mark.parametrize("script", ["exit 127", "echo uv 0.1.0", "echo something else"])
def test_a_uv_that_fails_or_is_too_old_is_passed_over(tool: ModuleType, tmp_path: Path, script: str) -> None:
    shim = tmp_path / "uv"
    shim.write_text(f"#!/bin/sh\n{script}\n")
    shim.chmod(0o755)
    assert not tool.works(shim)


def test_uv_is_told_which_python_unless_the_user_has_said(tool: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("UV_PYTHON", raising=False)
    assert tool.environment()["UV_PYTHON"] == sys.executable
    monkeypatch.setenv("UV_PYTHON", "3.12")
    assert tool.environment()["UV_PYTHON"] == "3.12"
    monkeypatch.delenv("UV_PYTHON")
    monkeypatch.setattr(tool, "SUPPORTED_PYTHON", ((2, 6), (2, 8)))
    assert "UV_PYTHON" not in tool.environment()
    assert tool.environment()["UV_SYSTEM_CERTS"] == "true"
    monkeypatch.setenv("UV_SYSTEM_CERTS", "false")
    assert tool.environment()["UV_SYSTEM_CERTS"] == "false"


def test_nothing_works_and_the_user_learns_what_to_do(
    tool: ModuleType, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(tool, "FOLDER", tmp_path / ".uv")
    monkeypatch.setattr(tool, "PYPI", (tmp_path / "nowhere").as_uri())
    monkeypatch.setattr(tool.shutil, "which", lambda _: None)
    monkeypatch.setattr(tool.sys, "executable", "/bin/false")
    assert tool.main() == 1
    told = capfd.readouterr().err
    assert all(way.__doc__ in told for way in (tool.with_venv, tool.with_pip, tool.with_urllib))
    assert "install uv by hand" in told
    assert list((tmp_path / ".uv").iterdir()) == []
