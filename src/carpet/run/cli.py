"""The entry point of the command `carpet`: runs one call and turns every error into words and an exit status."""

from __future__ import annotations

import errno
import io
import os
import signal
import sys
import tempfile
import traceback
from contextlib import suppress
from pathlib import Path
from typing import Any

import typer

from carpet.core.errors import CarpetError, ContractError, ProtocolError, Refused
from carpet.run import commands, commands_deid, commands_network, commands_ohif, commands_review, commands_trial  # noqa: F401 they register
from carpet.run.calls import DONE, INTERNAL, INTERRUPTED, REFUSED, WRONG_CALL, app, keep_stop, print_json, say
from carpet.run.terminal import notices_text


def _refused(error: Refused, command: str, *, as_json: bool) -> int:
    if as_json:
        print_json({"schema": 1, "refusals": [notice.as_dict() for notice in error.notices]})
    else:
        outcome = ": no number is given" if command == "measure" else ""
        say(f"refused{outcome}.\n\n{notices_text(error.notices)}")
    return REFUSED


def main() -> None:
    """The entry point of the command `carpet`."""
    sys.unraisablehook = keep_stop
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # a scheduler's stop leaves as little behind as Ctrl-C
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # a terminal that lacks a character must not cost the result
    status = run(sys.argv[1:])
    with suppress(OSError):
        sys.stdout.flush()
        sys.exit(status)
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # the reader of the pipe has gone: nothing more to say
    sys.exit(status)


def run(arguments: list[str]) -> int:
    """Run one call and return its exit status; every error becomes words."""
    as_json = "--json" in arguments
    try:
        status: Any = app(args=arguments, prog_name="carpet", standalone_mode=False)
        if status == INTERRUPTED:  # typer has caught it
            raise KeyboardInterrupt
        return status if isinstance(status, int) else DONE
    except Refused as error:
        return _refused(error, arguments[0], as_json=as_json)
    except (ProtocolError, ContractError) as error:
        say(f"wrong call: {error}")
        return WRONG_CALL
    except CarpetError as error:
        say(f"refused: {error}")
        return REFUSED
    except (KeyboardInterrupt, typer.Abort):
        say("stopped; nothing was half-written, the same command starts again")
        return INTERRUPTED
    except (BrokenPipeError, SystemExit):  # the reader of our output has gone; typer exits then
        return DONE
    except MemoryError:
        say("not enough memory for this study; close other programs or use a larger machine")
        return WRONG_CALL
    except Exception as error:
        return _explained(error)


def _explained(error: Exception) -> int:
    """Errors of the command line itself, of the file system, and our own bugs."""
    if hasattr(error, "format_message"):
        say(f"wrong call: {error.format_message()}\nTry `carpet --help`.")
        return WRONG_CALL
    if isinstance(error, OSError):
        say(f"cannot read or write{_place(error)}: {error.strerror or error}. {_way_out(error)}")
        return WRONG_CALL
    say(f"internal error ({type(error).__name__}): this is a bug in carpet. {_logged()}")
    return INTERNAL


def _place(error: OSError) -> str:
    """The file, but not one of our own hidden part files, whose name says nothing."""
    if not isinstance(error.filename, str):
        return ""
    path = Path(error.filename)
    known = next((parent.parent for parent in path.parents if parent.name.startswith(".carpet-")), path)
    return f" {str(known)!r}"


def _way_out(error: OSError) -> str:
    if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
        return "Earlier results are as they were. Make room and run the same command again."
    return "Check the path, the disk and your rights."


def _logged() -> str:
    """Write the traceback of the current error where a report of the bug can take it from."""
    try:
        with tempfile.NamedTemporaryFile("w", prefix="carpet-bug-", suffix=".log", delete=False, encoding="utf-8", errors="replace") as log:
            traceback.print_exc(file=log)
    except OSError:
        return f"No log could be written:\n{traceback.format_exc()}"
    return f"The log is in {log.name}"
