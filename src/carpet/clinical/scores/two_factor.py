"""The two-factor group of Vercellino: extranodal sites and TMTV before CAR T-cells."""

from __future__ import annotations

from carpet.clinical.cut_offs import CUT_OFFS, VERCELLINO, apply
from carpet.clinical.score import Delineated, Scored, ScoreOptions, score

SITES = {"ge2": "two_factor_extranodal", "gt2_seed": "two_factor_extranodal_review"}  # option → cut-off


@score("two_factor", unit="{score}", source=VERCELLINO, made_for="large B-cell lymphoma before CAR T-cells, at TT (n = 116)")
def two_factor(*, extranodal_sites: int, tmtv: Delineated, timepoint: str, options: ScoreOptions) -> Scored:
    """One point each: two or more extranodal sites (option gt2_seed: more than two, as a review prints), TMTV > 80 mL; groups 0, 1, 2. The
    delineation behind the 80 mL is probably 41 % of SUVmax, not verified; another one is refused unless overridden by name.
    """
    limit = CUT_OFFS["two_factor_tmtv"]
    ml, delineation = tmtv.nearest_to(limit.delineation)
    volume = apply(limit, ml, delineation=delineation, timepoint=timepoint, override=options.overrides.get(limit.name))
    sites = apply(CUT_OFFS[SITES[options.extranodal_rule]], extranodal_sites, delineation="", timepoint=timepoint)
    points = (sites.group == "high") + (volume.group == "high")
    return Scored(points, str(points), tuple(dict.fromkeys((*sites.flags, *volume.flags))), delineation)
