"""Contract: the command as a process. Acknowledged edits survive kill -9; another address is refused; who else asks is not answered."""

from __future__ import annotations

import http.client
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from carpet.core.errors import ProtocolError
from carpet.run.review.history import open_history
from carpet.run.review.readings import FOLDER, HISTORY
from carpet.run.review.serving import Wanted, serve

from .conftest import copied

START_S = 240  # the machine may be busy


@contextmanager
def served(folder: Path) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """`carpet review` as a process of its own, and its address without http://."""
    start = "from carpet.run.cli import main; main()"
    command = [sys.executable, "-c", start, "review", str(folder), "--port", "0", "--reader", "Rea"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            yield process, process.stdout.readline().split("http://")[1].strip()
        finally:
            process.kill()


class Page:
    """A page on a real connection."""

    def __init__(self, address: str) -> None:
        self.host, _, way_in = address.partition("/")
        self.cookie, self.token = "", ""
        nobody, told = self.ask("GET", "/api/me")
        assert (nobody.status, told["notices"][0]["code"]) == (403, "REVIEW_KEY_NEEDED")
        answer, _ = self.ask("GET", f"/{way_in}")
        assert (answer.status, answer.headers["location"]) == (303, "/")
        self.cookie = answer.headers["set-cookie"].split(";")[0]
        self.token = self.ask("GET", "/api/me")[1]["form_token"]
        used, _ = self.ask("GET", f"/{way_in}", cookie="")
        assert used.status == 403

    def ask(
        self, method: str, path: str, body: Any = None, version: int | None = None, cookie: str | None = None
    ) -> tuple[http.client.HTTPResponse, Any]:
        connection = http.client.HTTPConnection(self.host, timeout=START_S)
        headers = {"Cookie": self.cookie if cookie is None else cookie, "X-CSRF-Token": self.token, "Content-Type": "application/json"}
        headers |= {} if version is None else {"If-Match": f'"{version}"'}
        connection.request(method, path, None if body is None else json.dumps(body), headers)
        answer = connection.getresponse()
        told = answer.read()
        connection.close()
        return answer, json.loads(told) if answer.headers.get("content-type") == "application/json" else None


@pytest.mark.slow
def test_acknowledged_edits_survive_kill_9(ran: Path, tmp_path: Path) -> None:
    folder = copied(ran, tmp_path / "trial")
    with served(folder) as (process, address):
        page, version, scores = Page(address), 0, ["4", "5", "3", "2"]
        for score in scores:
            answer, told = page.ask("POST", "/api/cases/A/TT/edits", {"kind": "deauville", "score": score}, version)
            assert answer.status == 200, told
            version = told["version"]
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
    with open_history(folder / FOLDER / HISTORY) as history:
        assert history.verify() == ()
        said = [one.new["edit"]["score"] for one in history.events("A/TT", streams=("Rea",)) if one.act == "edited"]
    assert said == scores
    with served(folder) as (process, address):
        page = Page(address)
        _, view = page.ask("GET", "/api/cases/A/TT")
        assert (view["deauville"]["score"], view["version"]) == ("2", version)
        process.send_signal(signal.SIGINT)
        assert process.wait(START_S) == 130


@pytest.mark.parametrize(
    ("wanted", "words"),
    [
        (Wanted(Path("nowhere"), host="0.0.0.0"), "--accounts"),  # noqa: S104
        (Wanted(Path("nowhere"), host="10.0.0.1", only=""), "--tls-cert"),
        (Wanted(Path("nowhere"), certificate=Path("c.pem")), "belong together"),
        (Wanted(Path("nowhere")), "no folder"),
    ],
)
def test_what_cannot_be_opened_says_what_it_needs(wanted: Wanted, words: str) -> None:
    with pytest.raises(ProtocolError, match=words):
        serve(wanted, say=str, ready=pytest.fail, again=str)


def test_a_trial_that_was_never_run_is_not_opened(tmp_path: Path, planted: Any) -> None:
    folder = planted.copied(tmp_path / "trial")
    with pytest.raises(ProtocolError, match="carpet run"):
        serve(Wanted(folder), say=str, ready=pytest.fail, again=str)
