"""Bodies that are sent block by block: what cannot be read is refused before the first byte, later the connection ends and says why."""

from __future__ import annotations

from asyncio import CancelledError
from collections.abc import Callable, Iterator
from itertools import chain, islice
from logging import LogRecord

from starlette.responses import StreamingResponse
from starlette.types import Send

from carpet.core.errors import Notice, Refused
from carpet.run.ohif.wado import Parts
from carpet.run.terminal import printable_lines

FIRST = 2  # the head of the first part, and its first block
CUT_OFF = "ASGI callable returned without completing response."  # uvicorn's words for what `Sent` has told in carpet's
Tell = Callable[[str], None]


class Sent(StreamingResponse):
    """A multipart body. tell: is told in one line why it was broken off. Raises Refused where nothing of it can be sent."""

    def __init__(self, parts: Parts, tell: Tell) -> None:
        blocks: Iterator[bytes] = iter(parts)
        first = list(islice(blocks, FIRST))
        super().__init__(chain(first, blocks), headers={"content-type": parts.content_type})
        self._tell = tell

    async def stream_response(self, send: Send) -> None:
        """Without the last chunk the client knows that something is missing: there is no other way to take the status back."""
        try:
            await super().stream_response(send)
        except Refused as refused:
            self._tell(printable_lines(map(in_a_line, refused.notices)))


def in_a_line(notice: Notice) -> str:
    """Code, what, where and what was found, what to do."""
    found = ", ".join(part for part in (notice.where, notice.found) if part)
    return f"{notice.code}: {notice.message} ({found}): {notice.remedy}"


def says_more(record: LogRecord) -> bool:
    """Whether a line of uvicorn's says what has not been said."""
    stopped = record.exc_info is not None and isinstance(record.exc_info[1], CancelledError)  # by Ctrl-C, in the midst of an answer
    return record.msg != CUT_OFF and not stopped
