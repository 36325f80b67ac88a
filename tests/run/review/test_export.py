"""Truth: `carpet measure` itself. The exported table, reading and labels, given to the command, bring the same numbers."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from carpet.run.review.app import review_app
from carpet.run.review.opening import open_room
from carpet.run.review.security import Doorway

from .conftest import PORT, Browser, Clock, Opened, copied

URL = "/api/cases/A/TT"
NUMBER = ("name", "segmenter", "value", "unit", "reason_missing")
LESION = ("status", "volume_ml", "suv_max", "suv_mean", "suv_peak", "tlg_g", "voxels")


def dicom_of(opened: Opened, name: str) -> Path:
    """The folder of one scan, as the planted trial names it."""
    return next(opened.room.trial.dicom.glob(name))


def small_uptake(opened: Opened) -> list[float]:
    """A point in uptake that is no region of its own yet: the middle of one that the machine has left out, or of none."""
    scan = opened.room.scans.opened(opened.room.study(opened.room.history.case("A/TT"))).surveyed
    free = scan.suv.values >= 4.0
    for one in scan.lesions:
        free[one.region.box] &= ~one.region.mask
    at = free.nonzero()
    return [float(mm) for mm in scan.suv.grid.to_lps_mm([[axis[0] for axis in at]])[0]] if at[0].size else []


def edits_of(opened: Opened, one: Browser) -> list[dict[str, Any]]:
    lesions = one.get(URL).json()["lesions"]
    disease = [row["id"] for row in lesions if row["status"] == "disease"]
    other = [row["id"] for row in lesions if row["status"] == "physiologic"]
    point = small_uptake(opened)
    return [
        {"kind": "status", "lesion": disease[0], "status": "physiologic"},
        {"kind": "status", "lesion": other[1], "status": "disease"},
        {"kind": "site", "lesion": disease[1], "site": "hilar"},
        {"kind": "site", "lesion": other[1], "site": "bone"},
        *([{"kind": "add", "point_lps_mm": point}] if point else []),
    ]


def done(one: Browser, edits: list[dict[str, Any]]) -> int:
    version = one.get(URL).json()["version"]
    for edit in edits:
        answer = one.post(f"{URL}/edits", edit, version=version)
        assert answer.status_code == 200, answer.text
        version = answer.json()["version"]
    return int(version)


def same_numbers(one: Browser, call: Callable[..., Any], scan: Path, folder: Path, name: str) -> dict[str, Any]:
    """The exported file of this name brings every lesion and number again, to the last digit; what the command says."""
    file = folder / name
    file.write_bytes(one.get(f"{URL}/{name}").content)
    said = call("measure", scan, "-o", folder / "out", "--decisions", file, "--tables-only")
    assert said.status == 0, said.err
    by_command = json.loads((folder / "out" / "measurements.json").read_text())
    here = one.get(f"{URL}/measurements").json()
    assert here["status"] == by_command["status"]
    for row in ("lesions", "biomarkers"):
        names = (*LESION, "site", "kind") if row == "lesions" else NUMBER
        assert [[one[name] for name in names] for one in here[row]] == [[one[name] for name in names] for one in by_command[row]]
    shown = {row["name"]: row["value"] for row in one.get(URL).json()["biomarkers"]}
    assert shown == {row["name"]: row["value"] for row in by_command["biomarkers"] if row["name"] in shown}
    return dict(by_command)


@pytest.mark.parametrize("name", ["decisions.csv", "reading.json"])
def test_the_export_brings_the_same_numbers(single: Opened, call: Callable[..., Any], tmp_path: Path, name: str) -> None:
    one = single.browser().arrive()
    version = done(one, edits_of(single, one))
    assert one.post(f"{URL}/sign", {}, version=version).status_code == 200
    assert same_numbers(one, call, dicom_of(single, "A-3"), tmp_path, name)["status"] == "REVIEWED"


def test_the_reading_says_what_was_drawn(single: Opened, call: Callable[..., Any], tmp_path: Path) -> None:
    """Every kind of edit, one resting on the other: parts parted again and decided, a decided region merged away, the liver moved."""
    one = single.browser().arrive()
    start = one.get(URL).json()
    large, other = sorted(start["lesions"], key=lambda row: -row["volume_ml"])[:2]
    liver = next(row for row in start["references"] if row["name"] == "liver")["centre_lps_mm"]
    scan = single.room.scans.opened(single.room.study(single.room.history.case("A/TT"))).surveyed
    region = next(row.region for row in scan.lesions if row.id == large["id"])
    inside = scan.suv.grid.to_lps_mm(region.indices_kji)
    seeds = [[float(mm) for mm in inside[n]] for n in (0, len(inside) // 2, len(inside) - 1)]
    moved = [liver[0], liver[1] + 8.0, liver[2]]
    version = done(
        one,
        [
            {"kind": "split", "lesion": large["id"], "seeds_lps_mm": [seeds[0], seeds[2]]},
            {"kind": "split", "lesion": large["id"], "seeds_lps_mm": [seeds[0], seeds[1]]},
            {"kind": "status", "lesion": large["id"], "status": "disease"},
            {"kind": "status", "lesion": other["id"], "status": "disease"},
            {"kind": "merge", "lesions": [large["id"], other["id"]]},
            {"kind": "brush", "points_lps_mm": [liver], "radius_mm": 15.0},
            {"kind": "sphere_threshold", "centre_lps_mm": [liver[0], liver[1], liver[2] + 40.0], "radius_mm": 20.0, "suv": 0.5},
            {"kind": "reference", "which": "liver", "centre_lps_mm": moved},
            {"kind": "site", "lesion": large["id"], "site": "hilar", "counts_as": "extranodal"},
        ],
    )
    by_command = same_numbers(one, call, dicom_of(single, "A-3"), tmp_path, "reading.json")
    assert by_command["status"] == "UNREVIEWED"
    assert len(by_command["lesions"]) == len(start["lesions"]) + 3
    assert one.post(f"{URL}/sign", {}, version=version).status_code == 200
    assert same_numbers(one, call, dicom_of(single, "A-3"), tmp_path, "reading.json")["status"] == "REVIEWED"
    assert one.get(f"{URL}/decisions.csv").status_code == 422


@pytest.mark.parametrize("signs", [True, False])
def test_what_stood_in_the_table_before_is_said_too(ran: Path, call: Callable[..., Any], tmp_path: Path, signs: bool) -> None:
    """A reading rests on clinical/decisions.csv; `carpet measure` has no such table beside it."""
    folder = copied(ran, tmp_path / "trial")
    with open_room(folder, only="Rea", now=Clock(), say=lambda step: None) as room:
        plain = Browser(review_app(room, Doorway("127.0.0.1", PORT))).arrive().get(URL).json()["lesions"]
    disease = [row for row in plain if row["status"] == "disease"]
    other = next(row for row in plain if row["status"] == "physiologic")
    at = ",".join(f"{mm:.2f}" for mm in other["centroid_lps_mm"])
    rows = ["patient_id,date,lesion_id,l_mm,p_mm,s_mm,status,site,reader", f"A,2024-02-27,{disease[0]['id']},,,,physiologic,,Dr A"]
    rows += [f"A,2024-02-27,,{at},disease,bone,Dr A", "A,2024-02-27,*,,,,accept,,Dr A"]
    (folder / "clinical" / "decisions.csv").write_text("\n".join(rows) + "\n")
    with open_room(folder, only="Rea", now=Clock(), say=lambda step: None) as room:
        one = Browser(review_app(room, Doorway("127.0.0.1", PORT))).arrive()
        said = {row["id"]: row["status"] for row in one.get(URL).json()["lesions"]}
        assert [said[disease[0]["id"]], said[other["id"]]] == ["physiologic", "disease"]
        version = done(one, [{"kind": "status", "lesion": disease[1]["id"], "status": "physiologic"}])
        assert not signs or one.post(f"{URL}/sign", {}, version=version).status_code == 200
        for name in ("decisions.csv", "reading.json"):
            (tmp_path / name).mkdir()
            scan = next(room.trial.dicom.glob("A-3"))
            assert same_numbers(one, call, scan, tmp_path / name, name)["status"] == "REVIEWED"


def test_labels_are_a_mask_that_the_command_takes(single: Opened, call: Callable[..., Any], tmp_path: Path) -> None:
    one = single.browser().arrive()
    start = one.get(URL).json()
    lesion = next(row for row in start["lesions"] if row["status"] == "disease")
    ball = {"kind": "brush", "points_lps_mm": [lesion["centroid_lps_mm"]], "radius_mm": 20.0, "lesion": lesion["id"]}
    view = one.post(f"{URL}/edits", ball, version=0).json()
    mask = tmp_path / "labels.nii.gz"
    mask.write_bytes(one.get(f"{URL}/labels").content)
    said = call("measure", dicom_of(single, "A-3"), "-o", tmp_path / "out", "--mask", mask, "--reader", "Rea", "--tables-only")
    assert said.status == 0, said.err
    volumes = sorted(row["volume_ml"] for row in json.loads((tmp_path / "out" / "measurements.json").read_text())["lesions"])
    assert volumes == pytest.approx(sorted(row["volume_ml"] for row in view["lesions"]))


@pytest.mark.parametrize(
    "edit",
    [
        {"kind": "brush", "points_lps_mm": [[0, 0, 0]], "radius_mm": 15.0},
        {"kind": "status", "lesion": "L03", "status": "undecided"},
        {"kind": "site", "lesion": "L03", "site": "hilar", "counts_as": "extranodal"},
    ],
)
def test_what_a_table_cannot_say_is_refused(single: Opened, edit: dict[str, Any]) -> None:
    one = single.browser().arrive()
    if edit["kind"] == "brush":
        liver = next(row for row in one.get(URL).json()["references"] if row["name"] == "liver")
        edit = edit | {"points_lps_mm": [liver["centre_lps_mm"]]}
    done(one, [edit])
    answer = one.get(f"{URL}/decisions.csv")
    assert (answer.status_code, answer.json()["notices"][0]["code"]) == (422, "REVIEW_NOT_A_TABLE")
