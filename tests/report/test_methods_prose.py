"""Contract: every setting changes the text; every method, rule set and endpoint of the software has its words; citations are whole."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Literal, get_args, get_origin

import pytest
from pydantic import BaseModel

from carpet.biomarkers import biomarkers
from carpet.cohort.endpoints.rules import RULE_SETS as RULES
from carpet.cohort.table import PATIENT
from carpet.core.body import LeanMass, SurfaceArea
from carpet.core.protocol import CohortProtocol, DayWindow, Protocol, RedcapPart, RedcapProtocol, SuvProtocol
from carpet.report.methods_phrases import BIOMARKERS, COLUMNS, DELINEATIONS, ENDPOINTS, REFERENCE_TIME, REFERENCES, RULE_SETS
from carpet.report.methods_prose import MethodsProse, methods_prose
from carpet.run.cohort.columns import AFTER_INFUSION, BASELINE_ROLES
from carpet.run.cohort.columns import COLUMNS as ALL
from carpet.segment import segmenters

VERSION = "1.2.3"
DEFAULT = Protocol()
MAIN = ("TMTV", "SUVbw ≥ 4", "3 mL", "20 mm", "45 to 90 min", "14 days", "day 365", "500 samples", "20261123", "Lugano 2014", "LYRIC")


def text_of(prose: MethodsProse) -> str:
    return "\n".join(f"{one.heading}: {one.text}" for one in prose.paragraphs)


def told(protocol: Protocol) -> str:
    return text_of(methods_prose(protocol, version=VERSION))


def changed_leaves(section: BaseModel, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Each setting by its path, and another value that it may have."""
    for name, field in type(section).model_fields.items():
        value = getattr(section, name)
        if isinstance(value, RedcapProtocol):
            continue  # its own test
        if isinstance(value, BaseModel):
            yield from changed_leaves(value, (*path, name))
        else:
            yield (*path, name), other_value(name, value, field.annotation)


def other_value(name: str, value: Any, kind: Any) -> Any:
    special: Mapping[str, Any] = {
        "timepoints": {"TT": DayWindow(first_day=-20, last_day=-1, nominal_day=-1)},
        "endpoints": ("OS",),
        "overrides": {"two_factor_tmtv": "Dr A, SUV 4.0 was planned"},
        "also": ("max41",),
        "names": ("tmtv", "sdmax"),
        "rules": "ema",
        "method": "max41",
        "lean_mass": LeanMass.JAMES128,
        "surface_area": SurfaceArea.DU_BOIS,
    }
    if name in special:
        return special[name]
    if get_origin(kind) is Literal:
        return next(one for one in get_args(kind) if one != value)
    if isinstance(value, bool):
        return not value
    if isinstance(value, int | float):
        return value + 1
    if isinstance(value, tuple):
        return (*value[:-1], value[-1] + 1) if value and isinstance(value[0], float) else (*value, "another")
    return value + "x"


def with_setting(protocol: BaseModel, path: tuple[str, ...], value: Any) -> Any:
    below = with_setting(getattr(protocol, path[0]), path[1:], value) if len(path) > 1 else value
    return protocol.model_copy(update={path[0]: below})


LEAVES = list(changed_leaves(DEFAULT))
ON_SUL = ("suv.lean_mass", "suv.sex_undefined")


@pytest.mark.parametrize(("path", "value"), LEAVES, ids=[".".join(path) for path, _ in LEAVES])
def test_a_changed_setting_changes_a_sentence_and_is_named_as_changed(path: tuple[str, ...], value: Any) -> None:
    before, after = (methods_prose(one, version=VERSION) for one in (DEFAULT, with_setting(DEFAULT, path, value)))
    name = ".".join(path)
    last = after.paragraphs[-1].text
    assert (name if name != "timepoints" else "timepoints.TT.first_day = -20") in last
    same = [one.text == other.text for one, other in zip(before.paragraphs[:-1], after.paragraphs[:-1], strict=True)]
    if name in (*ON_SUL, "name", "cohort.seed", "review.adjudication"):
        assert all(same)  # said in the last paragraph
    else:
        assert not all(same)
    assert "Settings other than the software's defaults: none." in before.paragraphs[-1].text


@pytest.mark.parametrize("name", ON_SUL)
def test_settings_of_sul_are_told_where_something_is_delineated_on_it(name: str) -> None:
    on_sul = with_setting(DEFAULT, ("segment", "also"), ("percist_liver",))
    changed = with_setting(on_sul, ("suv", name.removeprefix("suv.")), dict(LEAVES)[tuple(name.split("."))])
    assert "on SUL" not in told(on_sul)
    assert f"{name} = " in told(DEFAULT)
    assert methods_prose(changed, version=VERSION).paragraphs[1] != methods_prose(on_sul, version=VERSION).paragraphs[1]


@pytest.mark.parametrize("word", [*MAIN, VERSION, "“cart-lymphoma”"])
def test_the_defaults_are_told(word: str) -> None:
    assert word in told(DEFAULT)


@pytest.mark.parametrize("window", [*DEFAULT.timepoints.items()], ids=lambda pair: pair[0])
def test_every_time_point_has_its_days(window: tuple[str, DayWindow]) -> None:
    name, one = window
    days = [str(day).replace("-", "\u2212") for day in (one.first_day, one.last_day, one.nominal_day)]
    assert f"{name} (day {days[0]} to {days[1]}, nominal day {days[2]})" in told(DEFAULT)


def test_every_method_has_its_words() -> None:
    assert set(segmenters()) == set(DELINEATIONS)
    assert set(biomarkers()) == set(BIOMARKERS)
    assert set(RULES) == set(RULE_SETS)
    assert {one.name for one in ALL if one.role in BASELINE_ROLES} - {PATIENT, *AFTER_INFUSION} <= set(COLUMNS)
    assert set(get_args(get_args(CohortProtocol.model_fields["endpoints"].annotation)[0])) == set(ENDPOINTS)
    assert set(get_args(SuvProtocol.model_fields["reference_time"].annotation)) == set(REFERENCE_TIME)


@pytest.mark.parametrize("name", RULES)
def test_a_rule_set_s_words_say_what_its_rules_do(name: str) -> None:
    words, rules = RULE_SETS[name], RULES[name]
    assert words.startswith(f"counted from {rules.start}")
    assert ("passed over" in words) == ("ignore" in (rules.new_therapy, rules.hsct) or rules.missed_scans == "event")
    assert (" was an event" in words) == ("event" in (rules.new_therapy, rules.hsct))
    assert (" TTP as an event" in words) == (rules.unrelated_death == "event")
    assert ("competed" in words) == (rules.unrelated_death == "competing")
    assert ("last scan before" in words) == (rules.therapy_censored_at == "last_scan")


def test_what_no_table_knows_is_named_as_the_protocol_has_it() -> None:
    plugin = with_setting(with_setting(DEFAULT, ("segment", "method"), "nnunet"), ("cohort", "groups"), ("new_group",))
    assert "the method “nnunet” gives them" in told(plugin)
    assert "“new_group”" in told(plugin)
    assert "the two-factor group" in told(DEFAULT)
    assert all(not one.startswith("“") for one in COLUMNS.values())


def test_nothing_asked_for_is_said() -> None:
    cohort = {"groups": (), "landmarks": (), "markers": (), "adjusted_for": ()}
    bare = told(DEFAULT.model_copy(update={"cohort": DEFAULT.cohort.model_copy(update=cohort)}))
    for words in ("No groups were compared", "No landmark analysis", "No marker's effect", "No other delineation", "No prediction model"):
        assert words in bare
    assert "Cox model" not in bare
    alone = DEFAULT.model_copy(update={"cohort": DEFAULT.cohort.model_copy(update={"adjusted_for": ()})})
    assert "held TMTV alone" in told(alone)


def test_an_override_is_told_with_its_reason() -> None:
    words = told(with_setting(DEFAULT, ("scores", "overrides"), {"two_factor_tmtv": "Dr A accepts it."}))
    assert "“two_factor_tmtv” was nevertheless applied to another delineation: Dr A accepts it." in words
    assert "nevertheless" not in told(DEFAULT)


def test_citations_are_numbered_in_order_and_whole() -> None:
    everything = with_setting(DEFAULT, ("segment", "also"), tuple(name for name in DELINEATIONS if name != DEFAULT.segment.method))
    review = with_setting(everything, ("scores", "extranodal_rule"), "gt2_seed")
    du_bois = with_setting(review, ("biomarkers", "surface_area"), SurfaceArea.DU_BOIS)
    cited = set()
    for protocol in (DEFAULT, du_bois):
        prose = methods_prose(protocol, version=VERSION)
        numbers = [int(one) for found in re.findall(r"\[([\d, ]+)\]", text_of(prose)) for one in found.split(", ")]
        assert set(numbers) == set(range(1, len(prose.references) + 1))
        assert numbers[0] == 1
        assert len(set(prose.references)) == len(prose.references)
        assert "@" not in text_of(prose)
        cited |= set(prose.references)
    assert cited == set(REFERENCES.values())  # none is idle


def test_the_same_protocol_gives_the_same_words() -> None:
    assert methods_prose(DEFAULT, version=VERSION) == methods_prose(Protocol(), version=VERSION)
    assert VERSION in methods_prose(DEFAULT, version=VERSION).paragraphs[-1].text


def test_how_two_readers_are_settled_is_told_where_there_are_two() -> None:
    two = with_setting(DEFAULT, ("review", "readers"), 2)
    assert "where they differed, a third person chose one of both readings." in told(two)
    assert "a third person read the scan again." in told(with_setting(two, ("review", "adjudication"), "third_read"))
    assert "third person" not in told(DEFAULT)
    assert "review.adjudication = choose" not in told(two)


def test_a_redcap_export_is_told_by_its_mapping() -> None:
    part = RedcapPart(table="patients.csv", columns={"sex": "sex"})
    export = RedcapProtocol(file="export.csv", parts=(part,))
    changes: tuple[dict[str, Any], ...] = ({}, {"parts": (part, part)}, {"record": "study_id"}, {"missing": ("-99",)})
    texts = [told(DEFAULT.model_copy(update={"redcap": export.model_copy(update=one)})) for one in changes]
    assert len({told(DEFAULT), *texts}) == 5
    assert "a mapping of 1 part, patients named by the field “record_id”." in texts[0]
    assert "“-99” stood for not known" in texts[3]
    assert "REDCap" not in told(DEFAULT)
