"""A small DICOMweb archive on loopback that fails on demand: what a good one never does, and a bad line or a bad machine does."""

from __future__ import annotations

import json
import socket
import struct
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import BytesIO
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pydicom

BOUNDARY = "the-boundary"
LISTED = ("StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID", "SOPClassUID", "Modality", "PatientID")
RESET = struct.pack("ii", 1, 0)  # SO_LINGER: close by RST

Say = Callable[["Asked"], bool]  # an answer of its own; True where it has answered


@cache
def header_of(content: bytes) -> pydicom.Dataset:
    return pydicom.dcmread(BytesIO(content), stop_before_pixels=True)


@dataclass
class Archive:
    """What it holds, its address, and how it fails: `fault(request)` may answer in place of the archive."""

    files: list[bytes]
    url: str = ""
    fault: Say | None = None
    asked: list[str] = field(default_factory=list)
    tokens: list[str | None] = field(default_factory=list)
    said_counts: dict[str, int] = field(default_factory=dict)
    stored: list[bytes] = field(default_factory=list)

    def headers(self) -> Iterator[pydicom.Dataset]:
        return map(header_of, self.files)


class Asked(BaseHTTPRequestHandler):
    """One request, and the honest answers to it."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    archive: Archive

    def log_message(self, format: str, *arguments: Any) -> None:  # noqa: A002 its name in the base class
        """Nothing is printed."""

    def do_GET(self) -> None:
        self.archive.asked.append(self.path)
        self.archive.tokens.append(self.headers.get("Authorization"))
        if self.archive.fault is not None and self.archive.fault(self):
            return
        parts = urlsplit(self.path).path.strip("/").split("/")
        if parts[-1] in ("studies", "series", "instances"):
            self.rows(parts)
        elif parts[-1] == "metadata":
            header = next(one for one in self.archive.headers() if one.SOPInstanceUID == parts[-2])
            self.body(json.dumps([header.to_json_dict()]).encode(), "application/dicom+json")
        else:
            self.body(multipart(self.content_of(parts[-1])), f'multipart/related; type="application/dicom"; boundary={BOUNDARY}')

    def do_POST(self) -> None:
        """STOW-RS: every part is kept."""
        content = self.rfile.read(int(self.headers["Content-Length"]))
        self.archive.asked.append(self.path)
        if self.archive.fault is not None and self.archive.fault(self):
            return
        boundary = self.headers["Content-Type"].rpartition("boundary=")[2].encode()
        parts = [part.partition(b"\r\n\r\n")[2].removesuffix(b"\r\n") for part in content.split(b"--" + boundary)[1:-1]]
        self.archive.files += parts
        self.archive.stored += parts
        uids = [str(header_of(part).SOPInstanceUID) for part in parts]
        told = {"00081199": {"vr": "SQ", "Value": [{"00081155": {"vr": "UI", "Value": [uid]}} for uid in uids]}}
        self.body(json.dumps(told).encode(), "application/dicom+json")

    def content_of(self, uid: str) -> bytes:
        pairs = zip(self.archive.headers(), self.archive.files, strict=True)
        return next(content for header, content in pairs if uid == header.SOPInstanceUID)

    def rows(self, parts: list[str]) -> None:
        """QIDO-RS: studies, series of a study, instances of a series; `limit` and `offset` as asked."""
        query = {key: values[0] for key, values in parse_qs(urlsplit(self.path).query).items()}
        level = {"studies": "StudyInstanceUID", "series": "SeriesInstanceUID", "instances": "SOPInstanceUID"}[parts[-1]]
        wanted = {key: query[key] for key in ("StudyInstanceUID", "PatientID") if key in query}
        wanted |= {"StudyInstanceUID": parts[1]} if len(parts) > 2 else {}
        wanted |= {"SeriesInstanceUID": parts[3]} if len(parts) > 4 else {}
        members: dict[str, list[pydicom.Dataset]] = {}
        for header in self.archive.headers():
            if all(str(header[keyword].value) == value for keyword, value in wanted.items()):
                members.setdefault(str(header[level].value), []).append(header)
        rows = [self.row(headers) for _, headers in sorted(members.items())]
        start = int(query.get("offset", 0))
        page = rows[start : start + int(query.get("limit", len(rows)))]
        self.body(json.dumps(page).encode() if page else b"", "application/dicom+json", status=200 if page else 204)

    def row(self, headers: list[pydicom.Dataset]) -> dict[str, Any]:
        listed = pydicom.Dataset()
        for keyword in LISTED:
            if keyword in headers[0]:
                listed.add(headers[0][keyword])
        listed.NumberOfSeriesRelatedInstances = self.archive.said_counts.get(str(headers[0].SeriesInstanceUID), len(headers))
        return listed.to_json_dict()

    def body(self, content: bytes, content_type: str, *, status: int = 200, length: int | None = None) -> None:
        """An answer; `length` other than its own makes it a lie."""
        self.send_response(status)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(content) if length is None else length))
        self.end_headers()
        self.wfile.write(content)
        if length is not None:
            self.hang_up()

    def hang_up(self, *, reset: bool = False) -> None:
        """End the connection, in order or by RST."""
        self.close_connection = True
        if reset:
            self.wfile.flush()
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
            self.connection.close()


def multipart(content: bytes, *, boundary: str = BOUNDARY, parts: int = 1, end: bool = True) -> bytes:
    piece = f"--{boundary}\r\nContent-Type: application/dicom\r\n\r\n".encode() + content + b"\r\n"
    return piece * parts + (f"--{boundary}--\r\n".encode() if end else b"")


class _Quiet(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that has hung up is what the tests are about."""


@contextmanager
def archive_of(files: Iterable[Path]) -> Iterator[Archive]:
    """A running archive that holds these files."""
    archive = Archive([file.read_bytes() for file in files])
    server = _Quiet(("127.0.0.1", 0), type("AskedHere", (Asked,), {"archive": archive}))
    archive.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield archive
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def cut(asked: Asked, share: float, *, reset: bool) -> bool:
    """The honest instance, but the line breaks after a share of it."""
    whole = multipart(asked.content_of(asked.path.rpartition("/")[2]))
    asked.send_response(200)
    asked.send_header("Content-Type", f'multipart/related; type="application/dicom"; boundary={BOUNDARY}')
    asked.send_header("Content-Length", str(len(whole)))
    asked.end_headers()
    asked.wfile.write(whole[: int(share * len(whole))])
    asked.hang_up(reset=reset)
    return True


def wrong_body(content: bytes, content_type: str, *, status: int = 200, length: int | None = None) -> Say:
    """An answer that has nothing to do with what was asked."""

    def answer(asked: Asked) -> bool:
        asked.body(content, content_type, status=status, length=length)
        return True

    return answer


def redirect(asked: Asked) -> bool:
    """To another machine."""
    asked.send_response(302)
    asked.send_header("Location", "https://elsewhere.example/dicom-web")
    asked.send_header("Content-Length", "0")
    asked.end_headers()
    return True


def damaged(change: Callable[[bytes], bytes]) -> Say:
    """A whole answer around an instance that was changed."""

    def answer(asked: Asked) -> bool:
        content = change(asked.content_of(asked.path.rpartition("/")[2]))
        asked.body(multipart(content), f'multipart/related; type="application/dicom"; boundary={BOUNDARY}')
        return True

    return answer
