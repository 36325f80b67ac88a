"""Truth: the keys and defaults that the interface promises; every error names the key."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from carpet.core.body import LeanMass, SurfaceArea
from carpet.core.errors import ProtocolError
from carpet.core.protocol import BUILT_IN, Protocol, Section, protocol_from_toml


def test_an_empty_text_is_the_default() -> None:
    assert protocol_from_toml("", "trial.toml") == Protocol() == BUILT_IN["cart-lymphoma"]


def test_the_default_is_the_benchmark() -> None:
    protocol = Protocol()
    assert (protocol.segment.method, protocol.segment.preselect_suv, protocol.segment.preselect_min_ml) == ("suv4.0", 4.0, 3.0)
    assert (protocol.suv.lean_mass, protocol.biomarkers.surface_area) == (LeanMass.JANMAHASATIAN, SurfaceArea.MOSTELLER)
    assert (protocol.suv.sex_undefined, protocol.suv.reference_time, protocol.suv.repair_date_shift) == ("refuse", "auto", False)
    assert protocol.biomarkers.suv_peak == "0F91"


def test_what_is_written_is_read() -> None:
    text = """
    name = "trial"
    [suv]
    lean_mass = "james128"
    uptake_window_min = [55, 75]
    [segment]
    method = "max41"
    also = ["suv2.5", "mv2"]
    preselect_min_ml = 0
    [biomarkers]
    names = ["tlg"]
    surface_area = "du_bois"
    """
    protocol = protocol_from_toml(text, "trial.toml")
    assert (protocol.name, protocol.suv.lean_mass, protocol.suv.uptake_window_min) == ("trial", LeanMass.JAMES128, (55.0, 75.0))
    assert (protocol.segment.method, protocol.segment.also, protocol.segment.preselect_min_ml) == ("max41", ("suv2.5", "mv2"), 0.0)
    assert (protocol.biomarkers.names, protocol.biomarkers.surface_area) == (("tlg",), SurfaceArea.DU_BOIS)


@pytest.mark.parametrize(
    ("text", "key", "near"),
    [
        ("[segmnt]\nmethod = 'suv4.0'", "'segmnt'", "'segment'"),
        ("[segment]\nmetod = 'suv4.0'", "'segment.metod'", "'method'"),
        ("[suv]\nlean_mas = 'james128'", "'suv.lean_mas'", "'lean_mass'"),
        ("nam = 'x'", "'nam'", "'name'"),
    ],
)
def test_an_unknown_key_is_refused_with_the_nearest_right_one(text: str, key: str, near: str) -> None:
    with pytest.raises(ProtocolError) as caught:
        protocol_from_toml(text, "trial.toml")
    message = str(caught.value)
    assert "trial.toml" in message
    assert f"unknown key {key}" in message
    assert f"did you mean {near}?" in message


def test_a_key_like_no_other_lists_them_all() -> None:
    with pytest.raises(ProtocolError, match="known keys: names, suv_peak, surface_area"):
        protocol_from_toml("[biomarkers]\nzzzz = 1", "trial.toml")


def test_every_mistake_is_told_at_once() -> None:
    with pytest.raises(ProtocolError) as caught:
        protocol_from_toml("[suv]\nxx = 1\n[segment]\nmargin_mm = 0", "trial.toml")
    assert len(str(caught.value).splitlines()) == 2


@pytest.mark.parametrize(
    ("text", "where"),
    [
        ("[segment]\npreselect_suv = 'hot'", "segment.preselect_suv"),
        ("[segment]\npreselect_suv = 0", "segment.preselect_suv"),
        ("[segment]\npreselect_suv = inf", "segment.preselect_suv"),
        ("[segment]\nmargin_mm = nan", "segment.margin_mm"),
        ("[segment]\npreselect_min_ml = -1", "segment.preselect_min_ml"),
        ("[segment]\nalso = 'suv2.5'", "segment.also"),
        ("[suv]\nlean_mass = 'james'", "suv.lean_mass"),
        ("[suv]\nuptake_window_min = [45]", "suv.uptake_window_min"),
        ("[suv]\nrepair_date_shift = 'perhaps'", "suv.repair_date_shift"),
        ("[suv]\nreference_time = 'earliest'", "suv.reference_time"),
        ("suv = 3", "suv"),
        ("name = 3", "name"),
    ],
)
def test_a_value_that_cannot_be_is_refused(text: str, where: str) -> None:
    with pytest.raises(ProtocolError, match=rf"^trial\.toml: {where}"):
        protocol_from_toml(text, "trial.toml")


def test_text_that_is_no_toml_is_refused() -> None:
    with pytest.raises(ProtocolError, match="not valid TOML"):
        protocol_from_toml("[suv", "trial.toml")


def test_a_protocol_is_frozen() -> None:
    with pytest.raises(ValidationError):
        Protocol().segment.method = "max41"  # type: ignore[misc]


def test_every_key_says_what_it_does() -> None:
    def keys(section: type[Section]) -> list[str]:
        found = []
        for name, field in section.model_fields.items():
            if isinstance(field.annotation, type) and issubclass(field.annotation, Section):
                found += keys(field.annotation)
            elif not field.description:
                found.append(name)
        return found

    assert keys(Protocol) == []
