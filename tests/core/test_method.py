"""Contract: what a plug-in method declares, how methods are found, and what is said of one that is wrong."""

from __future__ import annotations

import sys
import types
from pathlib import Path

import pytest

from carpet.core.errors import ContractError, ProtocolError
from carpet.core.method import UNITS, Method, declare, methods, pick


@declare("biomarker", "twice", unit="mL", source="by hand", version="3")
def twice(number: float, *, factor: float) -> float:
    """Twice a number,
    times a factor.

    The rest is not part of the sentence.
    """
    return 2 * number * factor


def test_a_method_says_what_it_is() -> None:
    assert isinstance(twice, Method)
    assert (twice.kind, twice.name, twice.version, twice.source) == ("biomarker", "twice", "3", "by hand")
    assert twice.unit is UNITS["mL"]
    assert twice.says == "Twice a number, times a factor."
    assert twice.needs == ("factor",)


def test_a_method_gets_only_what_it_needs() -> None:
    assert twice(3.0, factor=5.0, anatomy="unused") == 30.0
    with pytest.raises(KeyError):
        twice(3.0)


def test_an_undeclared_unit_is_a_breach() -> None:
    with pytest.raises(ContractError, match="cubit"):
        declare("biomarker", "odd", unit="cubit", source="s")(lambda: 1.0)


def test_a_method_needs_a_sentence_and_a_source() -> None:
    def silent() -> float:
        return 1.0

    with pytest.raises(ContractError, match="docstring"):
        declare("biomarker", "silent", unit="mL", source="s")(silent)
    with pytest.raises(ContractError, match="source"):
        declare("biomarker", "sourceless", unit="mL", source="")(twice.function)


def test_the_rooms_methods_are_found_by_name() -> None:
    found = methods("carpet.biomarkers", "biomarker")
    assert list(found) == sorted(found)
    assert {"tmtv", "tlg", "dmax", "suv_peak"} <= set(found)
    assert all(method.name == name and method.kind == "biomarker" for name, method in found.items())
    assert methods("carpet.biomarkers", "segmenter") == {}
    with pytest.raises(TypeError):
        found["other"] = twice  # type: ignore[index]


def test_two_methods_of_one_name_are_a_breach(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    room = types.ModuleType("twins")
    room.__path__ = [str(tmp_path)]
    monkeypatch.setitem(sys.modules, "twins", room)
    text = 'from carpet.core.method import declare\n@declare("biomarker", "same", unit="mL", source="s")\ndef same():\n    """Same."""\n'
    for name in ("one", "two"):
        (tmp_path / f"{name}.py").write_text(text, encoding="utf-8")
        monkeypatch.setitem(sys.modules, f"twins.{name}", types.ModuleType("placeholder"))
        monkeypatch.delitem(sys.modules, f"twins.{name}")
    with pytest.raises(ContractError, match="'same'"):
        methods("twins", "biomarker")


def test_pick_by_name_or_say_the_nearest() -> None:
    available = methods("carpet.biomarkers", "biomarker")
    assert pick(available, "tmtv", "biomarker") is available["tmtv"]
    with pytest.raises(ProtocolError, match=r"no biomarker is called 'tmtvv'\. Did you mean 'tmtv'\? There are: .*dmax"):
        pick(available, "tmtvv", "biomarker")
    with pytest.raises(ProtocolError, match=r"called 'zzzz'\. There are:"):
        pick(available, "zzzz", "biomarker")
