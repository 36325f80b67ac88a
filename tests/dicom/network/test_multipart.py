"""Truth: RFC 2046 §5.1.1: a part ends at CRLF, two hyphens and the boundary; the last boundary has two hyphens more."""

from __future__ import annotations

from collections.abc import Iterator
from email.message import EmailMessage
from email.parser import BytesParser
from email.policy import HTTP

import pytest
from hypothesis import given
from hypothesis import strategies as st

from carpet.dicom.network.multipart import MalformedParts, boundary_of, only_part, parts_body

BODY = b"--B\r\nContent-Type: application/dicom\r\n\r\n"


def blocks(data: bytes, size: int) -> Iterator[bytes]:
    return (data[at : at + size] for at in range(0, len(data), size))


@given(st.binary(max_size=300), st.integers(1, 60))
def test_a_part_comes_back_however_it_is_cut_into_blocks(content: bytes, size: int) -> None:
    body, content_type = parts_body([content])
    assert b"".join(only_part(blocks(body, size), boundary_of(content_type))) == content


@given(st.lists(st.sampled_from([b"\r\n", b"-", b"--", b"B", b"x", b"\r\n--"]), max_size=30).map(b"".join), st.integers(1, 9))
def test_content_that_looks_almost_like_a_boundary_is_content(content: bytes, size: int) -> None:
    if b"\r\n--B" in content:
        return
    assert b"".join(only_part(blocks(BODY + content + b"\r\n--B--\r\n", size), "B")) == content


def test_python_s_own_parser_reads_what_is_written() -> None:
    contents = [b"first\r\n--no boundary", b"\0\xff second"]
    body, content_type = parts_body(contents)
    message = BytesParser(EmailMessage, policy=HTTP).parsebytes(f"Content-Type: {content_type}\r\n\r\n".encode() + body)
    assert [part.get_payload(decode=True) for part in message.iter_parts()] == contents
    assert {part.get_content_type() for part in message.iter_parts()} == {"application/dicom"}


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"", "no part begins"),
        (b"<html>" * 5000, "no part begins"),
        (b"--other\r\n\r\nx\r\n--B--", "no part begins"),
        (BODY + b"x", "does not end"),
        (BODY + b"x\r\n--", "does not end"),
        (BODY + b"x\r\n--B\r\n\r\ny\r\n--B--", "more than one part"),
        (BODY + b"x\r\n--B--\r\nmore", "more than one part"),
    ],
)
def test_what_is_not_one_part_is_refused(body: bytes, said: str) -> None:
    with pytest.raises(MalformedParts, match=said):
        list(only_part(blocks(body, 1000), "B"))


@pytest.mark.parametrize(
    "content_type",
    [
        "",
        "text/html",
        "application/dicom",
        "multipart/related",
        'multipart/related; type="image/jpeg"; boundary=B',
        "multipart/related; boundary=",
    ],
)
def test_other_types_are_refused(content_type: str) -> None:
    with pytest.raises(MalformedParts):
        boundary_of(content_type)


@pytest.mark.parametrize("given_as", ["B-1", '"B-1"'])
def test_the_boundary_may_be_quoted(given_as: str) -> None:
    assert boundary_of(f'multipart/related; type="application/dicom"; boundary={given_as}') == "B-1"
