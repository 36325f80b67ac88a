"""From a path to a measured study: opening and pipeline together, with unpacked files alive as long as the result is used."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from carpet.core.errors import ProtocolError
from carpet.core.protocol import Protocol
from carpet.core.study import Study
from carpet.run.opening import found_under, open_study
from carpet.run.pipeline import Result, Wishes, measure_study, measured_study, surveyed_study
from carpet.run.review.exported import ExportedReading, exported_reading
from carpet.suv import Quantification


@contextmanager
def measured(
    path: Path, protocol: Protocol, wishes: Wishes, *, series_uid: str | None, weight_kg: float | None, say: Callable[[str], None]
) -> Iterator[Result]:
    """The measured study under `path`; raises Refused or ProtocolError."""
    reading = exported_reading(wishes.decisions) if isinstance(wishes.decisions, Path) else None
    if reading is not None and wishes.mask is not None:
        raise ProtocolError("a reading of the reading room has regions of its own; leave out --mask")
    say("reading headers")
    with found_under([path], protocol.suv, weight_kg=weight_kg) as found:
        say("reading pixels")
        study = open_study(found, series_uid=series_uid)
        decided = found.quantifications[study.pet.series_uid]
        if reading is None:
            yield measure_study(study, decided, protocol, wishes, say)
        else:
            yield _as_read(study, decided, protocol, reading, say)


def _as_read(study: Study, decided: Quantification, protocol: Protocol, reading: ExportedReading, say: Callable[[str], None]) -> Result:
    """The study with every edit of the reading; raises Refused where it was made of other regions."""
    surveyed = surveyed_study(study, decided, protocol, Wishes(decisions=reading.earlier), say)
    say("biomarkers")
    return measured_study(reading.applied(surveyed))
