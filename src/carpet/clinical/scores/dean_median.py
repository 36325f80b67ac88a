"""Dean's median: TMTV before CAR T-cells, high or low."""

from __future__ import annotations

from carpet.clinical.cut_offs import CUT_OFFS, apply
from carpet.clinical.score import Delineated, Scored, ScoreOptions, score

LIMIT = CUT_OFFS["dean_tmtv"]


@score("dean_median", unit="mL", source=LIMIT.source, made_for="large B-cell lymphoma before CAR T-cells, after bridging or without it")
def dean_median(*, tmtv: Delineated, timepoint: str, options: ScoreOptions) -> Scored:
    """TMTV by hand above the first cohort's median: > 147.5 mL is high. Another delineation is refused unless overridden by name."""
    ml, delineation = tmtv.nearest_to(LIMIT.delineation)
    side = apply(LIMIT, ml, delineation=delineation, timepoint=timepoint, override=options.overrides.get(LIMIT.name))
    return Scored(ml, side.group, side.flags, delineation)
