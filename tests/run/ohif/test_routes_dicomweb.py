"""Truth: other program: a study read through the service measures the same as its folder; Orthanc's plug-in takes it as well."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any

import pydicom
import pytest

from carpet.run.ohif.routes_dicomweb import shelf_of

from .conftest import Served, Shown

Uids = Callable[[Path], tuple[str, str, str]]
JSON = "application/dicom+json"


def test_what_carpet_fetches_measures_the_same(served: Served, shown: Shown, call: Callable[..., Any], tmp_path: Path) -> None:
    said = call("fetch", served.root, "-o", tmp_path / "fetched", "--study", shown.first.study_uid, "--json")
    assert said.status == 0, said.err
    came = {path.read_bytes() for path in (tmp_path / "fetched").rglob("*.dcm")}
    assert came == {path.read_bytes() for path in (*shown.first.pet_files, *shown.first.ct_files)}
    tables = []
    for folder, name in ((tmp_path / "fetched", "a"), (shown.first.path, "b")):
        assert call("measure", folder, "-o", tmp_path / name, "--tables-only").status == 0
        tables.append(json.loads((tmp_path / name / "measurements.json").read_text()))
    assert tables[0]["biomarkers"] == tables[1]["biomarkers"]
    assert tables[0]["lesions"] == tables[1]["lesions"]
    assert len(tables[0]["lesions"]) > 0


@pytest.mark.orthanc
def test_orthanc_takes_a_study_from_it(orthanc: Any, served: Served, shown: Shown) -> None:
    orthanc.rest("PUT", "/dicom-web/servers/carpet", json.dumps({"Url": f"{served.root}/"}).encode())
    asked = json.dumps({"Resources": [{"Study": shown.first.study_uid}], "Synchronous": True}).encode()
    orthanc.rest("POST", "/dicom-web/servers/carpet/retrieve", asked)
    end = time.monotonic() + 60
    truth = {str(data.SOPInstanceUID): data for data in map(pydicom.dcmread, (*shown.first.pet_files, *shown.first.ct_files, shown.seg))}
    while len(orthanc.rest("GET", "/instances")) < len(truth) and time.monotonic() < end:
        time.sleep(0.2)
    for name in orthanc.rest("GET", "/instances"):
        came = pydicom.dcmread(BytesIO(orthanc.rest("GET", f"/instances/{name}/file")))
        assert came == truth.pop(str(came.SOPInstanceUID))
    assert truth == {}


def test_metadata_of_study_series_and_instance(client: Any, shown: Shown, uids: Uids) -> None:
    study, series, instance = uids(shown.first.pet_files[0])
    of_study = client.retrieve_study_metadata(study)
    of_series = client.retrieve_series_metadata(study, series)
    (of_instance,) = [one for one in of_series if one["00080018"]["Value"] == [instance]]
    assert client.retrieve_instance_metadata(study, series, instance) == of_instance
    assert [one for one in of_study if one["0020000E"]["Value"] == [series]] == of_series
    assert len(of_study) == len(shown.first.pet_files) + len(shown.first.ct_files) + 1
    there = pydicom.dcmread(shown.first.pet_files[0])
    came = pydicom.Dataset.from_json({tag: said for tag, said in of_instance.items() if "BulkDataURI" not in said})
    assert {element.tag for element in there} - {element.tag for element in came} == {0x7FE00010}
    assert all(came[element.tag] == element for element in there if element.tag in came)


def test_metadata_in_another_form_are_refused(served: Served, shown: Shown) -> None:
    path = f"/dicomweb/studies/{shown.second.study_uid}/metadata"
    assert served.get(path, Accept='multipart/related; type="application/dicom+xml"').status_code == 406
    answer = served.get(path, Accept=f"text/html, {JSON};q=0.9")
    assert (answer.status_code, answer.headers["content-type"]) == (200, JSON)
    assert served.get("/dicomweb/studies", Accept="text/html").status_code == 406


def test_searches_below_what_is_not_there_are_refused(served: Served, shown: Shown) -> None:
    for path in ("1.2/series", "1.2/instances", f"{shown.first.study_uid}/series/1.2/instances", "1.2/metadata", "1.2"):
        assert served.get(f"/dicomweb/studies/{path}").status_code == 404
    assert shelf_of.__name__ == "shelf_of"
