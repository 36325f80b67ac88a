"""What the tests of this room share: CT courses from plain pairs of diameters."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest

from carpet.response.ct_scans import CtCourse, CtLesion, CtScan, Part, Seen

Pair = Sequence[float]


def target(number: int, pair: Pair, part: Part = Part.NODE) -> CtLesion:
    """A target by its two diameters; 0 × 0 is absent."""
    if tuple(pair) == (0, 0):
        return CtLesion(f"T{number}", part, True, Seen.ABSENT)
    return CtLesion(f"T{number}", part, True, Seen.PRESENT, float(pair[0]), float(pair[1]))


@pytest.fixture
def course() -> Callable[..., CtCourse]:
    """course([[30, 20]], [[16, 12]], …): baseline, later scans, now; `more` are further lesions of now, `first` of baseline."""

    def build(
        *scans: Sequence[Pair],
        more: Sequence[CtLesion] = (),
        first: Sequence[CtLesion] = (),
        part: Part = Part.NODE,
        marrow: Sequence[bool | None] = (),
    ) -> CtCourse:
        made = []
        for number, pairs in enumerate(scans):
            extra = first if number == 0 else more if number == len(scans) - 1 else ()
            lesions = tuple(target(n, pair, part) for n, pair in enumerate(pairs, start=1))
            made.append(CtScan(30 * number, (*lesions, *extra), marrow[number] if marrow else None))
        return CtCourse(tuple(made))

    return build
