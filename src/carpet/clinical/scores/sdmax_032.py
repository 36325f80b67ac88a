"""Dissemination: SDmax above 0.32 per metre."""

from __future__ import annotations

from carpet.clinical.cut_offs import CUT_OFFS, apply
from carpet.clinical.score import Delineated, Scored, ScoreOptions, score

LIMIT = CUT_OFFS["sdmax_032"]


@score("sdmax_032", unit="/m", source=LIMIT.source, made_for="DLBCL, first line")
def sdmax_032(*, sdmax: Delineated, timepoint: str, options: ScoreOptions) -> Scored:
    """Largest distance between lesions over body surface area: > 0.32 /m is high. Another delineation is refused unless overridden."""
    value, delineation = sdmax.nearest_to(LIMIT.delineation)
    side = apply(LIMIT, value, delineation=delineation, timepoint=timepoint, override=options.overrides.get(LIMIT.name))
    return Scored(value, side.group, side.flags, delineation)
