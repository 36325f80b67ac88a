"""One small study on disk, measured once, and the command called in this process."""

from __future__ import annotations

import datetime as dt
import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from carpet.core.protocol import Protocol
from carpet.dicom.nifti import write_nifti
from carpet.run.cli import run
from carpet.run.document import document
from carpet.run.measuring import measured
from carpet.run.pipeline import Result, Wishes
from carpet.testing import PhantomScan, WrittenStudy, simple_phantom, write_study
from carpet.testing.patients import Imaging, axial_grid, random_patient
from carpet.testing.phantom import frame_uid, make_phantom
from carpet.testing.timing import Visit

NAME, RECORD = "Zauberberg^Klawdia", "MRN-4711-0815"  # must be found in nothing that carpet writes or prints
DECIDED = "lesion_id,status,reader\nL01,physiologic,Dr A\nL02,disease,Dr A\nL03,disease,Dr A\nL04,disease,Dr A\n"


@dataclass(frozen=True)
class Said:
    """What a call printed, and its exit status."""

    status: int
    out: str
    err: str


@dataclass(frozen=True)
class Ready:
    """A phantom (L01 of the result is the bladder, then three lesions), its DICOM files, its truth as a mask, a reader's decisions."""

    scan: PhantomScan
    written: WrittenStudy
    folder: Path
    truth: Path
    decisions: Path


@pytest.fixture(scope="session")
def ready(tmp_path_factory: pytest.TempPathFactory) -> Ready:
    scan, base = simple_phantom(), tmp_path_factory.mktemp("simple")
    written = write_study(scan, base / "dicom", visit=Visit(patient_name=NAME, patient_id=RECORD))
    truth, decisions = base / "truth.nii.gz", base / "decisions.csv"
    truth.write_bytes(write_nifti(scan.truth.to_values(), scan.truth.grid))
    decisions.write_text(DECIDED)
    return Ready(scan, written, base / "dicom", truth, decisions)


def result_of(ready: Ready, wishes: Wishes, protocol: Protocol | None = None) -> Result:
    with measured(ready.folder, protocol or Protocol(), wishes, series_uid=None, weight_kg=None, say=lambda step: None) as result:
        return result


@pytest.fixture(scope="session")
def measured_with(ready: Ready) -> Callable[..., Result]:
    """The small study measured with these wishes and this protocol."""
    return partial(result_of, ready)


@pytest.fixture(scope="session")
def unreviewed(ready: Ready) -> Result:
    return result_of(ready, Wishes())


@pytest.fixture(scope="session")
def reviewed(ready: Ready) -> Result:
    return result_of(ready, Wishes(decisions=ready.decisions))


@pytest.fixture(scope="session")
def by_mask(ready: Ready) -> Result:
    return result_of(ready, Wishes(mask=ready.truth, reader="Dr A"))


@pytest.fixture(scope="session")
def told(unreviewed: Result) -> dict[str, object]:
    return document(unreviewed)


@pytest.fixture
def call(capsys: pytest.CaptureFixture[str]) -> Callable[..., Said]:
    """`carpet …` in this process."""

    def said(*arguments: object) -> Said:
        status = run([str(argument) for argument in arguments])
        printed = capsys.readouterr()
        return Said(status, printed.out, printed.err)

    return said


@pytest.fixture(scope="session")
def results(ready: Ready, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The files of two whole runs of the command, by review status."""
    folders = {}
    for status, more in (("UNREVIEWED", []), ("REVIEWED", ["--decisions", str(ready.decisions)])):
        folders[status] = tmp_path_factory.mktemp(status.lower())
        assert run(["measure", str(ready.folder), "-o", str(folders[status]), *more]) == 0
    return folders


INFUSED = dt.date(2024, 3, 1)
VOXEL_MM, FIELD_MM = 8.0, 560.0
TRIAL_PATIENTS = """\
patient_id,dicom_patient_id,age,infusion_date,lymphodepletion_date,bridging,last_contact_date
A,MRN-A,60,2024-03-01,2024-02-28,no,2024-12-01
B,MRN-B,50,2024-03-01,2024-02-26,yes,2024-12-01
C,,70,2024-03-01,2024-02-27,no,2024-12-01
"""
TRIAL_READINGS = """\
patient_id,date,reader,deauville,new_lesions,metabolic_response,ct_response
A,2024-03-30,Dr R,2,no,CMR,
A,2024-05-31,Dr R,5,yes,,
"""
TRIAL_CT = """\
patient_id,date,lesion,kind,ldi_mm,sdi_mm,target,status
B,2024-02-25,n1,node,40,30,yes,present
B,2024-02-25,n2,node,30,20,yes,present
B,2024-03-31,n1,node,24,20,yes,present
B,2024-03-31,n2,node,16,12,yes,present
B,2024-05-30,n1,node,40,30,yes,present
B,2024-05-30,n2,node,16,12,yes,present
"""


@dataclass(frozen=True)
class TrueScan:
    """What was planted on one day: all of it is disease at or above SUV 4 in lesions of 3 mL or more."""

    tmtv_ml: float
    tlg_g: float
    suv_max: float | None


@dataclass(frozen=True)
class PlantedTrial:
    """A trial folder that was never run, and the truth by patient and day. C's scan of day 28 has no weight, B has none at M3."""

    folder: Path
    truth: dict[tuple[str, int], TrueScan]

    def copied(self, to: Path) -> Path:
        """The same trial elsewhere; scans are linked, not copied."""
        shutil.copytree(self.folder, to, copy_function=os.link)
        for table in (to / "clinical").iterdir():
            text = table.read_bytes()
            table.unlink()
            table.write_bytes(text)
        return to


def _phantom_of(seed: int, name: str, *, volume: float, suv: float, keep: bool) -> PhantomScan:
    """A head-to-thigh phantom with a mediastinal and an axillary lesion, in voxels of 8 mm without blur."""
    one = random_patient(seed, sites=("mediastinal", "axillary"), imaging=Imaging(0.0, 0.0, 100, 8.0))
    uid, grid = frame_uid("trial", name), one.pet_grid
    bottom_mm = float(grid.affine_lps[2, 3])
    top_mm = bottom_mm + grid.spacing_mm_kji[0] * (grid.shape_kji[0] - 1)
    pet = axial_grid(round(FIELD_MM / VOXEL_MM), (VOXEL_MM,) * 3, top_mm=top_mm, bottom_mm=bottom_mm, uid=uid)
    assert one.ct_grid
    lesions = tuple(replace(le, shape=le.shape.scaled(volume ** (1 / 3)), suv=le.suv * suv) for le in one.lesions) if keep else ()
    return make_phantom(replace(one, name=name, lesions=lesions, pet_grid=pet, ct_grid=replace(one.ct_grid, frame_uid=uid)))


def _without_weight(dataset: Any, index: int) -> None:
    if dataset.Modality == "PT":
        del dataset.PatientWeight


TRIAL_SCANS: tuple[tuple[str, str, int, int, dict[str, Any]], ...] = (
    ("A", "MRN-A", 1, -3, {}),
    ("A", "MRN-A", 1, 29, {"keep": False}),
    ("A", "MRN-A", 1, 91, {}),
    ("B", "MRN-B", 2, -5, {}),
    ("B", "MRN-B", 2, 30, {"volume": 0.9, "suv": 0.6}),
    ("C", "C", 5, -4, {}),
    ("C", "C", 5, 28, {"volume": 1.2}),
)


@pytest.fixture(scope="session")
def planted(tmp_path_factory: pytest.TempPathFactory) -> PlantedTrial:
    from carpet.run.trial.folder import init_trial

    folder, truth = tmp_path_factory.mktemp("planted") / "trial", {}
    init_trial(folder)
    for who, record, seed, day, change in TRIAL_SCANS:
        scan = _phantom_of(seed, f"{who}{day}", **({"volume": 1.0, "suv": 1.0, "keep": True} | change))
        visit = Visit(patient_id=record, patient_name=NAME, injected_at=dt.datetime.combine(INFUSED, dt.time(8, 30)) + dt.timedelta(day))
        write_study(scan, folder / "dicom" / f"{who}{day}", visit=visit, edit=_without_weight if (who, day) == ("C", 28) else None)
        parts = [(scan.truth.regions[one.label].volume_ml, one.suv) for one in scan.planted]
        ml, glycolysis = sum(volume for volume, _ in parts), sum(volume * suv for volume, suv in parts)
        truth[who, day] = TrueScan(ml, glycolysis, max((suv for _, suv in parts), default=None))
    write_study(simple_phantom(spacing_mm=10.0), folder / "dicom" / "nobody", visit=Visit(patient_id="MRN-X", patient_name=NAME))
    for name, text in (("patients", TRIAL_PATIENTS), ("readings", TRIAL_READINGS), ("ct_targets", TRIAL_CT)):
        (folder / "clinical" / f"{name}.csv").write_text(text)
    return PlantedTrial(folder, truth)


@pytest.fixture(scope="session")
def ran(planted: PlantedTrial, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The planted trial after one run, without pages of the single scans; tests must not change it."""
    folder = planted.copied(tmp_path_factory.mktemp("ran") / "trial")
    assert run(["run", str(folder), "--tables-only"]) == 1
    return folder


def stored_record(kind: str, payload: dict[str, Any], name: str = "") -> Any:
    from carpet.run.store import Stored

    said: dict[str, Any] = dict.fromkeys(("chain", "step", "run", "who", "role", "reason", "created_at", "digest"), "")
    return Stored(kind=kind, payload=payload, name=name, id=f"{kind} {name}", sequence=1, **said)


@pytest.fixture
def with_lesion() -> Callable[..., Any]:
    """A scan with one more stored region: with_lesion(scan, "L01", 20.0, site="hilar", at=(45.0, 0.0, 0.0), status="disease")."""
    from carpet.anatomy.sites import SITES

    def made(
        scan: Any,
        name: str,
        volume_ml: float,
        *,
        site: str = "mediastinal",
        status: str = "disease",
        at: tuple[float, float, float] = (1.0, 2.0, 3.0),
    ) -> Any:
        code = {"value": SITES[site].code.value, "scheme": "SCT", "meaning": SITES[site].code.meaning}
        region = {"lesion_id": name, "status": status, "decided_by": "rule DIS-DEFAULT@1", "volume_ml": volume_ml, "site": code}
        region |= {"suv_max": 8.0, "suv_peak": 7.0, "tlg_g": 5.0 * volume_ml, "centroid_lps_mm": list(at)}
        return replace(scan, lesions=(*scan.lesions, stored_record("lesion", region, name)))

    return made


@pytest.fixture
def scan_at() -> Callable[..., Any]:
    """A scan of a course as the store would give it: scan_at(29, tmtv=10.0, suv_max=None, liver=2.0, voxel=4.0, undecided=5.0).

    undecided: SUVmax, SUVpeak and TLG of an undecided region, 0 for none.
    """
    from carpet.run.trial.course import Scan

    def made(
        day: int | None, *, liver: float = 2.0, blood_pool: float = 1.5, voxel: float = 4.0, undecided: float = 0.0, **values: Any
    ) -> Any:
        pet = {"manufacturer": "M", "model": "N", "reconstruction": "R", "spacing_mm_kji": [3.0, voxel, voxel]}
        reference = {"mean": liver, "sd": 0.1, "reason_missing": None}
        payload = {"segmenter": "suv4.0", "pet": pet, "references": {"liver": reference}, "uptake_min": 60.0, "status": "UNREVIEWED"}
        payload |= {"reference_suv_max": {"liver": liver, "blood_pool": blood_pool}, "sul_per_suv_bw": 0.75, "sul_reason_missing": None}
        rows = [
            {"name": name, "segmenter": "suv4.0", "value": value, "unit": "1", "reason_missing": "NO_LESION" if value is None else None}
            for name, value in values.items()
        ]
        region = {"status": "undecided", "lesion_id": "L01"} | dict.fromkeys(("suv_max", "suv_peak", "tlg_g"), undecided)
        region |= {"decided_by": "rule UND-HEAD@1", "site": None, "volume_ml": 5.0, "centroid_lps_mm": [0.0, 0.0, 0.0]}
        lesions = (stored_record("lesion", region, "L01"),) if undecided else ()
        records = tuple(stored_record("measurement", row | {"flags": []}, str(row["name"])) for row in rows)
        return Scan(f"1.2.{day}", f"s{day}", day, stored_record("study", payload), f"step{day}", lesions, records)

    return made
