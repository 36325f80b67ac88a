"""Truth: the kinds of notices as every module of the rooms defines them."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator
from pathlib import Path

import pytest

import carpet
from carpet.clinical.score import scores
from carpet.core.errors import NoticeKind
from carpet.run.trial.words import FACTS, SENTENCES, kinds, sentence, sentences, spelled

ROOMS = ("suv", "segment", "anatomy", "lesions", "biomarkers", "clinical", "response", "cohort.endpoints")
RUN_HERE = {"STEP_DIFFERS"}  # of a call that is refused as a whole: no page is made


def defined() -> Iterator[NoticeKind]:
    for room in ROOMS:
        home = importlib.import_module(f"carpet.{room}")
        for info in pkgutil.walk_packages(home.__path__, f"carpet.{room}."):
            yield from (one for one in vars(importlib.import_module(info.name)).values() if isinstance(one, NoticeKind))
    for name in ("carpet.run.notices", "carpet.run.trial.notices", "carpet.dicom.notices"):
        yield from (one for one in vars(importlib.import_module(name)).values() if isinstance(one, NoticeKind))


def test_every_notice_of_a_scan_or_a_course_has_its_sentence() -> None:
    codes = {one.code for one in defined()}
    assert len(codes) > 200
    assert codes - set(kinds()) - RUN_HERE == set()


def test_every_fact_a_score_can_lack_has_its_sentence() -> None:
    facts = {name for one in scores().values() for name in one.inputs} - {"options", "timepoint"}
    assert {sentence(f"{name.upper()}_MISSING") for name in facts} == {f"{FACTS[name.upper()]} is not known" for name in facts}


def test_no_sentence_is_of_a_code_that_nobody_gives() -> None:
    written = "".join(path.read_text(encoding="utf-8") for path in Path(carpet.__file__).parent.rglob("*.py") if path.stem != "words")
    assert {code for code in SENTENCES if f'"{code}"' not in written} == set()
    assert not set(SENTENCES) & set(kinds())


@pytest.mark.parametrize(
    ("code", "says"),
    [("TMTV_MISSING", "TMTV is not known"), ("AGE_OVER_60", "older than 60 years: this index was made for younger patients")],
)
def test_a_code_of_a_score_is_a_sentence(code: str, says: str) -> None:
    assert sentence(code) == says


@pytest.mark.parametrize(
    ("code", "says"),
    [("DOSE_MISSING", "no injected dose"), ("NO_LESION", "no lesion"), ("single_lesion", "one lesion only: no distance between lesions")],
)
def test_a_code_is_a_sentence(code: str, says: str) -> None:
    assert sentence(code) == says
    assert sentences([code, code]) == {code: says}


def test_known_codes_in_a_text_are_spelled_out_and_others_stay() -> None:
    assert spelled("the PET of day 28 was refused: DOSE_MISSING") == "the PET of day 28 was refused: no injected dose"
    assert spelled("rule LUG-CMR, IL_6 and MY_FILE") == "rule LUG-CMR, IL_6 and MY_FILE"
