"""What a person should look at on one scan, and the facts behind it: never a diagnosis, never silent about what was not known."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from carpet.core.errors import NoticeKind


@dataclass(frozen=True, slots=True)
class Finding:
    """One finding. code, says: as the room's notices have them; because: the facts; day: from infusion; flags: codes of doubts."""

    code: str
    says: str
    because: str
    timepoint: str
    day: int
    flags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class When:
    """The scan that a finding is about; timepoint empty: it stands for none."""

    timepoint: str
    day: int


def finding(kind: NoticeKind, because: str, when: When, *, flags: Iterable[NoticeKind] = ()) -> Finding:
    """The finding of this kind on this scan."""
    return Finding(kind.code, kind.message, because, when.timepoint, when.day, tuple(sorted(flag.code for flag in flags)))
