"""Activity becomes SUV, or is refused with a reason."""

from carpet.suv.quantify import Quantification, quantify
from carpet.suv.volume import to_quantity, to_suv

__all__ = ["Quantification", "quantify", "to_quantity", "to_suv"]
