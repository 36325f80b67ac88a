"""CARPET, CAR T-cell PET: from PET/CT scans of lymphoma patients to traceable measurements. Research use only."""

from __future__ import annotations

from importlib import import_module
from typing import Any

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
__all__ = list(_HOME)  # noqa: PLE0604 - the names are strings


def __getattr__(name: str) -> Any:
    """Public names are imported when first used: `import carpet` stays fast."""
    if name not in _HOME:
        raise AttributeError(f"module 'carpet' has no attribute {name!r}")
    return getattr(import_module(_HOME[name]), name)
