"""CARPET, CAR T-cell PET: from PET/CT scans of lymphoma patients to traceable measurements. Research use only."""

from __future__ import annotations

import sys
from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from carpet.anatomy.survey import survey
    from carpet.biomarkers import measure
    from carpet.core.errors import CarpetError, ProtocolError, Refused
    from carpet.run.api import identify, segment, to_suv
    from carpet.run.opening import read_study
    from carpet.run.protocols import load_protocol

__all__ = [
    "CarpetError",
    "ProtocolError",
    "Refused",
    "identify",
    "load_protocol",
    "measure",
    "read_study",
    "segment",
    "survey",
    "to_suv",
]
_HOME = {
    "load_protocol": "carpet.run.protocols",
    "read_study": "carpet.run.opening",
    "to_suv": "carpet.run.api",
    "segment": "carpet.run.api",
    "identify": "carpet.run.api",
    "survey": "carpet.anatomy.survey",
    "measure": "carpet.biomarkers",
    "Refused": "carpet.core.errors",
    "CarpetError": "carpet.core.errors",
    "ProtocolError": "carpet.core.errors",
}


def __getattr__(name: str) -> Any:
    """Public names are imported when first used: `import carpet` stays fast."""
    if name not in _HOME:
        raise AttributeError(f"module 'carpet' has no attribute {name!r}")
    return getattr(import_module(_HOME[name]), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})


class _Package(ModuleType):
    """`carpet.segment` is the function, although a room has the same name and Python binds rooms here as it imports them."""

    def __setattr__(self, name: str, value: object) -> None:
        if not (name in _HOME and isinstance(value, ModuleType)):
            super().__setattr__(name, value)


sys.modules[__name__].__class__ = _Package
