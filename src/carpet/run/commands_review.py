"""The command that opens the reading room."""

from __future__ import annotations

import getpass
import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from carpet.run.calls import DONE, app, progress_on, say
from carpet.run.commands_trial import Trial
from carpet.run.terminal import printable

PORT = 8765


@app.command(short_help="The reading room in the browser: look, correct, sign.")
def review(
    trial: Trial,
    port: Annotated[int, typer.Option("--port", min=0, max=65535, help="Port of this machine; 0: any that is free.")] = PORT,
    reader: Annotated[str, typer.Option("--reader", metavar="NAME", help="Who reads, where there are no accounts.")] = "reader",
    accounts: Annotated[bool, typer.Option("--accounts", help="Ask for name and password; several people may read.")] = False,
    host: Annotated[
        str, typer.Option("--host", metavar="ADDRESS", help="Address to answer at; others than this machine's own need --accounts and TLS.")
    ] = "127.0.0.1",
    name: Annotated[
        list[str] | None,
        typer.Option("--name", metavar="HOST", help="A further name of this machine. May be repeated.", show_default=False),
    ] = None,
    tls_cert: Annotated[Path | None, typer.Option("--tls-cert", metavar="FILE", help="Certificate (PEM).", show_default=False)] = None,
    tls_key: Annotated[Path | None, typer.Option("--tls-key", metavar="FILE", help="Its key (PEM).", show_default=False)] = None,
    history: Annotated[
        str | None,
        typer.Option("--history", metavar="URL", help="PostgreSQL that holds the history, instead of TRIAL/review.", show_default=False),
    ] = None,
    list_accounts: Annotated[bool, typer.Option("--list-accounts", help="Show accounts and who changed what of them, and stop.")] = False,
    add_account: Annotated[
        str | None,
        typer.Option("--add-account", metavar="NAME", help="Make an account, ask for its password, and stop.", show_default=False),
    ] = None,
    change_account: Annotated[
        str | None,
        typer.Option("--change-account", metavar="NAME", help="Ask for a new password, or give the --role, and stop.", show_default=False),
    ] = None,
    role: Annotated[
        str | None,
        typer.Option("--role", help="Role of the account: administrator, reader (by default), adjudicator or viewer.", show_default=False),
    ] = None,
    close_account: Annotated[
        str | None, typer.Option("--close-account", metavar="NAME", help="Let this account log in no more, and stop.", show_default=False)
    ] = None,
) -> int:
    """Open the reading room of a trial that `carpet run` has measured: see every scan, correct regions, score, sign.

    Without --accounts one person reads, without a password, in the browser that opens the address printed here: its key lets one browser
    in. What is read is kept in TRIAL/review at once, or in the database of --history, whose password is taken from PGPASSWORD: every edit
    with who, when and what stood there before, and every change of an account. The next `carpet run` takes signed readings as it takes
    decisions.csv and readings.csv. Ctrl-C closes the room.
    """
    from carpet.run.review.serving import Wanted, serve
    from carpet.run.trial.folder import load_trial

    asked = {"add": add_account, "change": change_account, "close": close_account, "list": "" if list_accounts else None}
    wishes = [(what, name) for what, name in asked.items() if name is not None]
    if wishes:
        return _accounts(load_trial(trial, scans=False).root, history, wishes, role)
    wanted = Wanted(
        trial,
        host,
        port,
        "" if accounts else reader,
        tuple(name or ()),
        tls_cert,
        tls_key,
        history,
    )
    with progress_on(quiet=False) as told:
        serve(wanted, say=told, ready=_opened, again=_opened_again)
    return DONE


def _opened(address: str) -> None:
    print(printable(f"The reading room is open at {address}\nCtrl-C closes it; nothing is lost."), flush=True)


def _opened_again(address: str) -> None:
    print(printable(f"For another browser, or the same one later: {address}"), flush=True)


def _accounts(root: Path, url: str | None, wishes: list[tuple[str, str]], role: str | None) -> int:
    from carpet.run.review import account_changes as changes
    from carpet.run.review.kept_at import checked_history, history_of, name_history
    from carpet.run.review.people import AccountFile
    from carpet.run.review.readings import FOLDER

    wanted = None if role is None else changes.role_of(role)
    (root / FOLDER).mkdir(exist_ok=True)
    accounts, where = AccountFile(root / FOLDER), history_of(root, url)
    with checked_history(where) as history:
        name_history(root, where)
        for what, name in wishes:
            stamp = changes.stamp_of(_user())
            if what == "add":
                made = wanted or changes.READS
                changes.made(accounts, history, stamp, name=name, role=made, password=_password())
                say(f"{name} may log in as {made}")
            elif what == "change" and wanted is not None:
                changes.changed_role(accounts, history, stamp, name=name, role=wanted)
                say(f"{name} is {wanted} from now on")
            elif what == "change":
                changes.changed_password(accounts, history, stamp, name=name, password=_password())
                say(f"{name} has a new password")
            elif what == "close":
                changes.close(accounts, history, stamp, name=name)
                say(f"{name} may log in no more")
            else:
                print("\n".join(map(printable, changes.told(accounts, history))) or "no account yet")
    return DONE


def _user() -> str:
    """Who calls, as the system knows it."""
    try:
        return getpass.getuser()
    except (OSError, KeyError):  # a container may have no name for the number
        return f"uid {os.getuid()}"


def _password() -> str:
    """Typed twice at a terminal; else the first line of standard input."""
    from carpet.core.errors import ProtocolError

    if not sys.stdin.isatty():
        return sys.stdin.readline().rstrip("\r\n")
    first, again = getpass.getpass("password: "), getpass.getpass("again: ")
    if first != again:
        raise ProtocolError("the two passwords differ; nothing was changed")
    return first
