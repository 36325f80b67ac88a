"""What a plug-in method declares: a name, a version, a unit, a sentence, a source; and how methods are found.

A room's methods are the modules of its package: one method, one file. Packages from outside add theirs by the entry-point
group `carpet.<kind>`. There is no base class and no registry to edit.
"""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.metadata import entry_points
from types import MappingProxyType
from typing import Any

from carpet.core.errors import ContractError, ProtocolError


@dataclass(frozen=True, slots=True)
class Unit:
    """A UCUM code and its powers: doubling SUV multiplies by 2**uptake, stretching the body by s multiplies by s**length."""

    ucum: str
    uptake: int
    length: int
    says: str


UNITS: Mapping[str, Unit] = MappingProxyType(
    {
        unit.ucum: unit
        for unit in (
            Unit("g/mL", 1, 0, "SUV"),
            Unit("mL", 0, 3, "volume"),
            Unit("g", 1, 3, "SUV times volume"),
            Unit("mm", 0, 1, "length"),
            Unit("mm2", 0, 2, "area"),
            Unit("/m", 0, -1, "length over area"),
            Unit("1", 0, 0, "dimensionless"),
            Unit("{count}", 0, 0, "count"),
        )
    }
)


@dataclass(frozen=True)
class Method:
    """A pure function and what it says of itself. `needs`: its keyword-only inputs beyond the two standard ones."""

    kind: str
    name: str
    version: str
    unit: Unit
    says: str
    source: str
    function: Callable[..., Any]
    needs: tuple[str, ...]

    def __call__(self, *args: Any, **given: Any) -> Any:
        """Call the function with only the inputs it asks for."""
        return self.function(*args, **{name: given[name] for name in self.needs})


def declare(kind: str, name: str, *, unit: str, source: str, version: str = "1") -> Callable[[Callable[..., Any]], Method]:
    """A decorator that turns a function into a Method; its sentence is the docstring's first paragraph."""

    def wrap(function: Callable[..., Any]) -> Method:
        if unit not in UNITS:
            raise ContractError(f"{name}: unit {unit!r} is not one of {', '.join(UNITS)}")
        if not function.__doc__ or not source:
            raise ContractError(f"{name}: a method needs a docstring and a source")
        says = " ".join(function.__doc__.strip().split("\n\n")[0].split())
        parameters = inspect.signature(function).parameters.values()
        needs = tuple(p.name for p in parameters if p.kind is inspect.Parameter.KEYWORD_ONLY)
        return Method(kind, name, version, UNITS[unit], says, source, function, needs)

    return wrap


@cache
def methods(package: str, kind: str) -> Mapping[str, Method]:
    """All methods of one kind: the modules of `package` and the entry points `carpet.<kind>`, by name."""
    home = importlib.import_module(package)
    found: dict[str, Method] = {}
    modules = [importlib.import_module(f"{package}.{info.name}") for info in pkgutil.iter_modules(home.__path__)]
    candidates = [value for module in modules for value in vars(module).values()]
    candidates += [point.load() for point in entry_points(group=f"carpet.{kind}")]
    for method in candidates:
        if isinstance(method, Method) and method.kind == kind and found.setdefault(method.name, method) is not method:
            raise ContractError(f"two {kind} methods are called {method.name!r}")
    return MappingProxyType(dict(sorted(found.items())))


def pick(available: Mapping[str, Method], name: str, kind: str) -> Method:
    """The method of this name; ProtocolError naming the nearest one otherwise."""
    from difflib import get_close_matches

    if name not in available:
        near = get_close_matches(name, available, n=1)
        hint = f" Did you mean {near[0]!r}?" if near else ""
        raise ProtocolError(f"no {kind} is called {name!r}.{hint} There are: {', '.join(available)}.")
    return available[name]
