"""The three commands that touch a network, each to or from an address that the user typed: fetch, send, receive."""

from __future__ import annotations

import netrc
import os
import time
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Annotated
from urllib.parse import urlsplit

import typer

from carpet.core.errors import ProtocolError
from carpet.run.calls import DONE, Json, app, print_json, progress_on, say
from carpet.run.terminal import counted, printable

if TYPE_CHECKING:
    from carpet.dicom.network.http import Credentials
    from carpet.dicom.network.receiving import Tally

PASSWORD, TOKEN = "CARPET_DICOMWEB_PASSWORD", "CARPET_DICOMWEB_TOKEN"
DEFAULT_MODALITIES = ("PT", "CT")
WAIT_S = 0.5

Address = Annotated[
    str, typer.Argument(help="Address of the DICOMweb service: https://host:port/dicom-web.", show_default=False, metavar="URL")
]
User = Annotated[
    str | None,
    typer.Option(metavar="NAME", help=f"Who asks. The password is read from {PASSWORD} or from ~/.netrc, never from the call."),
]
InsecureHttp = Annotated[
    bool, typer.Option("--insecure-http", help="Allow http:// to another machine, where the line itself is protected.")
]
Bind = Annotated[str, typer.Option(metavar="ADDRESS", help="Address of this machine to listen on; without it, this machine only.")]


@app.command(short_help="Bring PET/CT studies from a DICOMweb archive.")
def fetch(
    url: Address,
    out: Annotated[Path, typer.Option("--out", "-o", metavar="FOLDER", help="Where to put the studies.", show_default=False)],
    study: Annotated[str | None, typer.Option(metavar="UID", help="The study to fetch, by Study Instance UID.")] = None,
    patient: Annotated[str | None, typer.Option(metavar="ID", help="All studies of a patient, by record number.")] = None,
    modality: Annotated[list[str] | None, typer.Option(metavar="CODE", help="Which modalities; repeatable. Without it: PT and CT.")] = None,
    everything: Annotated[bool, typer.Option("--all", help="Every modality.")] = False,
    user: User = None,
    insecure_http: InsecureHttp = False,
    as_json: Json = False,
) -> int:
    """Bring studies from a DICOMweb archive; each appears whole or not at all, and what is there already is not fetched again.

    A token, if the archive asks for one, is read from CARPET_DICOMWEB_TOKEN.
    """
    from carpet.dicom.network.http import Server
    from carpet.run.fetching import Wanted, fetch_text
    from carpet.run.fetching import fetch as fetched

    wanted = Wanted(study, patient, frozenset() if everything else frozenset(modality or DEFAULT_MODALITIES))
    _check_wanted(wanted.study, wanted.patient, everything=everything, modalities=modality)
    with progress_on(as_json) as tell, Server(url, credentials(url, user), insecure_http=insecure_http) as server:
        document = fetched(server, wanted, out, tell)
    if as_json:
        print_json(document)
    else:
        print(printable(fetch_text(document)))
    return DONE


def _check_wanted(study: str | None, patient: str | None, *, everything: bool, modalities: list[str] | None) -> None:
    from carpet.dicom.network.landing import is_uid

    if (study is None) == (patient is None):
        raise ProtocolError("name what to fetch: either --study UID or --patient ID")
    if study is not None and not is_uid(study):
        raise ProtocolError("--study needs a Study Instance UID: digits and dots, at most 64 characters")
    if patient is not None and (not patient.strip() or not patient.isprintable() or set(patient) & set("*?\\")):
        raise ProtocolError("--patient needs one whole record number, without * and ?")
    if everything and modalities:
        raise ProtocolError("--all means every modality; leave --modality out")


@app.command(short_help="Store SEG and SR beside their PET in a DICOMweb archive.")
def send(
    folder: Annotated[Path, typer.Argument(help="The OUT folder of `carpet measure`.", show_default=False, metavar="FOLDER")],
    url: Address,
    user: User = None,
    insecure_http: InsecureHttp = False,
    as_json: Json = False,
) -> int:
    """Store the DICOM results of one study beside its scan, under the patient's identity in that archive, and read them back.

    The identity is asked from the archive and is written to no disk here.
    """
    from carpet.dicom.network.http import Server
    from carpet.run.sending import send as sent
    from carpet.run.sending import send_text

    with progress_on(as_json) as tell, Server(url, credentials(url, user), insecure_http=insecure_http) as server:
        document = sent(server, folder, tell)
    if as_json:
        print_json(document)
    else:
        print(printable(send_text(document)))
    return DONE


@app.command(short_help="Take studies that scanners and archives send (C-STORE).")
def receive(
    folder: Annotated[Path, typer.Argument(help="Where to put what is received.", show_default=False, metavar="FOLDER")],
    allow: Annotated[list[str] | None, typer.Option(metavar="AETITLE@HOST", help="Who may send; repeatable, at least one.")] = None,
    port: Annotated[int, typer.Option(metavar="NUMBER", min=0, max=65535, help="TCP port; 0 takes a free one and says which.")] = 11112,
    ae_title: Annotated[str, typer.Option(metavar="NAME", help="AE title under which carpet is called.")] = "CARPET",
    bind: Bind = "127.0.0.1",
    max_gb: Annotated[float, typer.Option(metavar="GB", min=0.001, help="The folder never holds more.")] = 100.0,
    max_files: Annotated[int, typer.Option(metavar="NUMBER", min=1, help="The folder never holds more.")] = 500_000,
) -> int:
    """Take PET, CT, SEG, SR and RTSTRUCT over C-STORE until Ctrl-C.

    An instance that was answered with success is on the disk, whole. There is no encryption: use it on a protected line.
    """
    from carpet.dicom.network.inbox import Inbox, Quota
    from carpet.dicom.network.peers import is_ae_title, peers_of
    from carpet.dicom.network.receiving import Receiver

    peers = peers_of(allow or ())
    if not is_ae_title(ae_title):
        raise ProtocolError("--ae-title needs 1 to 16 printable ASCII characters")
    inbox = Inbox(folder, Quota(round(max_gb * 10**9), max_files))
    try:
        receiver = Receiver(inbox, peers, ae_title=ae_title, address=(bind, port), tell=_told)
    except OSError:  # the port is taken, or the address is not this machine's
        inbox.close()
        raise
    try:
        say(f"{ae_title} listens on {bind}:{receiver.port}, files go to {folder}; Ctrl-C ends it")
        with progress_on(True) as go_on, warnings.catch_warnings():
            warnings.simplefilter("ignore")  # pydicom would quote what peers send
            while True:
                time.sleep(WAIT_S)
                go_on("waiting")
    except KeyboardInterrupt:
        return DONE
    finally:
        receiver.stop()
        say("stopped listening; what was answered with success is on the disk")


def _told(tally: Tally) -> None:
    refused = ", ".join(f"{count} refused with {status:04X}" for status, count in sorted(tally.refused.items()))
    parts = [f"{counted(tally.stored, 'instance')} stored"]
    parts += [f"{tally.repeated} there before"] if tally.repeated else []
    say(f"{tally.peer}: {', '.join([*parts, *([refused] if refused else [])])}")


def credentials(url: str, user: str | None) -> Credentials:
    """Who asks, from the environment and ~/.netrc; raises ProtocolError where a user has no password, or a secret can't be sent."""
    from carpet.dicom.network.http import Credentials

    token, password = os.environ.get(TOKEN), os.environ.get(PASSWORD)
    found = _netrc(url) if user is None or password is None else None
    if user is not None:
        if password is None and found is not None and found[0] == user:
            password = found[1]
        if password is None:
            raise ProtocolError(f"--user without a password: set {PASSWORD}, or add the machine and this login to ~/.netrc")
        return Credentials(user=user, password=password)
    if token is not None:
        if not token or not token.isascii() or not token.isprintable() or " " in token:
            raise ProtocolError(f"{TOKEN} holds no token")
        return Credentials(token=token)
    return Credentials(user=found[0], password=found[1]) if found else Credentials()


def _netrc(url: str) -> tuple[str, str] | None:
    """Login and password that ~/.netrc has for the machine."""
    try:
        entry = netrc.netrc().hosts.get(urlsplit(url).hostname or "")  # its `default` is for machines the user did not think of
    except FileNotFoundError:
        return None
    except (netrc.NetrcParseError, ValueError) as error:
        raise ProtocolError("~/.netrc cannot be read as such a file, or others may read it") from error
    return (entry[0], entry[2] or "") if entry else None
