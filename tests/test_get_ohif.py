"""Contract: OHIF is unpacked only where it is the package that is named; what is there already is not fetched again."""

from __future__ import annotations

import sys
import tarfile
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from types import ModuleType

import pytest

from carpet.run.ohif.viewer import viewer_in

FILES = ("package/package.json", "package/dist/index.html", "package/dist/app-config.js", "package/dist/a/b.css", "package/dist/app.js.map")
FILES += ("package/dist/ort/ort.wasm",)
# As npm: it packs what stands beside it into the folder it is told
NPM = """
import shutil, sys
where = sys.argv[sys.argv.index("--pack-destination") + 1]
assert sys.argv[1] == "pack" and sys.argv[-1].startswith("@ohif/app@")
shutil.copy({archive!r}, where)
"""


@pytest.fixture
def tool(from_checkout: Callable[[str], ModuleType]) -> ModuleType:
    return from_checkout("tools/get_ohif.py")


@pytest.fixture
def npm(tmp_path: Path) -> list[str]:
    with tarfile.open(tmp_path / "ohif-app-1.tgz", "w:gz") as archive:
        for name in FILES:
            member = tarfile.TarInfo(name)
            member.size = len(name)
            archive.addfile(member, BytesIO(name.encode()))
    return [sys.executable, "-c", NPM.format(archive=str(tmp_path / "ohif-app-1.tgz"))]


def test_what_was_not_tried_is_not_unpacked(tool: ModuleType, npm: list[str], tmp_path: Path) -> None:
    with pytest.raises(tool.FetchError, match="SHA-512"):
        tool.get(tmp_path / "ohif", npm)
    assert {path.name for path in tmp_path.iterdir()} == {"ohif-app-1.tgz"}


def test_the_build_without_what_is_not_needed(tool: ModuleType, npm: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tool, "SHA512", tool.digest(tmp_path / "ohif-app-1.tgz"))
    place = tmp_path / "ohif"
    tool.get(place, npm)
    assert {str(path.relative_to(place)) for path in place.rglob("*") if path.is_file()} == {
        "index.html",
        "app-config.js",
        "a/b.css",
        tool.NOTE,
    }
    assert viewer_in(place).page == "package/dist/index.html"
    tool.get(place, [sys.executable, "-c", "raise SystemExit(1)"])  # is not asked
    (place / tool.NOTE).write_text("@ohif/app@1.0.0")
    tool.get(place, npm)
    assert (place / tool.NOTE).read_text() == tool.PACKAGE


def test_a_npm_that_fails_says_so(tool: ModuleType, tmp_path: Path) -> None:
    with pytest.raises(tool.FetchError, match="ended with 1"):
        tool.get(tmp_path / "ohif", [sys.executable, "-c", "raise SystemExit(1)"])
    assert list(tmp_path.iterdir()) == []
