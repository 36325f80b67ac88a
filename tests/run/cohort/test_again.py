"""Contract: `carpet cohort` of INTERFACE: the statistics again from what is stored, without the scans, and never of stale records."""

from __future__ import annotations

import csv
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from carpet.core.errors import ProtocolError
from carpet.core.protocol import CohortProtocol
from carpet.run.cohort.again import TABLES, cohort_document, cohort_text, cohort_trial
from carpet.run.cohort.running import BRIDGING_KINETICS
from carpet.run.cohort.schemas import COHORT_SCHEMAS
from carpet.run.store import Stamp
from carpet.run.trial.verify import verify_trial

Call = Callable[..., Any]
CHEAP = {"markers": '["tmtv", "tlg", "suv_max", "sdmax"]', "adjusted_for": '["ipi"]', "permutations": "10000", "samples": "500"}
CHEAPER = {"markers": "[]", "adjusted_for": "[]", "permutations": "1000", "samples": "200"}


def tables(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted((folder / "results" / "tables").iterdir())}


def table(folder: Path, name: str) -> list[dict[str, str]]:
    with (folder / "results" / "tables" / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def asking(folder: Path, was: dict[str, str], now: dict[str, str]) -> None:
    """Change lines of [cohort] in trial.toml."""
    path = folder / "trial.toml"
    text = path.read_text()
    for key, value in was.items():
        assert f"\n{key} = {value}\n" in text
        text = text.replace(f"\n{key} = {value}\n", f"\n{key} = {now[key]}\n")
    path.write_text(text)


@pytest.fixture
def elsewhere(ran: Path, tmp_path: Path) -> Path:
    """The trial that ran, elsewhere and without its scans."""
    folder = tmp_path / "trial"
    shutil.copytree(ran, folder, ignore=shutil.ignore_patterns("dicom"))
    return folder


def test_the_tables_are_those_of_the_run_byte_for_byte(ran: Path, elsewhere: Path, call: Call) -> None:
    for path in (elsewhere / "results" / "tables").iterdir():
        if path.name.partition(".")[0] in TABLES:
            path.unlink()
    said = json.loads(call("cohort", elsewhere, "--tables-only", "--json").out)
    assert (said["patients"], said["computed"], said["files"], said["page"]) == (3, False, 0, None)
    assert tables(elsewhere) == tables(ran)
    assert said["rows"] == {name: len(table(ran, name)) for name in TABLES}
    assert set(said["not_estimated"]) == {*COHORT_SCHEMAS} - {"cohort"}


def test_days_from_infusion_and_no_name(elsewhere: Path) -> None:
    rows = {row["patient_id"]: row for row in table(elsewhere, "cohort")}
    assert list(rows) == ["A", "B", "C"]
    assert (rows["A"]["os_days"], rows["A"]["os_event"], rows["A"]["lugano_m1"], rows["B"]["lugano_m1"]) == ("275", "0", "CR", "PR")
    text = b"".join(tables(elsewhere)[f"{name}.csv"] for name in COHORT_SCHEMAS)
    assert not [secret for secret in (b"Zauberberg", b"MRN-", b"2024-") if secret in text]


def test_another_question_is_answered_without_a_scan_and_the_store_stays_whole(elsewhere: Path, call: Call) -> None:
    asking(elsewhere, CHEAP, CHEAPER)
    (elsewhere / "clinical" / "toxicity.csv").write_text("patient_id,onset_date,event,scale,grade\nA,2024-03-03,crs,astct2019,3\n")
    first = call("cohort", elsewhere)
    assert (first.status, first.err) == (0, "")
    assert first.out.splitlines()[0].endswith("results, computed now")
    assert first.out.splitlines()[-1].endswith("cohort.html")
    stand_alone = {*CohortProtocol().groups, *BRIDGING_KINETICS}  # no marker and no adjustment are left
    assert {row["model"] for row in table(elsewhere, "cox") if row["term"] not in stand_alone} == {"time-dependent"}
    assert [row["crs_grade"] for row in table(elsewhere, "cohort")] == ["3", "", ""]
    assert [row["grade"] for row in table(elsewhere, "toxicity")] == ["3"]
    page = elsewhere / "results" / "reports" / "cohort.html"
    kept = page.read_bytes()
    page.unlink()
    assert call("cohort", elsewhere).status == 0
    assert page.read_bytes() == kept
    assert "up to date" in call("cohort", elsewhere).out
    assert call("report", elsewhere).status == 0  # the patients' pages do not depend on what is asked of the cohort
    (elsewhere / "dicom").mkdir()
    assert not [one for one in verify_trial(elsewhere, say=lambda _: None) if one.code == "RECORD_DIFFERS"]


def test_stale_records_are_refused_patient_by_patient(elsewhere: Path, call: Call) -> None:
    readings = elsewhere / "clinical" / "readings.csv"
    readings.write_text(readings.read_text().replace("Dr R,2,no,CMR", "Dr R,4,no,PMR"))
    before = tables(elsewhere)
    said = call("cohort", elsewhere)
    assert said.status == 1
    assert "RECORD_STALE" in said.err + said.out
    assert "patient:A" in said.err + said.out
    assert tables(elsewhere) == before
    toml = elsewhere / "trial.toml"
    toml.write_text(toml.read_text().replace('method = "suv4.0"', 'method = "suv2.5"'))
    assert "trial.toml" in (again := call("cohort", elsewhere)).err + again.out
    assert again.status == 1


@pytest.mark.parametrize(
    ("key", "was", "now", "said"),
    [
        ("rules", '"default"', '"ema_style"', "there is no 'ema_style'; did you mean 'ema'"),
        ("markers", CHEAP["markers"], '["tmvt"]', "did you mean 'tmtv'"),
        ("groups", '["two_factor", "bridging"]', '["bridgeing"]', "did you mean 'bridging'"),
    ],
)
def test_a_wrong_name_is_told_before_the_work(elsewhere: Path, call: Call, key: str, was: str, now: str, said: str) -> None:
    asking(elsewhere, {key: was}, {key: now})
    for command in ("cohort", "run", "verify"):
        (elsewhere / "dicom").mkdir(exist_ok=True)
        found = call(command, elsewhere)
        assert found.status == 2
        assert said in found.err


def test_a_trial_that_never_ran_has_no_cohort(planted: Any, call: Call) -> None:
    assert "no results yet" in (said := call("cohort", planted.folder)).err
    assert said.status == 2


def test_the_document_and_the_text_say_the_same(elsewhere: Path) -> None:
    import datetime as dt

    stamp = Stamp(run="test", who="carpet", at=dt.datetime(2026, 1, 1, tzinfo=dt.UTC))
    outcome = cohort_trial(elsewhere, say=lambda _: None, stamp=stamp, tables_only=True)
    told, text = cohort_document(outcome), cohort_text(outcome)
    results = sum(number for name, number in told["rows"].items() if name in COHORT_SCHEMAS and name != "cohort")
    assert text.startswith(f"3 patients: {results} results, up to date\n{sum(told['not_estimated'].values())} results without a number")
    assert told["tables"] in text
    with pytest.raises(ProtocolError):
        cohort_trial(elsewhere / "nowhere", say=lambda _: None, stamp=stamp)
