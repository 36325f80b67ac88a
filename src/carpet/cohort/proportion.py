"""The exact interval of a proportion, as of responders among patients."""

from __future__ import annotations

from carpet.core.errors import ProtocolError


def clopper_pearson(part: int, whole: int, *, level: float = 0.95) -> tuple[float, float]:
    """The chances, 0 to 1, at which so many of `whole`, or so few, would still be seen: each tail has half of what `level` leaves.

    Raises ProtocolError unless 0 ≤ part ≤ whole and whole > 0. Source: Clopper & Pearson 1934 Biometrika 26:404.
    """
    from scipy.special import betaincinv

    if not 0 <= part <= whole or whole == 0 or not 0.0 < level < 1.0:
        raise ProtocolError(f"{part} of {whole} is no rate with an interval of level {level}")
    tail = (1.0 - level) / 2.0
    low = 0.0 if part == 0 else float(betaincinv(part, whole - part + 1, tail))
    high = 1.0 if part == whole else float(betaincinv(part + 1, whole - part, 1.0 - tail))
    return low, high
