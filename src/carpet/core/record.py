"""What is kept of a step: a number with its unit, or the reason why there is none, and how it came about."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from carpet.core.errors import CarpetError


@dataclass(frozen=True)
class Provenance:
    """Which method, on what, with which parameters. Equal steps on equal inputs have equal ids."""

    method: str
    version: str
    source: str
    parameters: Mapping[str, Any] = field(default_factory=dict)
    parents: tuple[str, ...] = ()
    software: str = ""

    @property
    def id(self) -> str:
        """SHA-256 over all fields, 16 hexadecimal digits."""
        text = json.dumps(
            [self.method, self.version, self.source, dict(self.parameters), list(self.parents), self.software],
            sort_keys=True,
            default=str,
        )
        return hashlib.sha256(text.encode()).hexdigest()[:16]


class Flagged(NamedTuple):
    """What a method returns when its number needs a word: the value and short codes (`single_lesion`, …)."""

    value: float
    flags: tuple[str, ...]


@dataclass(frozen=True)
class Measurement:
    """A finite number with a UCUM unit. `of`: what was measured (`patient`, or a lesion id); `segmenter`: by which delineation."""

    name: str
    value: float
    unit: str
    of: str
    segmenter: str
    flags: tuple[str, ...] = ()
    provenance: Provenance | None = None

    def __post_init__(self) -> None:
        if not math.isfinite(self.value):
            raise CarpetError(f"{self.name} of {self.of} is not a finite number")


@dataclass(frozen=True)
class Missing:
    """No number, and the reason as a stable code (`NO_LESION`, `HEIGHT_MISSING`, …)."""

    name: str
    unit: str
    of: str
    segmenter: str
    reason: str
    flags: tuple[str, ...] = ()
    provenance: Provenance | None = None
