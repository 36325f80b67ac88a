"""Does the main result hold: one marker's effect under every delineation and set of rules, alone and adjusted (specification curve)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from carpet.cohort.analyses.effects import Effect, effects
from carpet.cohort.table import Cohort


@dataclass(frozen=True, slots=True)
class Specification:
    """The marker's effect under one choice; effect.rules and effect.adjusted_for say the rest. main: the choice made beforehand."""

    delineation: str
    rules: str
    adjusted: bool
    effect: Effect
    main: bool


def specifications(
    variants: Sequence[tuple[str, str, Cohort]], endpoint: str, *, marker: str, adjusted_for: Sequence[str] = ()
) -> tuple[Specification, ...]:
    """Two rows a variant (delineation, rules, cohort), in their order: the marker alone, and with the columns beside it.

    The first variant is the protocol's, and its unadjusted effect the main one. Every choice is kept, whatever it says: none may be picked
    afterwards. An effect that can't be estimated is a row with its reason. Source: Simonsohn 2020 Nat Hum Behav 4:1208.
    """
    found = []
    for number, (delineation, rules, cohort) in enumerate(variants):
        alone = effects(cohort, endpoint, rules=rules, terms=[marker])[0]
        found.append(Specification(delineation, rules, False, alone, number == 0))
        others = [name for name in adjusted_for if name != marker]
        if others:
            rows = effects(cohort, endpoint, rules=rules, terms=[marker, *others], together=True)
            found.append(Specification(delineation, rules, True, rows[0], False))
    return tuple(found)
