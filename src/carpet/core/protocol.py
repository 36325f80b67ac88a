"""The whole method of a trial as one frozen value, read from TOML; unknown keys are refused with the nearest right key."""

from __future__ import annotations

import tomllib
from difflib import get_close_matches
from typing import Any, Literal, get_args, get_origin

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from carpet.core.body import LeanMass, SurfaceArea
from carpet.core.errors import ProtocolError


class Section(BaseModel):
    """A frozen part of the protocol; a key that is not listed here is an error, never ignored."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False, use_attribute_docstrings=True)


class SuvProtocol(Section):
    """How activity becomes SUV."""

    lean_mass: LeanMass = LeanMass.JANMAHASATIAN
    """Formula of lean body mass for SUL (percist_liver): janmahasatian, james128 or morgan120."""
    sex_undefined: Literal["refuse", "mean_of_sexes"] = "refuse"
    """SUL where PatientSex is O: refuse it, or take the mean of both formulas (IBSI test objects). Absent: refused."""
    reference_time: Literal["auto", "decay_correction_datetime", "ge_scan_datetime", "series_time", "siemens_datetime", "back_computed"] = (
        "auto"
    )
    """Decay reference time under DecayCorrection START: by the ranked procedure, or one candidate by name."""
    repair_date_shift: bool = False
    """Accept an injection date that an anonymiser shifted apart from the scan date, when the times of day fit."""
    uptake_window_min: tuple[float, float] = (45.0, 90.0)
    """Uptake times outside this window (minutes) are flagged."""


class SegmentProtocol(Section):
    """How uptake becomes regions."""

    method: str = "suv4.0"
    """The delineation of TMTV and of the lesion table."""
    also: tuple[str, ...] = ()
    """Further delineations of the same lesions, side by side in biomarkers.csv."""
    preselect_suv: float = Field(4.0, gt=0)
    """Candidate regions are connected voxels at or above this SUVbw (g/mL)."""
    preselect_min_ml: float = Field(3.0, ge=0)
    """Candidate regions below this volume (mL) are left to the reader; regions a reader adds have no lower limit."""
    margin_mm: float = Field(20.0, gt=0)
    """How far (mm) a delineation may reach beyond the candidate region it starts from."""


class BiomarkerProtocol(Section):
    """Which numbers, and their options."""

    names: tuple[str, ...] = ()
    """Biomarkers to compute; empty means all there are (`carpet methods biomarker`)."""
    suv_peak: Literal["0F91", "VJGA"] = "0F91"
    """SUVpeak: the hottest 1 cm³ sphere of the lesion (IBSI 0F91), or the sphere at the hottest voxel (VJGA)."""
    surface_area: SurfaceArea = SurfaceArea.MOSTELLER
    """Body surface area for SDmax: mosteller or du_bois."""


class DayWindow(Section):
    """The days of a time point."""

    first_day: int
    """The first day from infusion on which a scan may stand for the time point (infusion is day 0)."""
    last_day: int
    """The last such day, included."""
    nominal_day: int
    """Of several scans the one nearest to this day is taken."""

    @model_validator(mode="after")
    def _in_order(self) -> DayWindow:
        if not self.first_day <= self.nominal_day <= self.last_day:
            raise ValueError(f"nominal_day {self.nominal_day} lies outside {self.first_day} to {self.last_day}")
        return self


TIMEPOINTS = {  # METHODS D.9 has their sources; TD is nearest to enrolment where that day is known
    name: DayWindow(first_day=first, last_day=last, nominal_day=nominal)
    for name, (first, last, nominal) in {
        "TD": (-120, -15, -35),
        "TT": (-28, -1, -1),
        "D7": (4, 10, 7),
        "M1": (21, 45, 29),
        "M3": (75, 120, 90),
        "M6": (150, 210, 180),
        "M12": (330, 420, 365),
    }.items()
}


class ScoreProtocol(Section):
    """Which facts make a score, and which cut-offs may be borrowed."""

    lab_within_days: int = Field(14, ge=0)
    """How many days before a time point a laboratory value may have been drawn; one drawn after it is never taken."""
    extranodal_rule: Literal["ge2", "gt2_seed"] = "ge2"
    """Two-factor group: at least 2 extranodal sites, as the paper has it, or more than 2, as a review prints it."""
    overrides: dict[str, str] = {}
    """Cut-off → who accepts, and why, that it is applied to a volume of another delineation; it is said with every result."""


class CohortProtocol(Section):
    """What the statistics of the cohort are made of; names are columns of the table `cohort`."""

    endpoints: tuple[Literal["OS", "PFS", "EFS", "DOR", "TTP"], ...] = Field(("PFS", "OS"), min_length=1)
    """Endpoints of curves and models; the first is the main one."""
    rules: str = "default"
    """The named set of rules (when follow-up ends) of the main results; every other set stands beside it."""
    timepoint: str = "TT"
    """The time point whose measurements are the markers; where a patient has none, the earlier baseline, flagged."""
    groups: tuple[str, ...] = ("two_factor", "bridging")
    """Columns whose groups are compared by Kaplan–Meier curves and log-rank tests, and stand in the univariable models."""
    landmarks: tuple[str, ...] = ("M1", "M3")
    """Time points from which patients are compared by their response there; the clock starts at the last day of its window."""
    markers: tuple[str, ...] = ("tmtv", "tlg", "suv_max", "sdmax")
    """Columns whose effects on the endpoints and on toxicity are estimated, and whose cut-points are looked for."""
    adjusted_for: tuple[str, ...] = ("ipi",)
    """Columns that stand beside the first marker in the multivariable model."""
    horizon_days: int = Field(365, gt=0)
    """The day at which survival, restricted means, calibration and error are given."""
    samples: int = Field(500, ge=200)
    """Bootstrap samples of intervals and of the models' optimism."""
    permutations: int = Field(10_000, ge=1_000)
    """Permutations of the cut-points' P."""
    seed: int = Field(20_261_123, ge=0)
    """Of every random draw, so that the same cohort gives the same numbers."""


class RedcapPart(Section):
    """Which rows of a REDCap export fill one clinical table; several parts may fill the same table."""

    table: str
    """The table that it fills, such as patients.csv."""
    columns: dict[str, str]
    """Column of that table → field of the export."""
    instrument: str = ""
    """The repeating instrument whose rows are meant; empty: the record's own rows."""
    events: tuple[str, ...] = ()
    """The events (with their arm, as redcap_event_name has them: baseline_arm_1) whose rows are meant; empty: all."""
    constants: dict[str, str] = {}
    """Column → the word that stands in every row."""
    choices: dict[str, dict[str, str]] = {}
    """Column → code of the export → the word of carpet; a code that is not listed is refused."""
    needs: tuple[str, ...] = ()
    """Fields without which a row is passed over; by default one without any mapped value is."""


class RedcapProtocol(Section):
    """A REDCap export (CSV, raw codes) in clinical/ that stands in for clinical tables, read by this mapping. For example:
    file = "redcap.csv", and in parts { table = "patients.csv", events = ["baseline_arm_1"], columns = { sex = "sex", infusion_date =
    "inf_dt" }, choices = { sex = { 1 = "M", 2 = "F" } } }."""

    file: str = ""
    """The name of the export; empty: there is none."""
    record: str = "record_id"
    """The field that is the patient's id."""
    missing: tuple[str, ...] = ()
    """Words of the export for "not known", such as "-99"."""
    parts: tuple[RedcapPart, ...] = ()
    """What fills which table, one in braces after the other: table, columns, instrument, events, constants, choices, needs."""

    @model_validator(mode="after")
    def _whole(self) -> RedcapProtocol:
        if self.file != self.file.strip() or "/" in self.file or "\\" in self.file:
            raise ValueError("file is the name of a file in clinical/, without folders")
        if bool(self.file) != bool(self.parts):
            raise ValueError("file and parts belong together: an export without parts fills nothing, parts without an export neither")
        return self


class ReviewProtocol(Section):
    """How the scans are read in the reading room."""

    readers: Literal[1, 2] = 1
    """How many readers read each scan; two read without sight of each other until both have signed."""
    adjudication: Literal["choose", "third_read"] = "choose"
    """Where two readers differ, a third person chooses one of both readings, or reads the scan a third time."""
    clinical: Literal["hidden", "shown"] = "hidden"
    """Whether readers and adjudicators see the patient's clinical data."""
    later_scans: Literal["hidden", "shown"] = "hidden"
    """Whether a reader sees scans later than the one that is read; hidden, scans of a patient are read in the order of time."""


class Protocol(Section):
    """A trial's method. Every default is written here and nowhere else."""

    name: str = "cart-lymphoma"
    """What this protocol is called in reports."""
    suv: SuvProtocol = SuvProtocol()
    segment: SegmentProtocol = SegmentProtocol()
    biomarkers: BiomarkerProtocol = BiomarkerProtocol()
    scores: ScoreProtocol = ScoreProtocol()
    cohort: CohortProtocol = CohortProtocol()
    redcap: RedcapProtocol = RedcapProtocol()
    review: ReviewProtocol = ReviewProtocol()
    timepoints: dict[str, DayWindow] = Field(default=TIMEPOINTS)
    """Which scan stands for which time point, by days from infusion. TT (before lymphodepletion) is the baseline, TD (decision) where
    there is no TT. Who lists one lists all: a time point that is not here does not exist."""

    def of_measurement(self) -> dict[str, Any]:
        """What the measurement of one scan depends on, as JSON: the name, and the sections suv, segment, biomarkers."""
        return self.model_dump(mode="json", include={"name", "suv", "segment", "biomarkers"})


BUILT_IN = {"cart-lymphoma": Protocol()}


def protocol_from_toml(text: str, where: str) -> Protocol:
    """The protocol written in `text`; `where` names the file in errors. Raises ProtocolError."""
    try:
        return Protocol.model_validate(tomllib.loads(text))
    except tomllib.TOMLDecodeError as error:
        raise ProtocolError(f"{where} is not valid TOML: {error}") from error
    except ValidationError as error:
        raise ProtocolError("\n".join(_explained(problem, where) for problem in error.errors())) from error


def _explained(problem: Any, where: str) -> str:
    path = [str(part) for part in problem["loc"]]
    if problem["type"] != "extra_forbidden":
        return f"{where}: {'.'.join(path)}: {problem['msg']} (found {problem['input']!r})"
    section: Any = Protocol
    for part in path[:-1]:
        section = section.model_fields[part].annotation if hasattr(section, "model_fields") else _within(section)
    near = get_close_matches(path[-1], section.model_fields, n=1)
    hint = f"did you mean {near[0]!r}?" if near else f"known keys: {', '.join(section.model_fields)}"
    return f"{where}: unknown key {'.'.join(path)!r}; {hint}"


def _within(kind: Any) -> Any:
    """What a mapping holds under its keys, or a sequence at its places."""
    return get_args(kind)[1] if get_origin(kind) is dict else get_args(kind)[0]
