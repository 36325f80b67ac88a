"""Contract: the build that is named is OHIF or the call says how to get one; its page may reach this address only."""

from __future__ import annotations

import base64
import hashlib
import json
from pathlib import Path

import pytest

from carpet.core.errors import ProtocolError
from carpet.run.ohif.archive import Archive
from carpet.run.ohif.viewer import config_script, content_policy, described, page_without_viewer, viewer_in

PAGE = "<html><script>window.PUBLIC_URL = '/';</script><script src='/app.js'></script></html>"


def build(folder: Path, page: str = PAGE) -> Path:
    folder.mkdir(parents=True)
    (folder / "index.html").write_text(page)
    (folder / "app-config.js").write_text("window.config = {};")
    return folder


@pytest.mark.parametrize("inside", ["", "dist", "package/dist"])
def test_a_build_is_found_where_npm_puts_it(inside: str, tmp_path: Path) -> None:
    place = build(tmp_path / "ohif" / inside)
    assert viewer_in(tmp_path / "ohif").folder == place


def test_what_is_no_build_says_how_to_get_one(tmp_path: Path) -> None:
    for folder in (tmp_path, tmp_path / "nowhere"):
        with pytest.raises(ProtocolError, match="npm pack @ohif/app"):
            viewer_in(folder)
    with pytest.raises(ProtocolError, match="PUBLIC_URL=/"):
        viewer_in(build(tmp_path / "below", PAGE.replace("'/'", "'/ohif/'")))


def test_the_page_may_reach_this_address_only() -> None:
    policy = dict(part.split(" ", 1) for part in content_policy(PAGE).split("; "))
    digest = base64.b64encode(hashlib.sha256(b"window.PUBLIC_URL = '/';").digest()).decode()
    assert f"'sha256-{digest}'" in policy["script-src"]
    assert "unsafe-inline" not in policy["script-src"]
    allowed = {"'none'", "'self'", "'unsafe-inline'", "'unsafe-eval'", "data:", "blob:", f"'sha256-{digest}'"}
    assert {word for words in policy.values() for word in words.split(" ")} <= allowed
    assert policy["connect-src"] == policy["img-src"] == "'self' blob: data:"
    assert policy["worker-src"] == "'self' blob:"


def test_the_configuration_names_no_other_server() -> None:
    script = config_script()
    settings = json.loads(script.removeprefix("window.config = ").removesuffix(";\n"))
    (source,) = settings["dataSources"]
    assert settings["defaultDataSourceName"] == source["sourceName"]
    assert {source["configuration"][root] for root in ("qidoRoot", "wadoRoot", "wadoUriRoot")} == {"/dicomweb"}
    assert "//" not in script
    assert source["configuration"]["dicomUploadEnabled"] is False


def test_what_is_there_is_told_and_what_is_not(archive: Archive) -> None:
    lines = described(archive)
    assert lines[0].startswith("2 studies, ")
    assert "1 SEG" in lines[0]
    assert lines[1:] == ["not served: 1 FILE_MALFORMED, 2 UID_CONFLICT", "1 file beside them no DICOM"]
    assert described(Archive({}, {}, 0)) == ["0 studies, 0 instances", "no lesions (SEG) yet: `carpet run` makes them"]


def test_the_page_without_ohif_says_the_next_command(archive: Archive) -> None:
    page = page_without_viewer(archive, "http://127.0.0.1:8766/")
    for words in (
        "npm pack @ohif/app",
        "carpet ohif TRIAL --ohif package/dist",
        "http://127.0.0.1:8766/dicomweb",
        "50 MB",
        "2 UID_CONFLICT",
    ):
        assert words in page
    assert "<b>" not in page_without_viewer(Archive({}, {"<b>": 1}, 0), "")
