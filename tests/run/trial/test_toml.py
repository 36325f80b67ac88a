"""Truth: Python's own TOML reader: what it reads from the text is the protocol that was written."""

from __future__ import annotations

import datetime as dt
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from carpet.core.body import SurfaceArea
from carpet.core.errors import ProtocolError
from carpet.core.protocol import BUILT_IN, Section, protocol_from_toml
from carpet.run.trial.toml import explained_toml


@dataclass(frozen=True)
class Limits:
    low: float
    high: float


class Window(Section):
    """Days from infusion."""

    first_day: int = 0
    """The first day that counts."""
    last_day: int = 10
    """The last day that counts."""
    note: str | None = None


class Deep(Section):
    """The deepest section."""

    on: bool = True
    """Whether it is done."""


class Inner(Section):
    """A section within."""

    deep: Deep = Deep()
    after: int = 3
    """Stands after a section, and must not fall into it."""


class Everything(Section):
    """All shapes that a setting may have."""

    text: str = "plain"
    """A text."""
    whole: int = -3
    number: float = 1e-7
    """A very long sentence that goes on and on until it is wider than one line of the file should ever be, so that it must be broken."""
    none: int | None = None
    """May be absent."""
    when: dt.date = dt.date(2026, 2, 28)
    at: dt.datetime = dt.datetime(2026, 2, 28, 1, 2, 3, tzinfo=dt.UTC)
    area: SurfaceArea | None = SurfaceArea.DU_BOIS
    """A formula."""
    choice: Literal["one", "two"] = "two"
    """Either one or two."""
    several: tuple[Literal["x1", "x2"], ...] = ("x2", "x1")
    """Some of them."""
    pair: tuple[float, float] = (0.0, 45.0)
    """Two numbers."""
    nested: tuple[tuple[str, int], ...] = (("a", 1), ("b", 2))
    names: frozenset[str] = frozenset({"b", "a"})
    limits: Limits = Limits(0.5, 2.0)
    empty_table: Mapping[str, int] = {}
    empty_list: tuple[Window, ...] = ()
    list_of_sections: tuple[Window, ...] = (Window(), Window(first_day=2, note="late"))
    """Windows in order."""
    windows: Mapping[str, Window] = {"TD": Window(last_day=4), "M 1": Window(first_day=21)}
    """Windows by name."""
    by_code: Mapping[str, tuple[str, ...]] = {"it's": ('"a"', "b"), "": ()}
    """Lists by name."""
    inner: Inner = Inner()
    last: str = "after the tables"


def read_back(section: Section) -> Any:
    return type(section).model_validate(tomllib.loads(explained_toml(section)))


def fields_of(section: Section) -> Iterator[tuple[str, str | None]]:
    """Every setting and its sentence, sections within included."""
    for name, field in type(section).model_fields.items():
        value = getattr(section, name)
        if isinstance(value, Section):
            yield from fields_of(value)
        else:
            yield name, field.description


def test_every_shape_of_setting_comes_back() -> None:
    assert read_back(Everything()) == Everything()
    other = Everything(none=4, area=SurfaceArea.MOSTELLER, inner=Inner(deep=Deep(on=False), after=9), windows={})
    assert read_back(other) == other


def test_the_built_in_protocols_come_back() -> None:
    assert BUILT_IN
    for protocol in BUILT_IN.values():
        assert protocol_from_toml(explained_toml(protocol), "trial.toml") == protocol


@given(
    text=st.text(st.characters(exclude_categories=["Cs"])),
    number=st.floats(allow_nan=False, allow_infinity=False),
    key=st.text("a.é \"\n'"),
)
def test_any_text_and_any_number_come_back(text: str, number: float, key: str) -> None:
    written = Everything(text=text, number=number, by_code={key: (text,)})
    assert read_back(written) == written


@pytest.mark.parametrize("section", [*BUILT_IN.values(), Everything()], ids=lambda one: type(one).__name__)
def test_every_setting_stands_with_its_sentence_above_it(section: Section) -> None:
    toml = explained_toml(section)
    lines = toml.splitlines()
    told = list(fields_of(section))
    assert len(told) > 10
    for name, says in told:
        (at,) = [
            n
            for n, line in enumerate(lines)
            if line.startswith((f"{name} = ", f"# {name} is not set")) or line.endswith((f"[{name}]", f".{name}]"))
        ]
        above = lines[:at]
        above = above[max((n for n, line in enumerate(above) if not line.startswith("# ")), default=-1) + 1 :]
        assert " ".join((says or "").split()) in " ".join(line[2:] for line in above), name
    assert max(len(line) for line in lines if line.startswith("#")) <= 120


def test_sections_are_explained_and_choices_named_once() -> None:
    toml = explained_toml(Everything())
    assert "# A section within.\n[inner]\n" in toml
    assert "# The deepest section.\n[inner.deep]\n" in toml
    assert "# A formula.\n# Allowed: mosteller, du_bois.\narea = " in toml
    assert "# Either one or two.\nchoice = " in toml
    assert "# Allowed: x1, x2.\nseveral = " in toml
    assert (
        "# first_day: The first day that counts.\n# last_day: The last day that counts.\n[windows]\nTD = { first_day = 0, last_day = 4 }\n"
        in toml
    )
    assert '"M 1" = { first_day = 21, last_day = 10 }' in toml


class Odd(Section):
    value: Any = 1
    """Anything."""


@pytest.mark.parametrize("value", [b"bytes", None, 1j])
def test_what_toml_cannot_say_is_an_error(value: Any) -> None:
    with pytest.raises(ProtocolError):
        explained_toml(Odd(value=value))
