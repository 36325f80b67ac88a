"""The hottest uptake of a scan, and what it would be if the undecided regions were disease: a number below them would be a guess."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from carpet.core.lesion import Status
from carpet.response.rule import Verdict
from carpet.run.trial.course import Scan
from carpet.run.trial.moments import NoCall
from carpet.run.trial.notices import UNDECIDED_REGION_HOTTER


@dataclass(frozen=True)
class Uptake:
    """SUVmax or SUVpeak of the disease (None: there is none), and of the undecided region that is hotter (0: no region is)."""

    disease: float | None
    hotter: float = 0.0
    told: str = ""

    @property
    def possible(self) -> tuple[float | None, ...]:
        """The value of the disease, and where an undecided region is hotter, that of the region."""
        return (self.disease, self.hotter) if self.hotter else (self.disease,)


def uptake(scan: Scan, name: str) -> Uptake | NoCall:
    """`suv_max` or `suv_peak` of the hottest lesion; NoCall where it is not known, of the disease or of an undecided region."""
    word = {"suv_max": "SUVmax", "suv_peak": "SUVpeak"}[name]
    found = scan.value(name)
    if found.get("value") is None and found.get("reason_missing") != "NO_LESION":
        return NoCall(f"{word}: {found.get('reason_missing', 'NOT_ASKED_FOR')}")
    undecided = [one.payload for one in scan.lesions if one.payload["status"] == Status.UNDECIDED]
    if any(one[name] is None for one in undecided):
        return NoCall(f"{word} of an undecided region is not known", (UNDECIDED_REGION_HOTTER.code,))
    hottest = max(undecided, key=lambda one: (one[name], one["lesion_id"]), default=None)
    if hottest is None or hottest[name] <= (found["value"] or 0.0):
        return Uptake(found["value"])
    return Uptake(found["value"], hottest[name], f"{hottest['lesion_id']} of day {scan.day}, {word} {hottest[name]:.1f}")


def undecided_tlg(scan: Scan) -> float | None:
    """TLG of the undecided regions together, g; None where one has none."""
    found = [one.payload["tlg_g"] for one in scan.lesions if one.payload["status"] == Status.UNDECIDED]
    return None if None in found else sum(found)


def settled(verdicts: Sequence[Verdict], seen: Iterable[Uptake | NoCall | None]) -> Verdict | NoCall:
    """The call that holds whatever the undecided regions are; NoCall, naming them, where they would change it. The first is by disease."""
    if len({one.category for one in verdicts}) == 1:
        return verdicts[0]
    return undecided_hotter(seen)


def undecided_hotter(seen: Iterable[Uptake | NoCall | None]) -> NoCall:
    """Names the undecided regions that are hotter than the disease."""
    told = "; ".join(one.told for one in seen if isinstance(one, Uptake) and one.told)
    return NoCall(f"an undecided region would change the call: {told}", (UNDECIDED_REGION_HOTTER.code,))
