"""The headers of series as DICOM JSON, made once and kept in memory up to a limit."""

from __future__ import annotations

import json
import secrets
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from threading import Lock
from typing import Any

from carpet.core.errors import Refused
from carpet.run.ohif.archive import Archive, Instance
from carpet.run.ohif.headers import HeaderTexts

LARGEST_CHARACTERS = 256 * 2**20  # of all kept headers [P]: some forty examinations of 600 slices
Header = Mapping[str, Any]


class Shelf:
    """Headers by series, for any number of threads, which wait for each other only where they want the same series."""

    def __init__(self, archive: Archive, *, largest: int = LARGEST_CHARACTERS) -> None:
        self.archive = archive
        self._largest = largest
        self._root = secrets.token_hex(16)  # stands in kept texts for the service's address; no file can hold it
        self._kept: OrderedDict[tuple[str, str], tuple[str, ...]] = OrderedDict()
        self._first: dict[tuple[str, str], Header] = {}
        self._turns: dict[tuple[str, str], Lock] = {}
        self._lock = Lock()

    def texts(self, study: str, series: str, root: str, instance: str | None = None) -> list[str]:
        """The headers of a series, or of one instance, as JSON objects; root: the service's address. Raises Refused."""
        wanted = self.archive.instances(study, series, instance)
        everything = self.archive.instances(study, series)
        texts = self._series((study, series), everything)
        return [text.replace(self._root, root) for one, text in zip(everything, texts, strict=True) if instance is None or one in wanted]

    def headers(self, study: str, series: str, root: str) -> list[Header]:
        """The headers of a series, parsed."""
        return [json.loads(text) for text in self.texts(study, series, root)]

    def first(self, study: str, series: str) -> Header:
        """The header of a series' first instance, for what a search tells of the series and of its study."""
        key = (study, series)
        with self._lock:
            known = self._first.get(key)
        if known is None:
            (text,) = self._made(self.archive.instances(study, series)[:1])
            known = json.loads(text)
            with self._lock:
                self._first[key] = known
        return known

    def prepare(self, study: str) -> None:
        """Make the headers of a study before they are asked for; what cannot be made is told when it is asked for."""
        for series in self.archive.series_of(study):
            try:
                self._series((study, series), self.archive.instances(study, series))
            except (Refused, OSError):
                continue

    def _series(self, key: tuple[str, str], instances: Sequence[Instance]) -> tuple[str, ...]:
        with self._lock:
            turn = self._turns.setdefault(key, Lock())
        with turn:
            with self._lock:
                if key in self._kept:
                    self._kept.move_to_end(key)
                    return self._kept[key]
            made = self._made(instances)
            self._keep(key, made)
        return made

    def _keep(self, key: tuple[str, str], made: tuple[str, ...]) -> None:
        with self._lock:
            self._kept[key] = made
            held = sum(len(text) for texts in self._kept.values() for text in texts)
            while held > self._largest and len(self._kept) > 1:
                held -= sum(map(len, self._kept.popitem(last=False)[1]))

    def _made(self, instances: Sequence[Instance]) -> tuple[str, ...]:
        texts = HeaderTexts(self._root)
        made = []
        for one in instances:
            made.append(texts.text(one.checked()))
            one.checked()  # nothing is kept of a file that changed under the reading
        return tuple(made)
