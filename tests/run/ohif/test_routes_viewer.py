"""Contract: OHIF's files are served as they are, its configuration and its service worker are carpet's, and nothing beside its folder."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from carpet.run.ohif.archive import Archive
from carpet.run.ohif.routes_viewer import viewer_file
from carpet.run.ohif.viewer import NO_SERVICE_WORKER, config_script, viewer_in

from .conftest import Served, open_service
from .test_viewer import PAGE, build


@pytest.fixture(scope="module")
def with_ohif(archive: Archive, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder = build(tmp_path_factory.mktemp("named") / "ohif")
    (folder / "app.js").write_text("run()")
    (folder / "decoder.wasm").write_bytes(b"\0asm")
    (folder / "init-service-worker.js").write_text("importScripts('https://elsewhere.example/x.js')")
    (folder.parent / "secret.txt").write_text("secret")
    (folder / "link.txt").symlink_to(folder.parent / "secret.txt")
    with open_service(archive, viewer_in(folder)) as made:
        yield made


@pytest.mark.parametrize("path", ["/", "/index.html", "/viewer?StudyInstanceUIDs=1.2", "/tmtv", "/viewer/deeper"])
def test_every_address_within_the_page_is_the_page(path: str, with_ohif: Served) -> None:
    answer = with_ohif.get(path)
    assert (answer.status_code, answer.text) == (200, PAGE)
    assert answer.headers["content-type"].startswith("text/html")


def test_files_are_served_and_not_sent_twice(with_ohif: Served) -> None:
    answer = with_ohif.get("/app.js")
    assert (answer.text, answer.headers["cache-control"]) == ("run()", "no-cache")
    assert "javascript" in answer.headers["content-type"]
    assert with_ohif.get("/decoder.wasm").headers["content-type"] == "application/wasm"


def test_configuration_and_service_worker_are_our_own(with_ohif: Served) -> None:
    assert with_ohif.get("/app-config.js").text == config_script()
    assert with_ohif.get("/init-service-worker.js").text == NO_SERVICE_WORKER


@pytest.mark.parametrize("path", ["/../secret.txt", "/%2e%2e/secret.txt", "/..%2fsecret.txt", "//secret.txt", "/link.txt", "/absent.js"])
def test_nothing_beside_the_folder_is_served(path: str, with_ohif: Served) -> None:
    answer = with_ohif.get(path)
    assert answer.status_code == 404
    assert "secret" not in answer.text


def test_without_ohif_there_is_one_page(served: Served) -> None:
    assert "npm pack @ohif/app" in served.get("/").text
    assert served.get("/viewer").status_code == 404
    assert viewer_file.__doc__ is not None
