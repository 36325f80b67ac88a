"""The protocol to use: a built-in one by name, or a TOML file."""

from __future__ import annotations

from difflib import get_close_matches
from pathlib import Path

from carpet.biomarkers import biomarkers
from carpet.core.errors import ProtocolError
from carpet.core.method import pick
from carpet.core.protocol import BUILT_IN, Protocol, protocol_from_toml
from carpet.segment import segmenters

MOST_BYTES, LONGEST_LINE = 65_536, 1_000  # a protocol has some thirty lines; tomllib needs memory with the square of a dotted key


def load_protocol(name: str | Path, *, also: tuple[str, ...] = ()) -> Protocol:
    """A protocol whose methods all exist; `also` adds delineations. Raises ProtocolError."""
    path = Path(name)
    if str(name) in BUILT_IN:
        protocol = BUILT_IN[str(name)]
    elif path.is_file():
        protocol = _parsed(path)
    else:
        near = get_close_matches(str(name), BUILT_IN, n=1)
        hint = f" Did you mean {near[0]!r}?" if near else ""
        raise ProtocolError(f"no protocol is called {str(name)!r}, and there is no such file.{hint} Built in: {', '.join(BUILT_IN)}")
    if also:
        segment = protocol.segment.model_copy(update={"also": tuple(dict.fromkeys((*protocol.segment.also, *also)))})
        protocol = protocol.model_copy(update={"segment": segment})
    for segmenter in (protocol.segment.method, *protocol.segment.also):
        pick(segmenters(), segmenter, "segmenter")
    for biomarker in protocol.biomarkers.names:
        pick(biomarkers(), biomarker, "biomarker")
    return protocol


def _parsed(path: Path) -> Protocol:
    try:
        return protocol_from_toml(_text(path), path.name)
    except RecursionError as error:
        raise ProtocolError(f"{path.name}: arrays or tables stand too deep in each other") from error


def _text(path: Path) -> str:
    if path.stat().st_size > MOST_BYTES:
        raise ProtocolError(f"{path.name} is no protocol: {path.stat().st_size} bytes, at most {MOST_BYTES} are read")
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise ProtocolError(f"{path.name} is not UTF-8 text (byte {error.start}); save it as UTF-8") from error
    for number, line in enumerate(text.splitlines(), start=1):
        if len(line) > LONGEST_LINE:
            raise ProtocolError(f"{path.name}, line {number}: {len(line)} characters, at most {LONGEST_LINE} are read")
    return text
