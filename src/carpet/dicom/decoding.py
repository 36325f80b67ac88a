"""Compressed slices, decoded in a process of their own: the decoders are compiled code that aborts on some broken pictures."""

from __future__ import annotations

import contextlib
import os
import struct
import subprocess
import sys
from io import BytesIO
from pathlib import Path
from types import TracebackType
from typing import IO, TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from carpet.dicom.elements import MalformedFile, parsing

if TYPE_CHECKING:
    from pydicom import FileDataset

JPEG_FAMILY = "1.2.840.10008.1.2.4."
JPEG_2000_START = b"\xff\x4f\xff\x51"
JPEG_FRAME_MARKERS = frozenset({*range(0xC0, 0xD0), 0xF7}) - {0xC4, 0xC8, 0xCC}  # ITU-T T.81 B.1.1.3; F7 JPEG-LS
MEMORY_CAP_BYTES = 4 * 2**30  # address space of the decoding process
_QUESTION = struct.Struct("<LLLL")  # bytes of the path, rows, columns, number of the frame
_ANSWER = struct.Struct("<2sL")  # type of the integers ("??" for an error), bytes that follow


class Decoder:
    """A process that decodes one file after another; started with the first, ended with the context."""

    def __init__(self) -> None:
        self._child: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Decoder:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if self._child is not None:
            self._child.kill()
            self._child.communicate()
            self._child = None

    def pixels(self, path: Path, shape: tuple[int, int], *, frame: int = 0) -> NDArray[np.integer]:
        """The stored integers (rows, columns) of a file of this shape, or of one of its frames, from 1. Raises MalformedFile."""
        if self._child is None:
            self._child = _started()
        assert self._child.stdin is not None
        assert self._child.stdout is not None
        name = os.fsencode(path.resolve())
        try:
            self._child.stdin.write(_QUESTION.pack(len(name), *shape, frame) + name)
            self._child.stdin.flush()
            kind, size = _ANSWER.unpack(_exactly(self._child.stdout, _ANSWER.size))
            answer = _exactly(self._child.stdout, size)
        except (OSError, EOFError) as error:
            self.__exit__(None, None, None)
            raise MalformedFile("the decoder broke off") from error
        if kind == b"??":
            raise MalformedFile(answer.decode())
        return np.frombuffer(answer, dtype=np.dtype(f"<{kind.decode()}")).reshape(shape)


def _started() -> subprocess.Popen[bytes]:
    paths = os.pathsep.join(path for path in sys.path if path)
    command = [sys.executable, "-P", "-m", "carpet.dicom.decoding"]  # nothing from the working directory
    pipe = subprocess.PIPE
    return subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=subprocess.DEVNULL, env={**os.environ, "PYTHONPATH": paths})


def _exactly(stream: IO[bytes], size: int) -> bytes:
    data = stream.read(size)
    if len(data) != size:
        raise EOFError
    return data


def pixel_array(path: Path, shape: tuple[int, int], syntax: str = "") -> NDArray[np.integer]:
    """Decoded by pydicom's plug-ins, in this process. `syntax`: of a file that names none. Raises MalformedFile."""
    return _frame(_parsed(path, syntax), shape, 0)


def _parsed(path: Path, syntax: str = "") -> FileDataset:
    import pydicom

    with parsing():
        data = pydicom.dcmread(BytesIO(path.read_bytes()), force=True)
        data.file_meta.setdefault("TransferSyntaxUID", syntax)
        return data


def _frame(data: FileDataset, shape: tuple[int, int], frame: int) -> NDArray[np.integer]:
    """One frame of a file of many, from 1; 0 for a file that is one slice."""
    from pydicom.encaps import get_frame
    from pydicom.pixels.utils import pixel_array as decoded

    with parsing():
        frames = int(data.get("NumberOfFrames") or 1)
        if (data.Rows, data.Columns) != shape or not (frames == 1 or 1 <= frame <= frames):
            raise MalformedFile("rows, columns or frames differ from the series")
        at = max(frame - 1, 0)
        if data.file_meta.TransferSyntaxUID.startswith(JPEG_FAMILY):
            offsets = (data.ExtendedOffsetTable, data.ExtendedOffsetTableLengths) if "ExtendedOffsetTable" in data else None
            if coded_size(get_frame(data.PixelData, at, number_of_frames=frames, extended_offsets=offsets)) != shape:
                raise MalformedFile("the compressed image is not of the size that the header says")
        return np.asarray(decoded(data, index=at))


def coded_size(frame: bytes) -> tuple[int, int] | None:
    """Rows and columns that a compressed image says of itself, None where it says nothing: a decoder would trust them."""
    start = frame.find(JPEG_2000_START)
    if 0 <= start <= len(frame) - 24:
        right, bottom, left, top = struct.unpack_from(">4L", frame, start + 8)
        return bottom - top, right - left
    at = 2
    while at + 9 <= len(frame) and frame[at] == 0xFF:
        length, _, rows, columns = struct.unpack_from(">HBHH", frame, at + 2)
        if frame[at + 1] in JPEG_FRAME_MARKERS:
            return rows, columns
        at += 2 + length
    return None


def serve(questions: IO[bytes], answers: IO[bytes]) -> None:
    """Decode what is asked for until there is no further question."""
    held: tuple[Path, FileDataset] | None = None  # a file of many frames is parsed once
    with contextlib.suppress(EOFError):
        while True:
            length, rows, columns, frame = _QUESTION.unpack(_exactly(questions, _QUESTION.size))
            path = Path(os.fsdecode(_exactly(questions, length)))
            try:
                if not (frame and held and held[0] == path):
                    held = path, _parsed(path)
                pixels = _frame(held[1], (rows, columns), frame)
                if pixels.shape != (rows, columns) or pixels.dtype.kind not in "iu":
                    raise MalformedFile(f"{pixels.dtype} of shape {pixels.shape}")
                kind, content = f"{pixels.dtype.kind}{pixels.dtype.itemsize}", pixels.astype(pixels.dtype.newbyteorder("<")).tobytes()
            except MalformedFile as error:
                kind, content = "??", str(error).encode()
            answers.write(_ANSWER.pack(kind.encode(), len(content)) + content)
            answers.flush()


def _limit_memory() -> None:
    with contextlib.suppress(ImportError, ValueError, OSError):  # not on every system
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (MEMORY_CAP_BYTES, MEMORY_CAP_BYTES))


if __name__ == "__main__":
    _limit_memory()
    channel = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what a decoder prints must not mix with the answers
    serve(sys.stdin.buffer, channel)
