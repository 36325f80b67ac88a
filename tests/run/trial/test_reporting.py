"""Contract: `carpet report` of INTERFACE: the patients' pages again from what is stored, without the scans, and never a stale page."""

from __future__ import annotations

import html
import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from carpet.core.errors import ProtocolError
from carpet.run.trial.reporting import report_trial

Call = Callable[..., Any]


@pytest.fixture(scope="module")
def reported(ran: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The trial that ran, elsewhere and without its scans, after `carpet report`; tests must not change it."""
    folder = tmp_path_factory.mktemp("reported") / "trial"
    shutil.copytree(ran, folder, ignore=shutil.ignore_patterns("dicom"))
    made = report_trial(folder, patient_id=None, say=lambda step: None)
    assert ([page.parent.name for page in made.pages], made.renewed, made.refusals) == (["A", "B", "C"], 3, ())
    return folder


def files(folder: Path) -> dict[str, bytes]:
    kept = [*(folder / "results" / "reports").glob("*/index.html"), *(folder / "results" / "reports").glob("*/report.pdf")]
    kept += [*(folder / "results" / "figures").glob("*/mip_row.png"), *(folder / "results" / "figures").glob("*/trajectory.svg")]
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(kept)}


def page_of(folder: Path, patient: str) -> str:
    return html.unescape((folder / "results" / "reports" / patient / "index.html").read_text(encoding="utf-8"))


def test_every_patient_has_a_page_a_pdf_and_two_figures(reported: Path) -> None:
    made = files(reported)
    expected = [f"results/reports/{who}/{name}" for who in "ABC" for name in ("index.html", "report.pdf")]
    expected += [f"results/figures/{who}/{name}" for who in "ABC" for name in ("mip_row.png", "trajectory.svg")]
    assert sorted(made) == sorted(expected)
    assert all(content.startswith(b"%PDF-") for name, content in made.items() if name.endswith("pdf"))


def test_the_page_tells_the_course(reported: Path) -> None:
    a, b, c = (page_of(reported, who) for who in "ABC")
    for words in ("reader Dr R", "carpet, by the numbers", "LUG-CMR", "TT to M1", "UNREVIEWED", "T01", "reappeared"):
        assert words in a, words
    assert "<strong>M3</strong> day 90" in b  # no PET there, only a CT
    assert "CT-PR" in b
    assert "REFUSED: no patient weight" in c
    assert "the PET of day 28 was refused: no patient weight" in c


def test_no_name_no_record_number_no_calendar_date(reported: Path) -> None:
    made = files(reported)
    for secret in (b"Zauberberg", b"MRN-", b"2024-0"):
        assert secret not in b"".join(made.values())
    text = "\n".join(content.decode() for name, content in made.items() if name.endswith((".html", ".svg")))
    assert not re.search(r"(?<!\d)202403\d\d(?!\d)", text)


def test_a_second_call_makes_nothing_anew_and_a_lost_page_comes_back_the_same(reported: Path, call: Call, tmp_path: Path) -> None:
    folder = tmp_path / "trial"
    shutil.copytree(reported, folder)
    before = files(folder)
    said = json.loads(call("report", folder, "--json").out)
    assert (said["renewed"], len(said["pages"]), said["refusals"]) == (0, 3, [])
    (folder / "results/reports/A/index.html").unlink()
    (folder / "results/figures/B/trajectory.svg").unlink()
    said = call("report", folder)
    assert said.status == 0
    assert said.out.startswith("3 reports, 2 made anew")
    assert files(folder) == before


def test_one_patient_and_the_nearest_id_of_an_unknown_one(reported: Path, call: Call) -> None:
    said = json.loads(call("report", reported, "--patient", "B", "--json").out)
    assert [Path(page).parent.name for page in said["pages"]] == ["B"]
    wrong = call("report", reported, "--patient", "b")
    assert wrong.status == 2
    assert "no patient 'b'" in wrong.err
    with pytest.raises(ProtocolError, match="has 3 patients"):
        report_trial(reported, patient_id="ZZZ", say=lambda step: None)


def test_what_has_changed_since_the_last_run_is_refused(reported: Path, call: Call, tmp_path: Path) -> None:
    folder = tmp_path / "trial"
    shutil.copytree(reported, folder)
    readings = folder / "clinical" / "readings.csv"
    readings.write_text(readings.read_text().replace("Dr R,2,no,CMR", "Dr R,4,no,PMR"))
    said = call("report", folder, "--json")
    assert said.status == 1
    told = json.loads(said.out)
    assert [(row["code"], row["where"]) for row in told["refusals"]] == [("RECORD_STALE", "patient:A")]
    assert len(told["pages"]) == 2
    toml = folder / "trial.toml"
    toml.write_text(toml.read_text().replace('method = "suv4.0"', 'method = "suv2.5"'))
    said = call("report", folder)
    assert said.status == 1
    assert "RECORD_STALE" in said.out + said.err


def test_a_trial_that_never_ran_has_no_reports(planted: Any, call: Call) -> None:
    said = call("report", planted.folder)
    assert said.status == 2
    assert "no results yet" in said.err


def test_a_near_id_is_named(reported: Path, tmp_path: Path, call: Call) -> None:
    folder = tmp_path / "trial"
    (folder / "dicom").mkdir(parents=True)
    shutil.copytree(reported / "clinical", folder / "clinical")
    shutil.copy(reported / "trial.toml", folder)
    (folder / "clinical" / "patients.csv").write_text("patient_id,age,infusion_date\n<b>P001,60,2024-03-01\nP002,61,\n")
    for name in ("readings", "ct_targets"):
        (folder / "clinical" / f"{name}.csv").unlink()
    call("run", folder)
    pages = sorted((folder / "results" / "reports").glob("*/index.html"))
    assert len(pages) == 2
    odd = next(page for page in pages if page.parent.name.startswith("patient-")).read_text()
    assert "&lt;b&gt;P001" in odd
    assert "<b>P001" not in odd
    assert "There is no scan of this patient." in odd
    index = (folder / "results" / "reports" / "index.html").read_text()
    assert 'href="P002/index.html"' in index
    said = call("report", folder, "--patient", "P003")
    assert said.status == 2
    assert "did you mean 'P002'?" in said.err
