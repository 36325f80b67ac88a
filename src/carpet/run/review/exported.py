"""A reading outside the room: one file that says every edit, and that `carpet measure --decisions` takes as it takes a table."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from carpet.core.errors import NoticeKind, Refused, Severity
from carpet.lesions.decisions import Decision, stored_decision
from carpet.review.edits import Numbered, Standing, edit_of, edits_json
from carpet.run.pipeline import Surveyed
from carpet.run.review.applied import accepted, edited, require_regions

FORMAT = 1
KIND = "carpet_reading"
MOST_BYTES = 2**24  # a stroke of the brush takes some kilobytes
MALFORMED = NoticeKind(
    "REVIEW_READING_MALFORMED",
    Severity.ERROR,
    "this file is not a whole reading of the reading room",
    "reading.json as the reading room exports it",
    "export it again, and do not edit it",
)


@dataclass(frozen=True, slots=True)
class ExportedReading:
    """A reading: by whom, which edits stand, of which regions (`base_digest`), whether it was signed.

    earlier: the rows of clinical/decisions.csv on which it rests.
    """

    reader: str
    standing: Standing
    of: str
    signed: bool
    earlier: tuple[Decision, ...] = ()

    def applied(self, base: Surveyed) -> Surveyed:
        """The scan as read; signed, what no edit names is accepted. base: with the earlier decisions.

        Raises Refused where the reading is of other regions.
        """
        require_regions(base, self.standing, of=self.of, reader=self.reader)
        after = edited(base, self.standing, reader=self.reader)
        return accepted(after, reader=self.reader) if self.signed else after


def reading_json(one: ExportedReading) -> str:
    """The file; `exported_reading` gives the same reading back."""
    said = {
        KIND: FORMAT,
        "reader": one.reader,
        "signed": one.signed,
        "of": one.of,
        "earlier": [asdict(row) for row in one.earlier],
        "edits": edits_json(one.standing),
    }
    return json.dumps(said, indent=1, ensure_ascii=False) + "\n"


def exported_reading(path: Path) -> ExportedReading | None:
    """The reading in this file, None where it is something else, such as a table; raises Refused (REVIEW_…_MALFORMED)."""
    with path.open("rb") as file:
        start = file.read(256)
    if not start.lstrip().startswith(b"{"):
        return None
    if path.stat().st_size > MOST_BYTES:
        raise Refused(MALFORMED.at(path.name, f"{path.stat().st_size / 2**20:.1f} MiB"))
    try:
        said = json.loads(path.read_bytes())
        if said.get(KIND) != FORMAT:
            raise Refused(MALFORMED.at(path.name, f"{KIND} {said.get(KIND)!r}"[:60]))
        return _reading(said)
    except Refused:
        raise
    except (ValueError, LookupError, TypeError, RecursionError) as error:
        raise Refused(MALFORMED.at(path.name, type(error).__name__)) from error


def _reading(said: Mapping[str, Any]) -> ExportedReading:
    standing = tuple(Numbered(_whole(one["number"]), edit_of(one["edit"])) for one in said["edits"])
    numbers = [one.number for one in standing]
    if numbers != sorted(set(numbers)) or not isinstance(said["reader"], str) or not isinstance(said["signed"], bool):
        raise ValueError("edits out of order")
    earlier = tuple(stored_decision(one) for one in said["earlier"])
    return ExportedReading(said["reader"], standing, str(said["of"]), said["signed"], earlier)


def _whole(number: object) -> int:
    if type(number) is not int or number < 1:
        raise ValueError("an edit's number is 1 or more")
    return number
