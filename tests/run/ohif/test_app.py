"""Contract: read-only, by its own names, under its headers; every refusal is in words."""

from __future__ import annotations

from pathlib import Path

import pytest

from carpet.run.ohif.app import headers_of
from carpet.run.ohif.archive import Archive
from carpet.run.ohif.viewer import viewer_in

from .conftest import Served, Shown, open_service
from .test_viewer import build


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH"])
@pytest.mark.parametrize("path", ["/dicomweb/studies", "/dicomweb/studies/1.2", "/", "/dicomweb/workitems"])
def test_nothing_can_be_changed(method: str, path: str, served: Served) -> None:
    answer = served.client.request(method, f"{served.base}{path}", content=b"x")
    assert (answer.status_code, answer.json()["notices"][0]["code"]) == (405, "DICOMWEB_READ_ONLY")


def test_other_names_are_not_answered(served: Served) -> None:
    for host in ("evil.example", f"evil.example:{served.doorway.port}", "127.0.0.1:1", "127.0.0.1.evil.example"):
        answer = served.get("/dicomweb/studies", Host=host)
        assert (answer.status_code, answer.json()["notices"][0]["code"]) == (421, "DICOMWEB_HOST_UNKNOWN"), host
    for host in ("localhost", "127.0.0.1", f"localhost:{served.doorway.port}"):  # some clients leave the port out
        (row, *_) = served.get("/dicomweb/studies", Host=host).json()
        expected = host if ":" in host else f"127.0.0.1:{served.doorway.port}"
        assert row["00081190"]["Value"][0].startswith(f"http://{expected}/dicomweb/studies/")


def test_every_answer_carries_the_headers(served: Served, shown: Shown) -> None:
    for path in ("/", "/dicomweb/studies", "/nowhere", f"/dicomweb/studies/{shown.second.study_uid}", "/dicomweb/studies?x=1"):
        headers = served.get(path).headers
        assert headers["content-security-policy"].startswith("default-src 'none'")
        assert (headers["x-content-type-options"], headers["cache-control"]) == ("nosniff", "no-store")
        assert headers["cross-origin-resource-policy"] == "same-origin"
        assert "access-control-allow-origin" not in headers


@pytest.mark.parametrize("path", ["/dicomweb", "/dicomweb/", "/dicomweb/nothing", "/dicomweb/studies/", "/index.html", "/../x"])
def test_what_is_not_there_is_said(path: str, served: Served) -> None:
    answer = served.get(path)
    assert (answer.status_code, answer.json()["notices"][0]["code"]) == (404, "DICOMWEB_NO_SUCH_PLACE")


def test_ohif_runs_under_a_policy_of_its_own(archive: Archive, tmp_path: Path) -> None:
    viewer = viewer_in(build(tmp_path / "ohif"))
    headers = headers_of(viewer)
    assert headers["content-security-policy"] == viewer.policy
    assert headers["cross-origin-embedder-policy"] == "require-corp"
    assert "unsafe-eval" not in headers_of(None)["content-security-policy"]
    with open_service(archive, viewer) as there:
        assert there.get("/").headers["content-security-policy"] == viewer.policy
