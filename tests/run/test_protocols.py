"""Contract: a protocol is used as written or not at all, and the message leads to the right word."""

from __future__ import annotations

from pathlib import Path

import pytest

from carpet.core.errors import ProtocolError
from carpet.core.protocol import Protocol
from carpet.run.protocols import load_protocol


def test_the_built_in_one_is_the_default() -> None:
    assert load_protocol("cart-lymphoma") == Protocol()


def test_a_file_of_ones_own(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text('\ufeffname = "mine"\n[segment]\nmethod = "max41"\nalso = ["mv2"]\n', encoding="utf-8")
    protocol = load_protocol(str(path), also=("mv2", "a50p"))
    assert (protocol.name, protocol.segment.method, protocol.segment.also) == ("mine", "max41", ("mv2", "a50p"))
    assert protocol.suv == Protocol().suv


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (b"[segment]\nmetod = 'max41'", "unknown key 'segment.metod'; did you mean 'method'"),
        (b"[segmnt]", "unknown key 'segmnt'; did you mean 'segment'"),
        (b"[segment\n", "not valid TOML"),
        (b"[segment]\nmethod = 'max42'", "no segmenter is called 'max42'. Did you mean 'max4"),
        (b"[segment]\nalso = ['suv4']", "no segmenter is called 'suv4'. Did you mean 'suv4.0'"),
        (b"[biomarkers]\nnames = ['tmvt']", "no biomarker is called 'tmvt'. Did you mean 'tmtv'"),
        (b"[segment]\npreselect_suv = -1", "segment.preselect_suv: Input should be greater than 0"),
        (b"[segment]\npreselect_suv = nan", "segment.preselect_suv"),
        (b"\xff\xfe[segment]", "not UTF-8 text (byte 0)"),
        (b"#" * 999 + b"\n" + b".".join([b"a"] * 600) + b" = 1", "line 2: 1203 characters, at most 1000 are read"),
        (b"# comment\n" * 10_000, "mine.toml is no protocol: 100000 bytes"),
        (b"a = " + b"[\n" * 20_000, "arrays or tables stand too deep in each other"),
    ],
)
def test_a_wrong_file_is_refused_with_the_way_out(tmp_path: Path, text: bytes, says: str) -> None:
    path = tmp_path / "mine.toml"
    path.write_bytes(text)
    with pytest.raises(ProtocolError) as caught:
        load_protocol(path)
    assert says in str(caught.value)


def test_an_unknown_name_names_the_nearest() -> None:
    with pytest.raises(ProtocolError, match="Did you mean 'cart-lymphoma'"):
        load_protocol("cart-lymphom")
    with pytest.raises(ProtocolError, match="Built in: cart-lymphoma"):
        load_protocol("percist")


def test_an_unknown_further_delineation() -> None:
    with pytest.raises(ProtocolError, match="no segmenter is called 'suv3'"):
        load_protocol("cart-lymphoma", also=("suv3",))
