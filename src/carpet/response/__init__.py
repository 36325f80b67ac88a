"""Facts of two time points become one category, with the rule that decided. One file is one criterion."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Mapping
from functools import cache
from types import MappingProxyType
from typing import Any

from carpet.response.rule import Criterion, Rule, Verdict

__all__ = ["Criterion", "Rule", "Verdict", "criteria"]


@cache
def criteria() -> Mapping[str, Criterion[Any]]:
    """Every criterion by name: what the modules of this room define."""
    modules = [importlib.import_module(f"{__name__}.{info.name}") for info in pkgutil.iter_modules(__path__)]
    found = {one.name: one for module in modules for one in vars(module).values() if isinstance(one, Criterion)}
    return MappingProxyType(dict(sorted(found.items())))
