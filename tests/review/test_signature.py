"""Truth: closed form. The digest is SHA-256 of a JSON text written out here; whatever is signed changes it."""

from __future__ import annotations

import datetime as dt
import hashlib

import pytest
from pydantic import ValidationError

from carpet.review.edits import Deauville, Numbered
from carpet.review.signature import CHOICE, READING, Conclusion, Signature, choice_digest, reading_digest, signed

AT = dt.datetime(2026, 11, 23, 12, tzinfo=dt.UTC)
STANDING = (Numbered(2, Deauville(score="4")),)
SAID = Conclusion(category="PMR", deauville="4", tmtv_ml=120.5)


def test_the_digest_of_a_reading_can_be_made_without_carpet() -> None:
    text = (
        '{"case":"P007/M1","conclusion":{"category":"PMR","deauville":"4","no_progression":false,"of":"","progression_day":null,'
        '"tmtv_ml":120.5},"edits":[{"edit":{"kind":"deauville","score":"4"},"number":2}],"reader":"ann"}'
    )
    assert reading_digest("P007/M1", "ann", standing=STANDING, conclusion=SAID) == hashlib.sha256(text.encode()).hexdigest()


def test_all_that_is_signed_changes_the_digest() -> None:
    digests = {
        reading_digest("P007/M1", "ann", standing=STANDING, conclusion=SAID),
        reading_digest("P007/M3", "ann", standing=STANDING, conclusion=SAID),
        reading_digest("P007/M1", "ben", standing=STANDING, conclusion=SAID),
        reading_digest("P007/M1", "ann", standing=(), conclusion=SAID),
        reading_digest("P007/M1", "ann", standing=(Numbered(3, Deauville(score="4")),), conclusion=SAID),
        reading_digest("P007/M1", "ann", standing=STANDING, conclusion=Conclusion(category="PMR", deauville="4", tmtv_ml=120.6)),
    }
    assert len(digests) == 6


def test_a_choice_is_bound_to_both_readings() -> None:
    both = {"ann": "a" * 64, "ben": "b" * 64}
    text = f'{{"adjudicator":"cy","case":"P007/M1","choice":"ann","readings":{{"ann":"{"a" * 64}","ben":"{"b" * 64}"}}}}'
    assert choice_digest("P007/M1", "cy", choice="ann", readings=both) == hashlib.sha256(text.encode()).hexdigest()
    assert choice_digest("P007/M1", "cy", choice="ben", readings=both) != choice_digest("P007/M1", "cy", choice="ann", readings=both)


def test_a_signature_has_name_time_and_meaning() -> None:
    one = signed("ann", "a" * 64, at=AT, meaning="reading")
    assert (one.name, one.at, one.meaning, one.digest) == ("ann", AT, READING, "a" * 64)
    assert signed("ann", "a" * 64, at=AT, meaning="choice").meaning == CHOICE
    assert Signature.model_validate(one.model_dump(mode="json")) == one


@pytest.mark.parametrize(
    "change", [{"at": "2026-11-23T12:00:00"}, {"digest": "A" * 64}, {"meaning": "yes"}, {"name": ""}, {"digest": "a" * 63}]
)
def test_half_a_signature_is_none(change: dict[str, str]) -> None:
    with pytest.raises(ValidationError):
        Signature.model_validate(signed("ann", "a" * 64, at=AT, meaning="reading").model_dump(mode="json") | change)
