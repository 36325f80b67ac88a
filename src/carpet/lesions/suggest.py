"""A first suggestion for every candidate region: disease, physiologic or undecided, with the rule and the facts that decided."""

from __future__ import annotations

from collections.abc import Sequence

from carpet.core.anatomy import Anatomy
from carpet.core.lesion import Lesion, Place
from carpet.core.space import Region, Volume
from carpet.lesions.facts import facts_of
from carpet.lesions.rules import first_rule


def suggest(regions: Sequence[Region], places: Sequence[Place], suv: Volume, *, anatomy: Anatomy | None = None) -> tuple[Lesion, ...]:
    """Lesions L01, L02, … by descending volume, one for each region and its place, none reviewed; () for no region.

    anatomy: the survey that the places come from; without it nothing is known of organs that were not found, or of the liver.
    """
    facts = facts_of(regions, places, suv, anatomy)
    order = sorted(range(len(regions)), key=lambda n: -regions[n].voxels)
    lesions = []
    for number, n in enumerate(order, start=1):
        rule = first_rule(facts[n])
        lesions.append(
            Lesion(
                id=lesion_id(number),
                label=number,
                region=regions[n],
                status=rule.status,
                decided_by=f"rule {rule.id}@{rule.version}",
                because=f"{facts[n].sentence()}: {rule.says}",
                site=places[n].site,
                kind=places[n].kind,
            )
        )
    return tuple(lesions)


def lesion_id(number: int) -> str:
    """L01, L02, …"""
    return f"L{number:02d}"
