"""What a client takes: the Accept header with the parameters that DICOMweb puts into it (PS3.18 §8.7)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from email.message import Message

from carpet.dicom.elements import DEFLATED, EXPLICIT_BIG, EXPLICIT_LITTLE, IMPLICIT_LITTLE

MULTIPART, DICOM, OCTETS = "multipart/related", "application/dicom", "application/octet-stream"
JSON_TYPES = ("application/dicom+json", "application/json")
ANY = "*"
NATIVE = frozenset({EXPLICIT_LITTLE, IMPLICIT_LITTLE, EXPLICIT_BIG, DEFLATED})
LONGEST = 4096  # characters of an Accept header [P]
# PS3.18 table 8.7.3-2 to -5: the media type of a compressed frame
_JPEG = "1.2.840.10008.1.2.4."
FRAME_TYPES = {
    **{f"{_JPEG}{number}": "image/jpeg" for number in ("50", "51", "57", "70")},
    **{f"{_JPEG}{number}": "image/jls" for number in ("80", "81")},
    **{f"{_JPEG}{number}": "image/jp2" for number in ("90", "91")},
    **{f"{_JPEG}{number}": "image/jpx" for number in ("92", "93")},
    **{f"{_JPEG}{number}": "image/jphc" for number in ("201", "202", "203")},
    "1.2.840.10008.1.2.5": "image/dicom-rle",
}


@dataclass(frozen=True, slots=True)
class Taken:
    """One kind of answer that a client takes. kind: of the parts, where multipart, * for any; syntax: "" where none is named, * for any."""

    kind: str
    syntax: str
    parts: bool


def taken(header: str) -> tuple[Taken, ...]:
    """What an Accept header says; everything where it is empty."""
    texts = _split(header[:LONGEST]) or ["*/*"]
    return tuple(one for one in map(_taken, texts) if one is not None)


def _taken(text: str) -> Taken | None:
    said = Message()
    said["Content-Type"] = text
    kind = text.partition(";")[0].strip().lower()
    if said.get_param("q", "1") in ("0", "0.0", "0.00", "0.000"):
        return None
    syntax = str(said.get_param("transfer-syntax", ""))
    if kind == MULTIPART:
        return Taken(str(said.get_param("type", ANY)).lower(), syntax, True)
    return Taken(kind, syntax, kind == "*/*")


def _split(header: str) -> list[str]:
    """At commas outside quotation marks."""
    parts, quoted = [""], False
    for letter in header:
        quoted ^= letter == '"'
        if letter == "," and not quoted:
            parts.append("")
        else:
            parts[-1] += letter
    return [part.strip() for part in parts if part.strip()]


def takes_json(header: str) -> bool:
    return any(one.kind == "*/*" or (not one.parts and one.kind in (*JSON_TYPES, "application/*")) for one in taken(header))


def takes_files(header: str, syntaxes: Iterable[str]) -> bool:
    """Whether instances in these transfer syntaxes may be sent as they are stored."""
    kinds = [one for one in taken(header) if one.parts and one.kind in (DICOM, "application/*", ANY, "*/*")]
    return all(any(one.syntax in ("", ANY, syntax) for one in kinds) for syntax in syntaxes)


def frame_type(header: str, syntax: str) -> str | None:
    """The Content-Type of a frame that is sent as it is stored; None where the client takes no such thing.

    Octets without a transfer syntax are uncompressed (PS3.18 §8.7.3.5.2). Native pixels are sent little-endian, as of explicit VR.
    """
    sent = EXPLICIT_LITTLE if syntax in NATIVE else syntax
    image = FRAME_TYPES.get(syntax)
    for one in (one for one in taken(header) if one.parts):
        if one.kind in (ANY, "*/*", image, "image/*") and image is not None and one.syntax in ("", ANY, sent):
            return f"{image}; transfer-syntax={sent}"
        if one.kind in (ANY, "*/*", OCTETS, "application/*") and one.syntax in _octets_as(sent, one.kind):
            return f"{OCTETS}; transfer-syntax={sent}"
    return None


def _octets_as(sent: str, kind: str) -> Sequence[str]:
    return ("", ANY, sent) if sent == EXPLICIT_LITTLE or kind in (ANY, "*/*") else (ANY, sent)


def takes_octets(header: str) -> bool:
    """Whether bulk data of no transfer syntax may be sent."""
    return any(one.parts and one.kind in (OCTETS, "application/*", ANY, "*/*") for one in taken(header))
