"""The hottest uptake of a scan, and what it would be if undecided regions were disease or a place not known were hot: a number below
them would be a guess."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from carpet.core.lesion import Status
from carpet.response.rule import Verdict
from carpet.run.trial.course import Scan
from carpet.run.trial.moments import NoCall
from carpet.run.trial.notices import RESIDUAL_NOT_KNOWN, UNDECIDED_REGION_HOTTER
from carpet.run.trial.residuals import Left


@dataclass(frozen=True)
class Uptake:
    """SUVmax or SUVpeak of the disease (None: there is none), and of the undecided region that is hotter (0: no region is).

    left: what is left where disease lay; None where that is not asked. What is not known of it counts only where no disease was measured:
    beside a measured lesion nothing less than a candidate region is looked for.
    """

    disease: float | None
    hotter: float = 0.0
    told: str = ""
    left: Left | None = None

    @property
    def sure(self) -> float | None:
        """The hottest lesion or residual; None where there is neither."""
        return max(self.disease or 0.0, self.left.hottest if self.left else 0.0) or None

    @property
    def possible(self) -> tuple[float | None, ...]:
        """The hottest value that is sure, and every hotter one that may be; infinite where a place is not known."""
        return tuple(dict.fromkeys((self.sure, *(one for one in self._others() if one > (self.sure or 0.0)))))

    def _others(self) -> tuple[float, ...]:
        if self.left is None or self.disease is not None:
            return (self.hotter,)
        return (self.hotter, self.left.unsure, math.inf if self.left.unknown else 0.0)

    @property
    def open(self) -> str:
        """What is not known of the places, in words; empty where it does not count."""
        return self.left.open if self.left and self.disease is None else ""


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


def with_left(found: Uptake | NoCall, left: Left) -> Uptake | NoCall:
    """The same with what is left at the places of earlier disease."""
    return found if isinstance(found, NoCall) else replace(found, left=left)


def undecided_tlg(scan: Scan) -> float | None:
    """TLG of the undecided regions together, g; None where one has none."""
    found = [one.payload["tlg_g"] for one in scan.lesions if one.payload["status"] == Status.UNDECIDED]
    return None if None in found else sum(found)


def settled(verdicts: Sequence[Verdict], seen: Iterable[Uptake | NoCall | None]) -> Verdict | NoCall:
    """The call that holds whatever is undecided or not known; NoCall, naming that, where it would change it. The first is what is sure."""
    if len({one.category for one in verdicts}) == 1:
        return verdicts[0]
    return unsettled(seen)


def unsettled(seen: Iterable[Uptake | NoCall | None]) -> NoCall:
    """Names the undecided regions that are hotter than the disease, and the places of which nobody knows. Where neither is named, the
    volume of undecided regions matters."""
    scans = [one for one in seen if isinstance(one, Uptake)]
    regions = "; ".join(one.told for one in scans if one.told)
    places = "; ".join(one.open for one in scans if one.open)
    said = {RESIDUAL_NOT_KNOWN.code: f"what is left where disease lay would change the call: {places}"} if places else {}
    if regions or not places:
        said = {UNDECIDED_REGION_HOTTER.code: f"an undecided region would change the call: {regions}"} | said
    return NoCall("; ".join(said.values()), tuple(said))
