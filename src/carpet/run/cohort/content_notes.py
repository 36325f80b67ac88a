"""Notes below a table: what several rows share is said once, and the rows point to it by letters."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from string import ascii_lowercase


def lettered(rows: Sequence[Iterable[str]]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The mark of each row, as ` [a, c]`, empty for a row without a text; and the notes, `a: …`, lettered in the order of first use.

    rows: of each row the texts, in words and without a full stop.
    """
    each = [tuple(dict.fromkeys(text for text in texts if text)) for texts in rows]
    letters = {text: _letter(n) for n, text in enumerate(dict.fromkeys(text for texts in each for text in texts))}
    marks = tuple(f" [{', '.join(sorted((letters[text] for text in texts), key=_place))}]" if texts else "" for texts in each)
    return marks, tuple(f"{letter}: {text}." for text, letter in letters.items())


def _letter(number: int) -> str:
    """a to z, then aa to zz."""
    more, last = divmod(number, len(ascii_lowercase))
    return (ascii_lowercase[more - 1] if more else "") + ascii_lowercase[last]


def _place(letter: str) -> tuple[int, str]:
    return len(letter), letter
