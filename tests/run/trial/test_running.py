"""Truth: what was planted in phantoms (volumes, uptake, days), and Lugano categories found by hand."""

from __future__ import annotations

import csv
import hashlib
import io
import math
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from carpet.run.store import open_store

Call = Callable[..., Any]
SUV_REL = 2e-3  # stored values are rounded to int16


def table(folder: Path, name: str) -> list[dict[str, str]]:
    text = (folder / "results" / "tables" / f"{name}.csv").read_text(encoding="utf-8")
    return list(csv.DictReader(io.StringIO(text)))


def tables(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted((folder / "results" / "tables").iterdir())}


def test_every_measured_scan_equals_what_was_planted(planted: Any, ran: Path) -> None:
    rows = {(row["patient_id"], int(row["day"]), row["name"]): row for row in table(ran, "biomarkers")}
    days = {key for key in planted.truth if key != ("C", 28)}
    assert {key[:2] for key in rows} == days
    for key in days:
        true = planted.truth[key]
        assert float(rows[*key, "tmtv"]["value"]) == pytest.approx(true.tmtv_ml, rel=1e-9)
        assert float(rows[*key, "tlg"]["value"]) == pytest.approx(true.tlg_g, rel=SUV_REL)
        if true.suv_max is None:
            assert (rows[*key, "suv_max"]["value"], rows[*key, "suv_max"]["reason_missing"]) == ("", "NO_LESION")
        else:
            assert float(rows[*key, "suv_max"]["value"]) == pytest.approx(true.suv_max, rel=SUV_REL)


def test_scans_stand_for_their_time_points_and_what_is_refused_is_told(ran: Path) -> None:
    said = {(row["patient_id"], int(row["day"])): (row["timepoint"], row["status"]) for row in table(ran, "studies")}
    measured = {("A", -3): "TT", ("A", 29): "M1", ("A", 91): "M3", ("B", -5): "TT", ("B", 30): "M1", ("C", -4): "TT"}
    assert said == {key: (name, "UNREVIEWED") for key, name in measured.items()} | {("C", 28): ("", "REFUSED")}
    refused = {(row["patient_id"], row["day"], row["code"]) for row in table(ran, "refusals")}
    assert refused == {("C", "28", "WEIGHT_MISSING"), ("", "", "PATIENT_UNKNOWN")}
    flags = {(row["patient_id"], row["code"], row["where"]) for row in table(ran, "flags")}
    assert ("B", "NO_SCAN_IN_WINDOW", "M3") in flags
    # the only scan of B before infusion is in the window of TT, too late for TD: no doubt about its role
    assert not {row for row in flags if row[1] == "BASELINE_ROLE_UNSURE"}


def test_kinetics_by_hand(planted: Any, ran: Path) -> None:
    rows = {(row["patient_id"], row["biomarker"], row["from_timepoint"], row["to_timepoint"]): row for row in table(ran, "kinetics")}
    before, now = planted.truth["B", -5].tmtv_ml, planted.truth["B", 30].tmtv_ml
    assert now < before
    one = rows["B", "tmtv", "TT", "M1"]
    assert (one["from_day"], one["to_day"], one["from_baseline"]) == ("-5", "30", "yes")
    assert float(one["change"]) == pytest.approx(now - before)
    assert float(one["per_day"]) == pytest.approx((now - before) / 35)
    assert float(one["percent"]) == pytest.approx(100 * (now - before) / before)
    assert float(one["log_growth_per_day"]) == pytest.approx(math.log(now / before) / 35)
    assert float(one["doubling_days"]) == pytest.approx(35 * math.log(2) / math.log(now / before))
    assert float(rows["B", "suv_max", "TT", "M1"]["percent"]) == pytest.approx(-40, abs=0.3)
    gone, back = rows["A", "tmtv", "TT", "M1"], rows["A", "tmtv", "M1", "M3"]
    assert (float(gone["percent"]), gone["reason_missing"]) == (-100.0, "ZERO_NOW")
    assert (back["percent"], back["reason_missing"], back["from_baseline"]) == ("", "ZERO_BEFORE", "no")
    assert ("A", "tmtv", "TT", "M3") in rows
    assert rows["A", "suv_max", "TT", "M1"]["reason_missing"] == "NO_LESION"


def test_responses_by_hand(ran: Path) -> None:
    rows = {
        (row["patient_id"], row["timepoint"], row["criterion"].partition("@")[0], row["assessor"]): row for row in table(ran, "responses")
    }
    said = {key: row["category"] for key, row in rows.items()}
    assert len(said) == len(table(ran, "responses"))
    # A: all gone at M1, the same lesions back at M3, which the reader calls new
    assert [said["A", "M1", name, "carpet"] for name in ("deauville", "lugano_pet", "lugano_ct", "lugano")] == ["1", "CMR", "NE", "CR"]
    assert [said["A", "M1", name, "reader Dr R"] for name in ("deauville", "lugano_pet", "lugano")] == ["2", "CMR", "CR"]
    assert "NEW_FAINT_NOT_SOUGHT" in rows["A", "M1", "deauville", "carpet"]["flags"]
    assert [said["A", "M3", name, who] for who in ("carpet", "reader Dr R") for name in ("lugano_pet", "lugano")] == ["PMD", "PD"] * 2
    # B: SUVmax 40 % lower, far above the liver; SPD 1800 → 672 mm² at M1; n1 from 480 to 1200 mm² at day 90, where there is no PET
    m1 = ("deauville", "lugano_pet", "lugano_ct", "lugano", "recil", "cheson2007")
    assert [said["B", "M1", name, "carpet"] for name in m1] == ["5", "PMR", "PR", "PR", "PR", "PR"]
    assert "NEW_LESIONS_NOT_READ" not in rows["B", "M1", "lugano_pet", "carpet"]["flags"]  # the tracks tell
    assert [said["B", "M3", name, "carpet"] for name in m1] == ["NE", "NE", "PD", "PD", "PD", "PD"]
    assert rows["B", "M3", "lugano", "carpet"]["rule"] == "LUG-CT-PD"
    # C: the scan of M1 was refused, and the row says so
    assert (said["C", "M1", "deauville", "carpet"], said["C", "M1", "lugano", "carpet"]) == ("NE", "NE")
    assert "WEIGHT_MISSING" in rows["C", "M1", "deauville", "carpet"]["because"]
    assert all("UNREVIEWED" in row["flags"] for key, row in rows.items() if key[2] == "deauville" and key[3] == "carpet")


def test_no_name_no_record_number_no_calendar_date_in_what_is_made(ran: Path) -> None:
    made = tables(ran) | {"index.html": (ran / "results" / "reports" / "index.html").read_bytes()}
    for secret in (b"Zauberberg", b"MRN-", b"2024-0"):
        assert secret not in b"".join(made.values())
    text = "\n".join(content.decode() for name, content in made.items() if not name.endswith(".parquet"))  # chance digits in those
    assert not re.search(r"(?<!\d)202403\d\d(?!\d)", text)


def test_a_second_run_writes_nothing(ran: Path, call: Call) -> None:
    before, stamps = tables(ran), {path: path.stat().st_mtime_ns for path in (ran / "results").rglob("*") if path.name != "carpet.sqlite"}
    with open_store(ran / "results" / "carpet.sqlite") as store:
        head = store.head()
    assert call("run", ran, "--tables-only").status == 1
    with open_store(ran / "results" / "carpet.sqlite") as store:
        assert store.head() == head
    assert tables(ran) == before
    files = {path: path.stat().st_mtime_ns for path in stamps if path.is_file() and "sqlite" not in path.name}
    assert files == {path: stamps[path] for path in files}


def test_another_protocol_is_another_measurement_and_windows_alone_are_not(ran: Path, call: Call, tmp_path: Path) -> None:
    folder = tmp_path / "trial"
    shutil.copytree(ran, folder)
    toml = folder / "trial.toml"
    toml.write_text(
        toml.read_text().replace("first_day = 21, last_day = 45, nominal_day = 29", "first_day = 30, last_day = 45, nominal_day = 30")
    )
    assert '"measured": 0,' in call("run", folder, "--tables-only", "--json").out
    assert {(row["patient_id"], row["timepoint"]) for row in table(folder, "studies") if row["day"] in ("29", "30")} == {
        ("A", ""),
        ("B", "M1"),
    }
    shutil.rmtree(folder / "dicom")
    for name in ("C-4", "nobody"):
        shutil.copytree(ran / "dicom" / name, folder / "dicom" / name)
    toml.write_text(toml.read_text().replace('method = "suv4.0"', 'method = "suv2.5"'))
    assert '"measured": 1,' in call("run", folder, "--tables-only", "--json").out
    assert {row["segmenter"] for row in table(folder, "biomarkers")} == {"suv2.5"}


def test_an_unknown_column_is_refused_with_its_place(planted: Any, call: Call, tmp_path: Path) -> None:
    folder = tmp_path / "trial"
    (folder / "dicom").mkdir(parents=True)
    (folder / "trial.toml").write_bytes((planted.folder / "trial.toml").read_bytes())
    (folder / "clinical").mkdir()
    (folder / "clinical" / "patients.csv").write_text("patient_id,age,infusion_date,shoe_size\nA,60,2024-03-01,43\n")
    assert call("run", folder).status == 1
    (row,) = table(folder, "refusals")
    assert (row["code"], row["where"]) == ("COLUMN_UNKNOWN", "patients.csv row 1, column shoe_size")


def test_a_folder_that_is_no_trial_is_a_wrong_call(call: Call, tmp_path: Path) -> None:
    said = call("run", tmp_path)
    assert said.status == 2
    assert "patients.csv" in said.err


def started(folder: Path, **environment: str) -> subprocess.Popen[bytes]:
    script = "import sys; from carpet.run.cli import run; sys.exit(run(['run', sys.argv[1], '--tables-only']))"
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    return subprocess.Popen([sys.executable, "-c", script, str(folder)], env=os.environ | environment, **quiet)  # type: ignore[call-overload, no-any-return]


@pytest.mark.slow
def test_names_order_time_zone_and_locale_change_no_byte(planted: Any, ran: Path, tmp_path: Path) -> None:
    folder = planted.copied(tmp_path / "trial")
    files = sorted(path for path in (folder / "dicom").rglob("*") if path.is_file())
    for number, path in enumerate(files):
        path.rename(folder / "dicom" / hashlib.sha256(str(number).encode()).hexdigest()[:12])
    assert started(folder, TZ="Asia/Kathmandu", LC_ALL="de_DE.UTF-8", PYTHONHASHSEED="7").wait() == 1
    assert tables(folder) == tables(ran)


@pytest.mark.slow
def test_killed_three_times_and_called_again_it_is_as_if_never_killed(planted: Any, ran: Path, tmp_path: Path) -> None:
    folder, rng = planted.copied(tmp_path / "trial"), np.random.default_rng(20)
    for _ in range(3):
        running = started(folder)
        time.sleep(rng.uniform(0.5, 4.0))
        running.send_signal(signal.SIGKILL)
        running.wait()
    assert started(folder).wait() == 1
    assert tables(folder) == tables(ran)
    with open_store(folder / "results" / "carpet.sqlite") as store, open_store(ran / "results" / "carpet.sqlite") as other:
        assert store.verify() == ()
        assert {one.id for one in store.current("measurement")} == {one.id for one in other.current("measurement")}
        assert store.head().sequence == other.head().sequence
