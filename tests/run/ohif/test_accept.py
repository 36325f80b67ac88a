"""Truth: published table: PS3.18 §8.7: what an Accept header says, and what may be sent for it."""

from __future__ import annotations

import pytest

from carpet.run.ohif.accept import Taken, frame_type, taken, takes_files, takes_json, takes_octets

LE, IMPLICIT, J2K = "1.2.840.10008.1.2.1", "1.2.840.10008.1.2", "1.2.840.10008.1.2.4.90"


def test_what_a_header_says() -> None:
    assert taken("") == (Taken("*/*", "", True),)
    said = 'multipart/related; type="application/dicom"; transfer-syntax=*, application/dicom+json;q=0.5, text/html;q=0'
    assert taken(said) == (Taken("application/dicom", "*", True), Taken("application/dicom+json", "", False))
    assert taken(f'multipart/related; type="a/b,c"; transfer-syntax="{LE}"') == (Taken("a/b,c", LE, True),)


@pytest.mark.parametrize(
    ("header", "may"),
    [
        ("", True),
        ("*/*", True),
        ("application/dicom+json", True),
        ("application/json", True),
        ("multipart/related", False),
        ("text/xml", False),
    ],
)
def test_json(header: str, may: bool) -> None:
    assert takes_json(header) is may


@pytest.mark.parametrize(
    ("header", "may"),
    [
        ("", True),
        ("multipart/related; type=application/dicom", True),
        (f'multipart/related; type="application/dicom"; transfer-syntax={IMPLICIT}', True),
        (f'multipart/related; type="application/dicom"; transfer-syntax={LE}', False),
        ('multipart/related; type="application/octet-stream"', False),
        ("application/dicom", False),
    ],
)
def test_files(header: str, may: bool) -> None:
    assert takes_files(header, [IMPLICIT]) is may


@pytest.mark.parametrize(
    ("header", "syntax", "sent"),
    [
        ("", LE, f"application/octet-stream; transfer-syntax={LE}"),
        ("", IMPLICIT, f"application/octet-stream; transfer-syntax={LE}"),
        ("", J2K, f"image/jp2; transfer-syntax={J2K}"),
        ("multipart/related; type=application/octet-stream", LE, f"application/octet-stream; transfer-syntax={LE}"),
        ("multipart/related; type=application/octet-stream", J2K, None),
        ("multipart/related; type=application/octet-stream; transfer-syntax=*", J2K, f"application/octet-stream; transfer-syntax={J2K}"),
        ("multipart/related; type=image/jp2", J2K, f"image/jp2; transfer-syntax={J2K}"),
        (f"multipart/related; type=image/jp2; transfer-syntax={LE}", J2K, None),
        ("multipart/related; type=image/jls", J2K, None),
        ("image/jp2", J2K, None),
    ],
)
def test_frames(header: str, syntax: str, sent: str | None) -> None:
    assert frame_type(header, syntax) == sent


def test_octets() -> None:
    assert takes_octets("multipart/related; type=application/octet-stream")
    assert takes_octets("*/*")
    assert not takes_octets("application/octet-stream")
