"""Text on its way to a screen: nothing from a file may steer the terminal, and notices that say the same are said once."""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Iterable, Sequence
from itertools import groupby
from typing import Any

from carpet.core.errors import Notice

STEERING = ("Cc", "Cf", "Co", "Cn", "Cs")  # Unicode categories: controls, direction marks, private, unassigned, half characters
MOST_FOUND = 12  # findings of one notice; more say nothing more


def printable(text: str) -> str:
    """The text with its line breaks; every other character that a terminal would obey, not show, as ‹U+…›."""
    return "".join(char if char in "\n " or char.isprintable() else _shown(char) for char in text)


def _shown(char: str) -> str:
    return f"‹U+{ord(char):04X}›" if unicodedata.category(char) in STEERING else " "


def printable_lines(lines: Iterable[str]) -> str:
    """The lines as text; a line break inside a line is a space, so that no file can write a line of its own."""
    return "\n".join(printable(" ".join(line.splitlines())) for line in lines)


def counted(number: int, noun: str) -> str:
    """`1 file`, `2 files`."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def json_text(document: Any, *, ascii_only: bool = False) -> str:
    """JSON for people and programs: keys as given, full precision, no NaN; control characters escaped."""
    text = json.dumps(document, indent=1, ensure_ascii=ascii_only, allow_nan=False)
    return "".join(char if char == "\n" or char.isprintable() else _escaped(char) for char in text)


def _escaped(char: str) -> str:
    """Such a character stands only inside a JSON string, where its escape means the same."""
    units = char.encode("utf-16-be", "surrogatepass")
    return "".join(f"\\u{units[n] << 8 | units[n + 1]:04x}" for n in range(0, len(units), 2))


def notices_text(notices: Sequence[Notice]) -> str:
    """Notices as paragraphs; those that differ only in where and what was found share one."""
    same = [list(group) for _, group in groupby(notices, key=lambda one: (one.code, one.message, one.allowed, one.remedy))]
    return "\n\n".join(_paragraph(group) for group in same)


def _paragraph(group: Sequence[Notice]) -> str:
    first = group[0]
    lines = [f"{first.code}: {first.message}"]
    lines += [f"  found    {_finding(one)}" for one in group[:MOST_FOUND] if one.found or one.where]
    lines += [f"           and {len(group) - MOST_FOUND} more"] if len(group) > MOST_FOUND else []
    lines += [f"  allowed  {first.allowed}"] if first.allowed else []
    lines += [f"  do       {first.remedy}"] if first.remedy else []
    return printable_lines(lines)


def _finding(notice: Notice) -> str:
    if notice.found and notice.where:
        return f"{notice.found}  ({notice.where})"
    return notice.found or notice.where
