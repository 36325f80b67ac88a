"""The electronic signature of a reading: name, time and meaning, bound by a digest to what is signed (21 CFR 11.50, 11.70)."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import AwareDatetime, Field, StringConstraints

from carpet.review.edits import Data, Standing, edits_json

READING = "I have read this scan; this is my reading."
CHOICE = "I have seen both readings; this is the one that stands."
Digest = Annotated[str, StringConstraints(strict=True, pattern=r"^[0-9a-f]{64}$")]


class Conclusion(Data):
    """What a signed reading says, as far as readers can differ; None: not said.

    category: of the response by Lugano. progression_day: from infusion, with `no_progression` where none was seen. of: the digest of the
    machine's record that the reading started from. The numbers are those the pipeline gave for the edits that stood.
    """

    category: Annotated[str, StringConstraints(strict=True, pattern=r"^[A-Z][A-Z0-9]{0,15}$")] | None = None
    deauville: Literal["1", "2", "3", "4", "5", "X"] | None = None
    tmtv_ml: Annotated[float, Field(strict=True, ge=0)] | None = None
    progression_day: Annotated[int, Field(strict=True)] | None = None
    no_progression: Annotated[bool, Field(strict=True)] = False
    of: Annotated[str, StringConstraints(strict=True, max_length=128)] = ""


class Signature(Data):
    """Who signed, when, what it means, and the digest of what was signed."""

    name: Annotated[str, StringConstraints(strict=True, min_length=1, max_length=100)]
    at: AwareDatetime
    meaning: Literal["I have read this scan; this is my reading.", "I have seen both readings; this is the one that stands."]
    digest: Digest


def reading_digest(case: str, reader: str, *, standing: Standing, conclusion: Conclusion) -> str:
    """SHA-256 over case, reader, the edits that stand and the conclusion: 64 hexadecimal digits."""
    said = {"case": case, "reader": reader, "edits": edits_json(standing), "conclusion": conclusion.model_dump(mode="json")}
    return _digest(said)


def choice_digest(case: str, adjudicator: str, *, choice: str, readings: Mapping[str, str]) -> str:
    """SHA-256 over case, adjudicator, the reader chosen and the digests of both signed readings."""
    return _digest({"case": case, "adjudicator": adjudicator, "choice": choice, "readings": dict(readings)})


def signed(name: str, digest: str, *, at: dt.datetime, meaning: Literal["reading", "choice"]) -> Signature:
    """A signature over this digest; raises pydantic's ValidationError (a ValueError) for a time without zone."""
    return Signature(name=name, at=at, meaning=READING if meaning == "reading" else CHOICE, digest=digest)


def _digest(said: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps(said, sort_keys=True, separators=(",", ":"), allow_nan=False).encode()).hexdigest()
