"""SUV becomes candidate regions, and each lesion is delineated by any number of methods. One file is one method."""

from carpet.segment.candidates import candidates
from carpet.segment.delineate import delineate, segmenters

__all__ = ["candidates", "delineate", "segmenters"]
