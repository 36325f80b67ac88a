"""Puts OHIF, the second viewer of `carpet ohif`, into a folder of this checkout: npm's package, by its SHA-512.

    python tools/get_ohif.py .ohif npm

The words after the folder are how npm is called on this machine. Only what carpet's modes need is unpacked (43 of 200 MB).
"""

from __future__ import annotations

import base64
import hashlib
import shutil
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Sequence
from pathlib import Path

PACKAGE = "@ohif/app@3.12.10"
SHA512 = "0kuF66Mq9c9dMD++bUsTjMrJpXJwaZhz9B4uS244DawAjSkTwIYFU93pxPuRUQixaRi7QAHlF3Fe1qudBlZrmA=="  # npm's dist.integrity
DIST = "package/dist/"
LEFT_OUT = ("ort/", "dicom-microscopy-viewer/")  # a runtime of neural networks, a viewer of slides
NOTE = "carpet-package.txt"


class FetchError(Exception):
    """OHIF could not be had; the text says why."""


def get(folder: Path, npm: Sequence[str]) -> None:
    """The build of OHIF in this folder, fetched where it is not there; raises FetchError."""
    if (folder / NOTE).is_file() and (folder / NOTE).read_text() == PACKAGE:
        return
    with tempfile.TemporaryDirectory(dir=folder.resolve().parent, prefix=".ohif-") as made:
        archive = packed(Path(made), npm)
        if digest(archive) != SHA512:
            raise FetchError(f"what npm gives for {PACKAGE} is not what carpet was tried with: SHA-512 {digest(archive)}")
        unpack(archive, Path(made) / "dist")
        (Path(made) / "dist" / NOTE).write_text(PACKAGE)
        shutil.rmtree(folder, ignore_errors=True)
        (Path(made) / "dist").rename(folder)


def packed(folder: Path, npm: Sequence[str]) -> Path:
    """The package as npm sends it."""
    ran = subprocess.run([*npm, "pack", "--silent", "--pack-destination", str(folder), PACKAGE], stdout=subprocess.PIPE)
    found = sorted(folder.glob("*.tgz"))
    if ran.returncode or len(found) != 1:
        raise FetchError(f"npm pack {PACKAGE} ended with {ran.returncode}; with a network, try again")
    return found[0]


def digest(archive: Path) -> str:
    """SHA-512 as npm writes it."""
    return base64.b64encode(hashlib.sha512(archive.read_bytes()).digest()).decode()


def unpack(archive: Path, folder: Path) -> None:
    """The build, without what is left out."""
    with tarfile.open(archive) as opened:
        for member in opened:
            inside = member.name.removeprefix(DIST)
            if inside != member.name and not inside.startswith(LEFT_OUT) and not inside.endswith(".map"):
                member.name = inside
                opened.extract(member, folder, filter="data")


if __name__ == "__main__":
    try:
        get(Path(sys.argv[1]), sys.argv[2:] or ["npm"])
    except FetchError as error:
        sys.exit(f"get_ohif: {error}")
