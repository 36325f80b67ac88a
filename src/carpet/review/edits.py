"""Every kind of edit a reader can make, as frozen data: checked when it comes in, written as JSON, undone by taking it back.

Nothing is inverted: what a reading says is the machine's result with the edits that stand, in their order.
"""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Literal, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, TypeAdapter, ValidationError, model_validator

from carpet.core.errors import Notice, Refused
from carpet.core.lesion import Kind
from carpet.review.notices import EDIT_MALFORMED, EDIT_NOT_STANDING

FARTHEST_MM = 10_000.0  # from the origin of DICOM patient coordinates, as decisions.csv has it [P]
LARGEST_BRUSH_MM, LARGEST_SPHERE_MM = 50.0, 300.0  # radii [P]
LARGEST_SUV = 1_000.0  # g/mL [P]
MOST_POINTS, MOST_SEEDS, MOST_LESIONS = 5_000, 50, 500  # of one edit [P]
LONGEST_TEXT = 2_000  # characters [P]
ROUNDING_MM = 0.5  # by which a short diameter drawn by hand may exceed the long one [P]
SHOWN = 60  # characters of a wrong value that a refusal repeats

Millimetre = Annotated[float, Field(strict=True, ge=-FARTHEST_MM, le=FARTHEST_MM)]
Point = tuple[Millimetre, Millimetre, Millimetre]
LesionId = Annotated[str, StringConstraints(strict=True, pattern=r"^L[0-9]{1,9}$")]


def _written(text: str) -> str:
    """Letters, signs, spaces, tabs and line ends; no control character, no half of a surrogate pair: neither can be stored everywhere."""
    if any(unicodedata.category(one) in ("Cc", "Cs") and one not in "\t\n" for one in text):
        raise ValueError("control characters are not text")
    return text


Text = Annotated[str, StringConstraints(strict=True, strip_whitespace=True, max_length=LONGEST_TEXT), AfterValidator(_written)]
CtName = Annotated[str, StringConstraints(strict=True, pattern=r"^[A-Za-z0-9][A-Za-z0-9 _.-]{0,39}$")]
NameOrNone = Annotated[str, StringConstraints(strict=True, pattern=r"^([A-Za-z0-9][A-Za-z0-9 _.-]{0,39})?$")]
Count = Annotated[int, Field(strict=True, ge=1)]


class Data(BaseModel):
    """Frozen data of the reading room; a field that is not listed is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class Change(Data):
    """One edit. reason: why, in the reader's words; it is kept beside the edit in the history, and is no part of what the reading says."""

    reason: Annotated[Text, Field(default="", exclude=True)] = ""


class SetStatus(Change):
    """This region is disease, physiologic, or not decided."""

    kind: Literal["status"] = "status"
    lesion: LesionId
    status: Literal["disease", "physiologic", "undecided"]


class SetSite(Change):
    """This region lies here. site: name or SNOMED code; counts_as: in staging, None as the site does."""

    kind: Literal["site"] = "site"
    lesion: LesionId
    site: Annotated[str, StringConstraints(strict=True, min_length=1, max_length=100, pattern=r"^[A-Za-z0-9_ .,()/-]+$")]
    counts_as: Kind | None = None


class Add(Change):
    """The uptake at this point is a lesion, however small (TMTV4 of the benchmark)."""

    kind: Literal["add"] = "add"
    point_lps_mm: Point


class Brush(Change):
    """Balls at these points join the lesion (a new one where none is named), or leave it."""

    kind: Literal["brush"] = "brush"
    points_lps_mm: Annotated[tuple[Point, ...], Field(min_length=1, max_length=MOST_POINTS)]
    radius_mm: Annotated[float, Field(strict=True, gt=0, le=LARGEST_BRUSH_MM)]
    lesion: LesionId | None = None
    erase: Annotated[bool, Field(strict=True)] = False

    @model_validator(mode="after")
    def _erases_something(self) -> Brush:
        if self.erase and self.lesion is None:
            raise ValueError("erasing needs a lesion")
        return self


class Split(Change):
    """One region is several, one a seed."""

    kind: Literal["split"] = "split"
    lesion: LesionId
    seeds_lps_mm: Annotated[tuple[Point, ...], Field(min_length=2, max_length=MOST_SEEDS)]


class Merge(Change):
    """These regions are one; it keeps the first one's name and status."""

    kind: Literal["merge"] = "merge"
    lesions: Annotated[tuple[LesionId, ...], Field(min_length=2, max_length=MOST_LESIONS)]

    @model_validator(mode="after")
    def _different(self) -> Merge:
        if len(set(self.lesions)) < len(self.lesions):
            raise ValueError("each lesion once")
        return self


class SphereThreshold(Change):
    """Voxels of this sphere at or above this SUV that belong to no lesion are one."""

    kind: Literal["sphere_threshold"] = "sphere_threshold"
    centre_lps_mm: Point
    radius_mm: Annotated[float, Field(strict=True, gt=0, le=LARGEST_SPHERE_MM)]
    suv: Annotated[float, Field(strict=True, gt=0, le=LARGEST_SUV)]


class RemoveEdit(Change):
    """An earlier edit of this reading is taken back; both stay in the history."""

    kind: Literal["remove_edit"] = "remove_edit"
    edit: Count


class Deauville(Change):
    """The Deauville score of the known sites."""

    kind: Literal["deauville"] = "deauville"
    score: Literal["1", "2", "3", "4", "5", "X"]


class NewLesions(Change):
    """Whether there are new lesions consistent with lymphoma, and which."""

    kind: Literal["new_lesions"] = "new_lesions"
    present: Annotated[bool, Field(strict=True)]
    lesions: Annotated[tuple[LesionId, ...], Field(max_length=MOST_LESIONS)] = ()

    @model_validator(mode="after")
    def _agree(self) -> NewLesions:
        if self.lesions and not self.present:
            raise ValueError("lesions are named as new although there is none")
        return self


class Caliper(Change):
    """Longest diameter and the longest one across it on CT, by their end points.

    lesion: the region it belongs to; None for a mass without uptake, which then has a name and counts_as. name: of the lesion, the same on
    all scans; empty: that of the region's track. counts_as: None as the region does. target: one of up to six measured targets.
    """

    kind: Literal["caliper"] = "caliper"
    lesion: LesionId | None = None
    ldi_lps_mm: tuple[Point, Point]
    sdi_lps_mm: tuple[Point, Point]
    name: NameOrNone = ""
    counts_as: Literal["node", "extranodal"] | None = None
    target: Annotated[bool, Field(strict=True)] = True
    seen: Literal["present", "new", "unequivocal_progression"] = "present"

    @model_validator(mode="after")
    def _longest_first(self) -> Caliper:
        longest, shortest = math.dist(*self.ldi_lps_mm), math.dist(*self.sdi_lps_mm)
        if not 0.0 < shortest <= longest + ROUNDING_MM:
            raise ValueError("the short diameter is longer than the long one, or has no length")
        if self.lesion is None and not (self.name and self.counts_as):
            raise ValueError("a mass without a region needs a name, and whether it is a node")
        return self

    @property
    def subject(self) -> str:
        """What is measured: the region, else the name."""
        return self.lesion or self.name


class CtSeen(Change):
    """A lesion of earlier CTs that cannot be measured here: it has gone, or is too small."""

    kind: Literal["ct_seen"] = "ct_seen"
    name: CtName
    counts_as: Literal["node", "extranodal"]
    seen: Literal["absent", "too_small"]
    target: Annotated[bool, Field(strict=True)] = True


class Reference(Change):
    """The reference region is moved to this centre."""

    kind: Literal["reference"] = "reference"
    which: Literal["liver", "blood_pool"]
    centre_lps_mm: Point


class Comment(Change):
    """Free text; no names of patients."""

    kind: Literal["comment"] = "comment"
    text: Annotated[Text, Field(min_length=1)]


Edit = (
    SetStatus
    | SetSite
    | Add
    | Brush
    | Split
    | Merge
    | SphereThreshold
    | RemoveEdit
    | Deauville
    | NewLesions
    | Caliper
    | CtSeen
    | Reference
    | Comment
)
AnyEdit = Annotated[Edit, Field(discriminator="kind")]
_EDIT: TypeAdapter[Edit] = TypeAdapter(AnyEdit)


@dataclass(frozen=True, slots=True)
class Numbered:
    """An edit with its number in the reading: 1, 2, 3, … in the order they were made; what was taken back keeps its number."""

    number: int
    edit: Edit


Standing = tuple[Numbered, ...]


def edit_of(value: object) -> Edit:
    """The edit that decoded JSON says; raises Refused with REVIEW_EDIT_MALFORMED, one notice a fault, `where` naming the field."""
    try:
        return _EDIT.validate_python(value)
    except ValidationError as error:
        raise Refused([_fault(problem) for problem in error.errors()]) from error


def edit_json(edit: Edit) -> dict[str, Any]:
    """The edit as JSON has it; `edit_of` gives it back."""
    return edit.model_dump(mode="json")


def faults_of(error: ValidationError, where: str) -> list[Notice]:
    """What is wrong with data that are no edit, field by field below `where`."""
    return [_fault(problem, where) for problem in error.errors()]


def _fault(problem: Any, start: str = "edit") -> Notice:
    path = [str(part) for part in problem["loc"]]
    found = problem.get("input")
    shown = type(found).__name__ if isinstance(found, (Mapping, list, tuple)) else repr(found)[:SHOWN]
    return EDIT_MALFORMED.at(".".join([start, *path]), shown, more=str(problem["msg"]))


def with_edit(standing: Standing, edit: Edit, *, number: int) -> Standing:
    """The edits that stand after one more; raises Refused (REVIEW_EDIT_NOT_STANDING) where it takes back what is not there."""
    if not isinstance(edit, RemoveEdit):
        return (*standing, Numbered(number, edit))
    left = tuple(one for one in standing if one.number != edit.edit)
    if len(left) == len(standing):
        raise Refused(EDIT_NOT_STANDING.at("edit", edit.edit))
    return left


def undo_of(standing: Standing) -> RemoveEdit:
    """The edit that takes the last one back; raises Refused (REVIEW_EDIT_NOT_STANDING) where there is none."""
    if not standing:
        raise Refused(EDIT_NOT_STANDING.at("undo", "no edit stands"))
    return RemoveEdit(edit=standing[-1].number)


def replaced(standing: Standing, edit: Edit) -> Edit | None:
    """The edit whose say this one takes over: the last about the same thing, or the one that is taken back; None where there is none."""
    if isinstance(edit, RemoveEdit):
        return next((one.edit for one in standing if one.number == edit.edit), None)
    subject = _subject(edit)
    return None if subject is None else next((one.edit for one in reversed(standing) if _subject(one.edit) == subject), None)


def _subject(edit: Edit) -> tuple[str, str] | None:
    """What an edit says something of that a later edit says anew; None where edits add up."""
    if isinstance(edit, (SetStatus, SetSite)):
        return edit.kind, edit.lesion
    if isinstance(edit, Caliper) and edit.lesion:
        return edit.kind, edit.lesion
    if isinstance(edit, (Caliper, CtSeen)):
        return "ct", edit.name
    if isinstance(edit, Reference):
        return edit.kind, edit.which
    return (edit.kind, "") if isinstance(edit, (Deauville, NewLesions)) else None


Said = TypeVar("Said", bound=Edit)


def last_said(standing: Standing, kind: type[Said]) -> Said | None:
    """The last edit of a kind that stands; None for none."""
    return next((one.edit for one in reversed(standing) if isinstance(one.edit, kind)), None)


def edits_json(standing: Sequence[Numbered]) -> list[dict[str, Any]]:
    """Standing edits as JSON, each with its number."""
    return [{"number": one.number, "edit": edit_json(one.edit)} for one in standing]
