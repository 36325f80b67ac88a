"""A protocol as a TOML file that explains itself: every setting with its value, its sentence, and what else it may be."""

from __future__ import annotations

import dataclasses
import datetime as dt
import inspect
import json
import re
import textwrap
from collections.abc import Iterable, Iterator, Mapping
from enum import Enum
from typing import Any, Literal, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from carpet.core.errors import ProtocolError

WIDTH = 118  # characters of a comment line
BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")
Lines = Iterator[str]


def explained_toml(section: BaseModel) -> str:
    """The TOML text from which `section` is read again; above each setting stands its docstring, above each table its section's.

    A setting of None, for which TOML has no word, is a comment. Raises ProtocolError for a value that TOML cannot hold.
    """
    return "\n".join(_section(section, ())).lstrip("\n") + "\n"


def _section(section: BaseModel, path: tuple[str, ...]) -> Lines:
    """Settings first: in TOML all that follows the head of a table belongs to it."""
    settings = {name: getattr(section, name) for name in type(section).model_fields}
    for name, value in settings.items():
        if not _is_table(value):
            yield from _setting(name, value, type(section).model_fields[name])
    for name, value in settings.items():
        if _is_table(value):
            yield from _table(value, (*path, name), type(section).model_fields[name])


def _is_table(value: Any) -> bool:
    """Sections and mappings get heads of their own; all else stands behind its key."""
    return isinstance(value, BaseModel) or (isinstance(value, Mapping) and len(value) > 0)


def _table(value: Any, path: tuple[str, ...], field: FieldInfo) -> Lines:
    is_section = isinstance(value, BaseModel)
    says = field.description or (inspect.getdoc(type(value)) if is_section else None)
    yield from ("", "", *_comment(says))
    if is_section:
        yield from (f"[{_keys(path)}]", *_section(value, path))
    else:
        yield from (*_comment_on_parts(value.values()), *_comment(_choices(field)), f"[{_keys(path)}]")
        yield from (f"{_keys((str(key),))} = {_value(part)}" for key, part in value.items() if part is not None)


def _setting(name: str, value: Any, field: FieldInfo) -> Lines:
    yield from ("", *_comment(field.description))
    yield from _comment_on_parts(value if isinstance(value, tuple | list) else ())
    yield from _comment(_choices(field))
    if value is None and field.default is not None:
        raise ProtocolError(f"{name} is None, for which TOML has no word, and leaving it out means {field.default!r}")
    yield f"{_keys((name,))} = {_value(value)}" if value is not None else f"# {_keys((name,))} is not set"


def _comment_on_parts(parts: Iterable[Any]) -> Lines:
    """The settings of sections that stand on one line each, told once."""
    kinds = dict.fromkeys(type(part) for part in parts if isinstance(part, BaseModel))
    for kind in kinds:
        for name, field in kind.model_fields.items():
            yield from _comment(f"{name}: {field.description}" if field.description else None)


def _choices(field: FieldInfo) -> str | None:
    """What a setting of few values may be, unless its sentence has named them all."""
    words = _words(field.annotation)
    return None if all(word in (field.description or "") for word in words) else f"Allowed: {', '.join(words)}."


def _words(kind: Any) -> list[str]:
    if get_origin(kind) is Literal:
        return [str(one) for one in get_args(kind)]
    if inspect.isclass(kind) and issubclass(kind, Enum):
        return [str(one.value) for one in kind]
    return [word for part in get_args(kind) for word in _words(part)]


def _comment(says: str | None) -> list[str]:
    return [f"# {line}" for line in textwrap.wrap(" ".join((says or "").split()), WIDTH, break_on_hyphens=False)]


def _keys(path: tuple[str, ...]) -> str:
    return ".".join(key if BARE_KEY.fullmatch(key) else _text(key) for key in path)


def _value(value: Any) -> str:
    """One value, on one line where it is not a list of tables."""
    if isinstance(value, Enum):
        return _value(value.value)
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return repr(value)
    if isinstance(value, str):
        return _text(value)
    if isinstance(value, dt.date | dt.time):  # a datetime is a date
        return value.isoformat()
    if isinstance(value, tuple | list | set | frozenset):
        return _list(value)
    return _inline(value)


def _list(values: Any) -> str:
    parts = [_value(part) for part in values]
    if any(isinstance(part, BaseModel | Mapping) for part in values):
        return "\n".join(["[", *(f"  {part}," for part in parts), "]"])
    return f"[{', '.join(sorted(parts) if isinstance(values, set | frozenset) else parts)}]"


def _inline(value: Any) -> str:
    """A mapping, a section or a data class within a line; what is None in it is left out."""
    if isinstance(value, BaseModel):
        value = {name: getattr(value, name) for name in type(value).model_fields}
    elif dataclasses.is_dataclass(value) and not isinstance(value, type):
        value = {field.name: getattr(value, field.name) for field in dataclasses.fields(value)}
    if not isinstance(value, Mapping):
        raise ProtocolError(f"a setting of type {type(value).__name__} has no form in TOML")
    pairs = [f"{_keys((str(key),))} = {_value(part)}" for key, part in value.items() if part is not None]
    return f"{{ {', '.join(pairs)} }}" if pairs else "{}"


def _text(value: str) -> str:
    """A basic string: JSON's escapes are TOML's, but for one control character that JSON leaves as it is."""
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
