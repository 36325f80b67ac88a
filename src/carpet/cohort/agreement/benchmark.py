"""Do two volumes agree as the international TMTV benchmark asks: within 10 %, or within 10 mL."""

from __future__ import annotations

from carpet.core.errors import ProtocolError

WITHIN_PERCENT, WITHIN_ML = 10.0, 10.0  # METHODS J [V8]


def within_benchmark(volume_ml: float, *, reference_ml: float) -> bool:
    """|volume − reference| below 10 % of the reference, or below 10 mL. Raises ProtocolError for a negative volume."""
    if volume_ml < 0.0 or reference_ml < 0.0:
        raise ProtocolError("a volume is 0 mL or more")
    apart = abs(volume_ml - reference_ml)
    return apart < WITHIN_ML or 100.0 * apart < WITHIN_PERCENT * reference_ml
