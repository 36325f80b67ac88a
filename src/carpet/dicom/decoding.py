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
from typing import IO

import numpy as np
from numpy.typing import NDArray

from carpet.dicom.elements import MalformedFile, parsing

JPEG_FAMILY = "1.2.840.10008.1.2.4."
JPEG_2000_START = b"\xff\x4f\xff\x51"
JPEG_FRAME_MARKERS = frozenset({*range(0xC0, 0xD0), 0xF7}) - {0xC4, 0xC8, 0xCC}  # ITU-T T.81 B.1.1.3; F7 JPEG-LS
MEMORY_CAP_BYTES = 4 * 2**30  # address space of the decoding process
_QUESTION = struct.Struct("<LLL")  # bytes of the path, rows, columns
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

    def pixels(self, path: Path, shape: tuple[int, int]) -> NDArray[np.integer]:
        """The stored integers (rows, columns) of a file of this shape. Raises MalformedFile, also where the decoder dies."""
        if self._child is None:
            self._child = _started()
        assert self._child.stdin is not None
        assert self._child.stdout is not None
        name = os.fsencode(path.resolve())
        try:
            self._child.stdin.write(_QUESTION.pack(len(name), *shape) + name)
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
    command = [sys.executable, "-m", "carpet.dicom.decoding"]
    pipe = subprocess.PIPE
    return subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=subprocess.DEVNULL, env={**os.environ, "PYTHONPATH": paths})


def _exactly(stream: IO[bytes], size: int) -> bytes:
    data = stream.read(size)
    if len(data) != size:
        raise EOFError
    return data


def pixel_array(path: Path, shape: tuple[int, int], syntax: str = "") -> NDArray[np.integer]:
    """Decoded by pydicom's plug-ins, in this process. `syntax`: of a file that names none. Raises MalformedFile."""
    import pydicom
    from pydicom.encaps import get_frame

    with parsing():
        data = pydicom.dcmread(BytesIO(path.read_bytes()), force=True)
        data.file_meta.setdefault("TransferSyntaxUID", syntax)
        if (data.Rows, data.Columns) != shape or int(data.get("NumberOfFrames") or 1) != 1:
            raise MalformedFile("rows, columns or frames differ from the series")
        coded = data.file_meta.TransferSyntaxUID.startswith(JPEG_FAMILY)
        if coded and coded_size(get_frame(data.PixelData, 0, number_of_frames=1)) != shape:
            raise MalformedFile("the compressed image is not of the size that the header says")
        return np.asarray(data.pixel_array)


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
    with contextlib.suppress(EOFError):
        while True:
            length, rows, columns = _QUESTION.unpack(_exactly(questions, _QUESTION.size))
            path = Path(os.fsdecode(_exactly(questions, length)))
            try:
                pixels = pixel_array(path, (rows, columns))
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
