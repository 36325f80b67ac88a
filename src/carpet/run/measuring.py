"""From a path to a measured study: opening and pipeline together, with unpacked files alive as long as the result is used."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from carpet.core.protocol import Protocol
from carpet.run.opening import found_under, open_study
from carpet.run.pipeline import Result, Wishes, measure_study


@contextmanager
def measured(
    path: Path, protocol: Protocol, wishes: Wishes, *, series_uid: str | None, weight_kg: float | None, say: Callable[[str], None]
) -> Iterator[Result]:
    """The measured study under `path`; raises Refused or ProtocolError."""
    say("reading headers")
    with found_under([path], protocol.suv, weight_kg=weight_kg) as found:
        say("reading pixels")
        study = open_study(found, series_uid=series_uid)
        yield measure_study(study, found.quantifications[study.pet.series_uid], protocol, wishes, say)
