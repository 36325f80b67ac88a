"""What the interface of the reading room answers and takes, as `web/src/contract.ts` has it. Positions: DICOM patient coordinates, mm."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from carpet.core.lesion import Kind, Status
from carpet.review.accounts import LONGEST
from carpet.review.cases import CaseState, Name, ReadingState
from carpet.review.edits import Point, Text
from carpet.review.roles import Role

Password = Annotated[str, StringConstraints(strict=True, max_length=LONGEST)]


class Answer(BaseModel):
    """What is sent; a field that is not listed is a mistake of ours."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)


class Asked(BaseModel):
    """What is taken; a field that is not listed is an error."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False, frozen=True)


class NoticeSaid(Answer):
    """Why the server said no."""

    code: str
    severity: str
    message: str
    where: str
    found: str
    allowed: str
    remedy: str


class Refusal(Answer):
    """An answer that says no."""

    notices: list[NoticeSaid]


class ActSaid(Answer):
    """One act of the history. what: its kind; old, new: as JSON, empty for nothing."""

    number: int
    at: str
    who: str
    role: str
    what: str
    old: str
    new: str
    reason: str


class ConflictSaid(Refusal):
    """Somebody wrote first: which version there is now, and what was done since the one that was sent."""

    version: int
    since: list[ActSaid]


class Me(Answer):
    """Who is here. accounts: false where one person reads without a password. form_token goes back as X-CSRF-Token."""

    name: str
    role: Role
    accounts: bool
    form_token: str
    trial: str


class LogIn(Asked):
    """Name and password of an account."""

    name: Annotated[str, StringConstraints(strict=True, max_length=100)]
    password: Password


class ReadingVersion(Answer):
    """A reading and its version."""

    who: str
    version: int


class MayMend(Answer):
    """What this person may do although the scan cannot be read: void these signatures, start the own reading again."""

    unlock: list[ReadingVersion]
    start_again: bool


class QueueCase(Answer):
    """One case of the queue. refused: the scan cannot be read, and why. version: of the own reading."""

    case: str
    patient: str
    timepoint: str
    day: int
    state: CaseState
    reading: ReadingState | None
    due: bool
    waits_for: list[str]
    refused: list[NoticeSaid]
    version: int
    may: MayMend


class Queue(Answer):
    """The cases in the order in which they are to be read."""

    cases: list[QueueCase]
    refusals: list[NoticeSaid]


class Value(Answer):
    """A number, or the reason why there is none: its code, and the same in words."""

    name: str
    value: float | None
    unit: str
    reason_missing: str
    because_missing: str


class LesionSaid(Answer):
    """A region with its numbers. site: a name of `sites`, empty where none is known; suggested: as the machine had it."""

    id: str
    label: int
    status: Status
    decided_by: str
    because: str
    site: str
    kind: Kind | None
    suggested_site: str
    suggested_kind: Kind | None
    centroid_lps_mm: Point
    volume_ml: float
    suv_max: float
    suv_mean: float
    suv_peak: float | None
    tlg_g: float
    is_new: bool
    ldi_mm: float | None
    sdi_mm: float | None


class ReferenceRegion(Answer):
    """A reference region; suv_mean and suv_max in g/mL."""

    name: str
    centre_lps_mm: Point
    radius_mm: float
    suv_mean: float
    suv_max: float
    moved: bool


class StepSaid(Answer):
    """One step of the benchmark workflow."""

    name: str
    volume_ml: float
    clicks: int
    says: str


class ResponseSaid(Answer):
    """What one criterion says, with the rule that decided. by: `carpet`, by the numbers, or `reader` and who.

    provisional: a reader has changed regions, and what is new among them is known only when `carpet run` has followed them.
    """

    criterion: str
    by: str
    provisional: bool
    category: str
    rule: str
    because: str


class StandingEdit(Answer):
    """An edit that holds, with its number in the reading."""

    number: int
    edit: dict[str, Any]


class SpinSaid(Answer):
    """How spin.png and spin_ids.png are cut: frame n stands in row n // columns, column n % columns.

    The grey of spin.png is 255 · (1 − (SUV / black_suv) ** gamma).
    """

    frames: int
    columns: int
    width: int
    height: int
    pixel_width_mm: float
    pixel_height_mm: float
    black_suv: float
    gamma: float


class GridSaid(Answer):
    """How the voxels of PET and labels lie in the body. size: (i, j, k) as in NIfTI; to_lps: rows of the matrix to LPS mm."""

    size: tuple[int, int, int]
    to_lps: list[tuple[float, float, float, float]]


class May(Answer):
    """What this person may do with the case now."""

    edit: bool
    sign: bool
    unlock: bool
    start_again: bool
    adjudicate: bool


class Fact(Answer):
    name: str
    value: str


class DeauvilleSaid(Answer):
    score: str | None
    suggested: str | None
    because: str


class NewLesionsSaid(Answer):
    present: bool | None
    lesions: list[str]


class CommentSaid(Answer):
    number: int
    text: str


class CaliperSaid(Answer):
    lesion: str
    ldi_lps_mm: tuple[Point, Point]
    sdi_lps_mm: tuple[Point, Point]
    ldi_mm: float
    sdi_mm: float


class SeenOnCt(Answer):
    """How a lesion was seen on one CT. Diameters: mm, None where it was not measured."""

    day: int
    seen: str
    ldi_mm: float | None
    sdi_mm: float | None


class OnCt(Answer):
    """A lesion of this CT or of an earlier one. region: on this scan. edit: the number of what says `now`, None for a table's row."""

    name: str
    kind: str
    target: bool
    region: str | None
    before: SeenOnCt | None
    now: SeenOnCt | None
    edit: int | None


class SiteSaid(Answer):
    name: str
    kind: Kind


class DisagreementSaid(Answer):
    trigger: str
    because: str


class ReadingSeen(Answer):
    """One reading of the case, as far as it may be seen. not_blind: what its reader could see before, in words."""

    who: str
    category: str | None
    deauville: str | None
    tmtv_ml: float | None
    signed: bool
    not_blind: list[str]


class Changeable(Answer):
    """What an edit can change."""

    version: int
    reading: ReadingState | None
    lesions: list[LesionSaid]
    references: list[ReferenceRegion]
    biomarkers: list[Value]
    steps: list[StepSaid]
    response: list[ResponseSaid]
    deauville: DeauvilleSaid
    new_lesions: NewLesionsSaid
    comments: list[CommentSaid]
    calipers: list[CaliperSaid]
    on_ct: list[OnCt]
    standing: list[StandingEdit]


class EditedSaid(Changeable):
    """The reading after an edit; whether the voxels of a region changed."""

    voxels_changed: bool


class CaseView(Changeable):
    """A case as one person sees it. whose: the reading that is shown, empty for the machine's result; own_version: of the person's own.

    stands: whose reading counts, where that is settled and may be seen.
    """

    case: str
    patient: str
    timepoint: str
    day: int
    state: CaseState
    whose: str
    case_version: int
    own_version: int
    stands: str | None
    may: May
    scan: list[Fact]
    sites: list[SiteSaid]
    spin: SpinSaid
    grid: GridSaid
    has_ct: bool
    baseline: str | None
    disagreements: list[DisagreementSaid]
    readings: list[ReadingSeen]


class History(Answer):
    """What was done in the case, oldest first."""

    acts: list[ActSaid]


class Measurements(Answer):
    """All numbers of a reading, as `carpet measure` writes them into measurements.json."""

    status: str
    segmenter: str
    lesions: list[dict[str, Any]]
    biomarkers: list[dict[str, Any]]
    flags: list[NoticeSaid]


class SignIt(Asked):
    """The password again; not looked at where there are no accounts."""

    password: Password = ""


class UnlockIt(Asked):
    """Why; and whose reading, where it is not the own one."""

    reason: Annotated[Text, Field(min_length=1)]
    whose: Name | None = None


class StartItAgain(Asked):
    """Why a reading is started again."""

    reason: Annotated[Text, Field(min_length=1)]


class Reasoned(Asked):
    """Why; may be left out."""

    reason: Text = ""


class ChooseIt(Reasoned):
    """Whose reading stands; and the password again."""

    choice: Name
    password: Password = ""


class AssignIt(Reasoned):
    """Who reads, and who adjudicates (empty: nobody)."""

    readers: Annotated[list[Name], Field(min_length=1, max_length=2)]
    adjudicator: Name | None = None


class State(Answer):
    """How far a case and the person's reading are now."""

    case: str
    state: CaseState
    reading: ReadingState | None
    version: int
