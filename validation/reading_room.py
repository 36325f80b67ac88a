"""Whether what a reader does in the page of the reading room is what `carpet measure` and `carpet run` then say, number by number.

Run: python validation/reading_room.py TRIAL [--cases 10], where `carpet run TRIAL` has ended. A copy of the trial is read by a script
through the real page and server. Prints seconds, keys and clicks of each case and every comparison; exit status 1 where a number differs.
Needs `make web`, playwright and Debian's chromium.
"""

from __future__ import annotations

import argparse
import contextlib
import csv
import io
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from time import perf_counter
from typing import Any

import nibabel
import numpy as np
from scripted_reader import Image, ScriptedReader, reading_at, unpacked

from carpet.run.cli import run
from carpet.run.trial.running import ready_trial

READER = "Rea"
NOT_COPIED = ("dicom", "review", "review-cache")
MOST_TOLD = 20  # differences of one comparison
REACTIVE = ("spleen", "marrow")
OF_LESION = ("status", "kind", "site", "volume_ml", "suv_max", "suv_mean", "suv_peak", "tlg_g", "centroid_lps_mm", "voxels")
OF_NUMBER = ("name", "segmenter", "value", "unit", "reason_missing")
SHOWN = ("tmtv", "tlg", "suv_max", "lesion_count", "extranodal_sites")  # on the page beside the pictures
ROUNDING = 1e-12  # of a sum whose terms come in another order: a mask's regions are numbered by volume
CARPET = [sys.executable, "-c", "from carpet.run.cli import main; main()"]
Comparison = tuple[str, list[str]]  # what was compared, and what differs


def steps_of(number: int) -> list[Callable[[ScriptedReader], None]]:
    """What is done in the case of this number besides the toggles: every tool, and what has gone wrong in other programs."""
    one = ScriptedReader
    plans: list[list[Callable[[ScriptedReader], None]]] = [
        [one.add, one.site],  # a table of decisions says all of it
        [one.paint, one.erase, one.take_back, one.split, partial(one.toggle_by_key, nth=1), one.merge],
        [one.split, partial(one.split, nth=1), partial(one.toggle_by_key, nth=0), one.split],  # parts split again, and decided
        [partial(one.toggle_by_key, nth=1), one.merge],  # a decision on a region that the next edit takes away
        [one.sphere, one.move_reference, partial(one.toggle_in_slice, nth=0)],
        [one.caliper, one.take_back_first, one.quickly],  # an edit taken back on which others may rest
        [partial(one.site, name="bone", counts_as="nodal"), one.add],  # what a table cannot say
        [one.paint_new, partial(one.paint, nth=1), one.merge, one.split],  # merged, and parted again
        [one.split, one.merge, one.erase],  # parted, and merged again
        [one.caliper, one.paint, one.move_reference, one.take_back],
    ]
    return plans[number % len(plans)]


@dataclass
class CaseRead:
    """One case: how long it took, how much of that was waiting for the room's answers to edits, by how much of a hand, what was done and
    left, and what the room exported when it was signed."""

    case: str
    seconds: float = 0.0
    waited_s: float = 0.0
    keys: int = 0
    clicks: int = 0
    done: list[str] = field(default_factory=list)
    left: list[str] = field(default_factory=list)
    view: dict[str, Any] = field(default_factory=dict)
    shown: dict[str, str] = field(default_factory=dict)
    measurements: dict[str, Any] = field(default_factory=dict)
    table: str | None = None
    whole: str = ""
    machine: int = 0  # the highest number of a region of its own
    labels: bytes = b""
    pet: bytes = b""

    @property
    def added(self) -> set[str]:
        """The regions that clicks have added: named after the edit's number, counted on from the machine's."""
        numbers = [row["number"] for row in self.view["standing"] if row["edit"]["kind"] == "add"]
        return {f"L{self.machine + number:02d}" for number in numbers}

    @property
    def lesions(self) -> list[dict[str, Any]]:
        return list(self.measurements["lesions"])


def read_case(reader: ScriptedReader, number: int, started: float) -> CaseRead:
    """The case that is open, read and signed."""
    one = CaseRead(reader.case)
    steps = [reader.toggle_on_projection, reader.toggle_in_slice, reader.toggle_by_key]
    for step in (*steps, *(partial(step, reader) for step in steps_of(number))):
        one.left += filter(None, [reader.do(step)])
    reader.decide_all()
    score = "12345"[number % 5]
    reader.deauville(score)
    one.left += filter(None, [reader.do(partial(reader.new_lesions, number % 3 == 0))])
    reader.comment(f"read by a script, plan {number}")
    one.shown = reader.shown()
    reader.sign()
    one.waited_s = reader.waited_s
    one.seconds, one.keys, one.clicks, one.done = perf_counter() - started, reader.keys, reader.clicks, list(reader.done)
    one.view, one.whole, one.labels, one.pet = (
        reader.view,
        reader.bytes("reading.json").decode(),
        reader.bytes("labels"),
        reader.bytes("pet"),
    )
    one.measurements = json.loads(reader.bytes("measurements"))
    table = reader.client.get(f"/api/cases/{one.case}/decisions.csv")
    one.table = table.text if table.status_code == 200 else None
    return one


def cases_read(address: str, cases: int, complaints: list[str]) -> Iterator[CaseRead]:
    """In the order of the queue, by the key for the next case. complaints: takes those of the browser."""
    with reading_at(address) as reader:
        names = [one["case"] for one in reader.client.get("/api/queue").json()["cases"]][:cases]
        for number, name in enumerate(names):
            started = perf_counter()
            if number:
                reader.press("n")
            yield read_case(reader.opened(name), number, started)
        complaints += reader.troubles


@contextlib.contextmanager
def open_room(trial: Path) -> Iterator[str]:
    """`carpet review` in a process of its own; its address."""
    with subprocess.Popen([*CARPET, "review", str(trial), "--port", "0", "--reader", READER], stdout=subprocess.PIPE, text=True) as room:
        assert room.stdout is not None
        told = room.stdout.readline().split()
        try:
            if not told:
                raise AssertionError(f"carpet review ended with {room.wait(30)}")
            yield told[-1]
        finally:
            room.terminate()
            room.communicate(timeout=30)


# the same numbers elsewhere


@dataclass(frozen=True)
class Scan:
    """Where a case's scan lies, and how the trial opens it."""

    folder: Path
    series_uid: str | None
    weight_kg: float | None


def scans_of(trial: Path) -> dict[str, Scan]:
    """By case."""
    names = {row["study_uid"]: f"{row['patient_id']}/{row['timepoint']}" for row in table(trial, "studies")}
    found = {}
    with ready_trial(trial, lambda step: None, reviews=False) as ready:
        for study in (one for some in ready.studies.values() for one in some if one.study_uid in names):
            files = [str(file) for one in study.found.catalogue.series for file in one.files]
            folder = Path(os.path.commonpath(files))
            asked = study.asked
            found[names[study.study_uid]] = Scan(folder if folder.is_dir() else folder.parent, asked.series_uid, asked.weight_kg)
    return found


def table(trial: Path, name: str) -> list[dict[str, str]]:
    with (trial / "results" / "tables" / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def measured(scan: Scan, trial: Path, into: Path, *more: object) -> dict[str, Any]:
    """What `carpet measure` says of the scan."""
    asked = [*(("--series", scan.series_uid) if scan.series_uid else ()), *(("--weight-kg", scan.weight_kg) if scan.weight_kg else ())]
    call = ["measure", scan.folder, "-o", into, "--protocol", trial / "trial.toml", "--tables-only", *asked, *more]
    heard = io.StringIO()
    with contextlib.redirect_stdout(heard), contextlib.redirect_stderr(heard):
        status = run([str(part) for part in call])
    if status != 0:
        raise AssertionError(f"carpet measure ended with {status}: {heard.getvalue()[-600:]}")
    return dict(json.loads((into / "measurements.json").read_text()))


def apart(what: str, here: object, there: object) -> list[str]:
    return [] if here == there else [f"{what}: {here!r} in the room, {there!r}"]


def against(one: CaseRead, other: Mapping[str, Any]) -> list[str]:
    """Every lesion in its order and every number of the patient, to the last digit; names may differ where a table adds regions."""
    wrong = apart("status", one.measurements["status"], other["status"])
    wrong += apart("regions", len(one.lesions), len(other["lesions"]))
    for mine, its in zip(one.lesions, other["lesions"], strict=False):
        wrong += [text for name in OF_LESION for text in apart(f"{mine['lesion_id']} {name}", mine[name], its[name])]
    mine, its = ([[row[name] for name in OF_NUMBER] for row in said["biomarkers"]] for said in (one.measurements, other))
    return (
        wrong + apart("numbers", len(mine), len(its)) + [text for a, b in zip(mine, its, strict=False) for text in apart(str(a[0]), a, b)]
    )


def on_the_page(one: CaseRead) -> list[str]:
    """The page before the signature, the case after it, and the export: the same numbers; the four steps end in the TMTV."""
    exported = {row["name"]: row["value"] for row in one.measurements["biomarkers"] if row["segmenter"] == one.measurements["segmenter"]}
    wrong = [text for row in one.view["biomarkers"] for text in apart(row["name"], row["value"], exported[row["name"]])]
    for name in SHOWN:
        value = exported[name]
        wrong += apart(f"{name} on the page", None if one.shown[name] == "" else float(one.shown[name]), value)
    of = {row["lesion_id"]: row for row in one.lesions}
    wrong += apart("regions", [row["id"] for row in one.view["lesions"]], list(of))
    for row in one.view["lesions"]:
        names = ("status", "kind", "volume_ml", "suv_max", "suv_mean", "suv_peak", "tlg_g")
        wrong += [text for name in names for text in apart(f"{row['id']} {name}", row[name], of[row["id"]][name])]
    return wrong + steps_wrong(one, exported["tmtv"])


def steps_wrong(one: CaseRead, tmtv: float) -> list[str]:
    """TMTV4 is the TMTV; TMTV3 lacks what was added by click; every edit of regions is counted once."""
    steps = {row["name"]: row for row in one.view["steps"]}
    kinds = [row["edit"]["kind"] for row in one.view["standing"]]
    of_regions = sum(kind in ("status", "add", "brush", "split", "merge", "sphere_threshold") for kind in kinds)
    wrong = apart("TMTV4", steps["TMTV4"]["volume_ml"], tmtv)
    wrong += apart("edits counted in the steps", sum(row["clicks"] for row in steps.values()), of_regions)
    if "add" not in kinds:
        wrong += apart("TMTV3 without a click", steps["TMTV3"]["volume_ml"], tmtv)
    return wrong


def steps_alone(one: CaseRead, scan: Scan, trial: Path, into: Path, machine: Mapping[str, str]) -> list[str]:
    """TMTV1 and TMTV2 again, from the statuses that were given to the machine's own regions and no other edit. machine: id → kind."""
    whole = json.loads(one.whole)
    whole["edits"] = [row for row in whole["edits"] if row["edit"]["kind"] == "status" and row["edit"]["lesion"] in machine]
    (into / "statuses.json").write_text(json.dumps(whole))
    lesions = measured(scan, trial, into / "statuses", "--decisions", into / "statuses.json")["lesions"]
    second = sum(row["volume_ml"] for row in lesions if row["status"] == "disease")
    reactive = sum(row["volume_ml"] for row in lesions if row["status"] == "physiologic" and machine[row["lesion_id"]] in REACTIVE)
    third = one.view["steps"][3]["volume_ml"] - sum(row["volume_ml"] for row in one.view["lesions"] if row["id"] in one.added)
    again = {"TMTV1": second + reactive, "TMTV2": second, "TMTV3": third}
    told = {row["name"]: row["volume_ml"] for row in one.view["steps"]}
    return [f"{name}: {told[name]!r} in the room, {ml!r}" for name, ml in again.items() if abs(told[name] - ml) > ROUNDING * max(1.0, ml)]


def in_the_voxels(one: CaseRead) -> list[str]:
    """The exported labels on the exported PET, counted without a line of carpet."""
    labels, pet = Image.of(one.labels), Image.of(one.pet)
    ml = abs(float(np.linalg.det(pet.affine[:3, :3]))) / 1000.0
    wrong = []
    for row in one.view["lesions"]:
        inside = pet.values[labels.values == row["label"]]
        exported = next(le for le in one.lesions if le["lesion_id"] == row["id"])
        wrong += apart(f"{row['id']} voxels", exported["voxels"], len(inside)) + apart(
            f"{row['id']} SUVmax", row["suv_max"], float(inside.max())
        )
        wrong += [] if np.isclose(len(inside) * ml, row["volume_ml"], rtol=1e-5) else [f"{row['id']} volume"]  # the affine is float32
    return wrong


def as_a_mask(one: CaseRead, scan: Scan, trial: Path, into: Path) -> list[str]:
    """The disease of the exported labels as a mask: another way to the same totals, without any edit."""
    packed = nibabel.Nifti1Image.from_bytes(unpacked(one.labels))
    disease = [row["label"] for row in one.view["lesions"] if row["status"] == "disease"]
    if not disease:
        return []
    values = np.asanyarray(packed.dataobj)
    into.mkdir(parents=True, exist_ok=True)
    nibabel.save(nibabel.Nifti1Image(np.where(np.isin(values, disease), values, 0), None, packed.header), into / "mask.nii.gz")
    found = measured(scan, trial, into, "--mask", into / "mask.nii.gz", "--reader", READER)
    its = {row["name"]: row["value"] for row in found["biomarkers"] if row["segmenter"] == "mask"}
    mine = {row["name"]: row["value"] for row in one.view["biomarkers"]}
    wrong = [
        f"{name}: {mine[name]!r}, {its[name]!r} by the mask"
        for name in ("tmtv", "tlg")
        if abs(mine[name] - its[name]) > ROUNDING * mine[name]
    ]
    return wrong + apart("suv_max", mine["suv_max"], its["suv_max"])


def in_the_run(one: CaseRead, tables: Mapping[str, Sequence[Mapping[str, str]]]) -> dict[str, list[str]]:
    """What `carpet run` has written of the case: the lesions, the numbers, and the responses that the reader signed under.

    Without what the room itself calls provisional, which it may know only after this run.
    """
    patient, timepoint = one.case.split("/")
    rows = {name: [row for row in some if (row["patient_id"], row["timepoint"]) == (patient, timepoint)] for name, some in tables.items()}
    lesions: list[str] = apart("regions", [row["lesion_id"] for row in one.lesions], [row["lesion_id"] for row in rows["lesions"]])
    for mine, its in zip(one.lesions, rows["lesions"], strict=False):
        names = ("status", "volume_ml", "suv_max", "suv_mean", "suv_peak", "tlg_g", "voxels", "kind")
        lesions += [text for name in names for text in apart(f"{mine['lesion_id']} {name}", said(mine[name]), its[name])]
    numbers = {(row["name"], row["segmenter"]): row["value"] for row in rows["biomarkers"]}
    values = {(row["name"], row["segmenter"]): said(row["value"]) for row in one.measurements["biomarkers"]}
    wrong = [text for key in sorted(values) for text in apart(" ".join(key), values[key], numbers.get(key))]
    wrong += apart("REVIEWED", one.measurements["status"], rows["studies"][0]["status"])
    mine = {row["criterion"]: (row["category"], row["rule"]) for row in one.view["response"] if not row["provisional"]}
    machine, its = (
        {row["criterion"]: (row["category"], row["rule"]) for row in rows["responses"] if row["assessor"] == by}
        for by in ("carpet", f"reader {READER}")
    )
    responses = [text for key, value in mine.items() for text in apart(key, value, (machine | its).get(key))]
    if its:
        score = next((value[0] for key, value in its.items() if key.startswith("deauville@")), None)
        responses += apart("Deauville", one.view["deauville"]["score"], score)
    return {"lesions": lesions, "numbers": wrong, "responses": responses}


def said(value: object) -> str:
    """As a table has it."""
    return "" if value is None else repr(value) if isinstance(value, float) else str(value)


def compared(one: CaseRead, scan: Scan, trial: Path, into: Path) -> Iterator[Comparison]:
    """Everything but the run, whose tables are those of before the reading still."""
    machine = {row["lesion_id"]: row["kind"] for row in table(trial, "lesions") if f"{row['patient_id']}/{row['timepoint']}" == one.case}
    one.machine = max((int(name.removeprefix("L")) for name in machine), default=0)
    (into / "reading.json").write_text(one.whole)
    yield "the page = the export", on_the_page(one)
    yield "the voxels", in_the_voxels(one)
    yield "measure --decisions reading.json", against(one, measured(scan, trial, into / "whole", "--decisions", into / "reading.json"))
    if one.table is not None:
        (into / "decisions.csv").write_text(one.table)
        yield (
            "measure --decisions decisions.csv",
            against(one, measured(scan, trial, into / "table", "--decisions", into / "decisions.csv")),
        )
    yield "TMTV1 to TMTV4", steps_alone(one, scan, trial, into, machine)
    yield "measure --mask labels", as_a_mask(one, scan, trial, into / "mask")


def copied(trial: Path, to: Path) -> Path:
    """The trial after its run, without readings; scans are linked. Clinical data are shown: hidden, they are in no response of the room."""
    shutil.copytree(trial, to, ignore=shutil.ignore_patterns(*NOT_COPIED))
    (to / "dicom").symlink_to((trial / "dicom").resolve())
    protocol = to / "trial.toml"
    protocol.write_text(protocol.read_text(encoding="utf-8").replace('\nclinical = "hidden"\n', '\nclinical = "shown"\n'), encoding="utf-8")
    return to


@dataclass
class Findings:
    """What was compared. wrong: in how many comparisons something differs."""

    tell: Callable[[str], None]
    wrong: int = 0

    def add(self, case: str, name: str, differs: Sequence[str]) -> None:
        self.wrong += bool(differs)
        self.tell(f"{case}: {name}: {'equal' if not differs else f'{len(differs)} DIFFER'}")
        for text in differs[:MOST_TOLD]:
            self.tell(f"    {text}")


def check(trial: Path, cases: int, tell: Callable[[str], None]) -> int:
    """How many comparisons found a difference."""
    found = Findings(tell)
    with tempfile.TemporaryDirectory() as scratch:
        copy = copied(trial, Path(scratch) / "trial")
        read = read_all(copy, cases, found)
        scans = scans_of(copy)
        for one in read:
            into = Path(scratch) / one.case.replace("/", "_")
            into.mkdir()
            for name, differs in compared(one, scans[one.case], copy, into):
                found.add(one.case, name, differs)
        begun = perf_counter()
        with contextlib.redirect_stdout(io.StringIO()):
            run(["run", str(copy), "--tables-only"])
        tell(f"carpet run: {perf_counter() - begun:.1f} s")
        tables = {name: table(copy, name) for name in ("lesions", "biomarkers", "studies", "responses")}
        for one in read:
            for name, differs in in_the_run(one, tables).items():
                found.add(one.case, f"carpet run, {name}", differs)
    tell(f"{found.wrong} comparisons differ")
    return found.wrong


def read_all(trial: Path, cases: int, found: Findings) -> list[CaseRead]:
    """The first cases of the queue, read and signed one after the other."""
    read, complaints, begun = [], list[str](), perf_counter()
    with open_room(trial) as address:
        found.tell(f"open after {perf_counter() - begun:.1f} s")
        for one in cases_read(address, cases, complaints):
            read.append(one)
            hand = f"{one.keys} keys, {one.clicks} clicks"
            found.tell(
                f"{one.case}: {one.seconds:.1f} s, {one.waited_s:.1f} s of it until {len(one.done)} answers, {hand}: {', '.join(one.done)}"
            )
            for text in one.left:
                found.tell(f"    not done: {text}")
    seconds, keys, clicks = (sum(getattr(one, name) for one in read) for name in ("seconds", "keys", "clicks"))
    found.tell(f"{len(read)} cases in {seconds:.1f} s of machine time, {keys} keys, {clicks} clicks")
    found.add("the page", "what the browser complained of", complaints)
    return read


def main() -> int:
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("trial", type=Path)
    asked.add_argument("--cases", type=int, default=10)
    given = asked.parse_args()
    return 1 if check(given.trial, given.cases, partial(print, flush=True)) else 0


if __name__ == "__main__":
    sys.exit(main())
