"""Contract: T17. The command on an encrypted line with a certificate made here: a real socket, and plain HTTP is not answered."""

from __future__ import annotations

import http.client
import json
import ssl
import subprocess
import sys
from pathlib import Path

import pytest

from carpet.review.accounts import Account
from carpet.run.review.people import AccountFile, without, write_accounts
from carpet.run.review.readings import FOLDER

from .conftest import PASSWORD, copied

START_S = 240  # the machine may be busy
SUBJECT = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"]


@pytest.mark.slow
def test_an_encrypted_room(ran: Path, tmp_path: Path, cheap_accounts: dict[str, Account]) -> None:
    folder, certificate, key = copied(ran, tmp_path / "trial"), tmp_path / "cert.pem", tmp_path / "key.pem"
    made = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2", *SUBJECT]
    subprocess.run([*made, "-keyout", str(key), "-out", str(certificate)], check=True, capture_output=True)
    (folder / FOLDER).mkdir()
    write_accounts(folder / FOLDER, cheap_accounts)
    start = [sys.executable, "-c", "from carpet.run.cli import main; main()", "review", str(folder), "--port", "0", "--accounts"]
    with subprocess.Popen([*start, "--tls-cert", str(certificate), "--tls-key", str(key)], stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            address = process.stdout.readline().split()[-1]
            assert address.startswith("https://127.0.0.1:")
            assert "key=" not in address
            port = int(address.split(":")[2].strip("/"))
            trusted = ssl.create_default_context(cafile=str(certificate))

            def ask(method: str, path: str, body: object = None, **headers: str) -> tuple[http.client.HTTPResponse, bytes]:
                line = http.client.HTTPSConnection("127.0.0.1", port, context=trusted, timeout=START_S)
                line.request(method, path, None if body is None else json.dumps(body), {"Content-Type": "application/json", **headers})
                answer = line.getresponse()
                told = answer.read()
                line.close()
                return answer, told

            answer, _ = ask("POST", "/api/login", {"name": "Rea", "password": PASSWORD})
            cookie = answer.headers["set-cookie"]
            assert cookie.startswith("__Host-carpet_")
            assert {"Secure", "HttpOnly", "SameSite=strict", "Path=/"} <= {part.strip() for part in cookie.split(";")}
            assert "max-age" in answer.headers["strict-transport-security"]
            held = {"Cookie": cookie.split(";")[0]}
            assert ask("GET", "/api/queue", **held)[0].status == 200
            accounts = AccountFile(folder / FOLDER)
            write_accounts(folder / FOLDER, without(accounts.now(), "Rea"))
            assert ask("GET", "/api/queue", **held)[0].status == 401  # the session ends with the account, in a running room
            plain = http.client.HTTPConnection("127.0.0.1", port, timeout=START_S)
            plain.request("GET", "/api/me")
            with pytest.raises((http.client.HTTPException, OSError)):
                plain.getresponse()
            stranger = http.client.HTTPSConnection("127.0.0.1", port, context=ssl.create_default_context(), timeout=START_S)
            with pytest.raises(ssl.SSLCertVerificationError):
                stranger.request("GET", "/api/me")
        finally:
            process.kill()
