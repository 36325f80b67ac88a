"""Follow-up: its median by the reverse Kaplan–Meier method."""

from __future__ import annotations

from carpet.cohort.intervals import Scale
from carpet.cohort.kaplan_meier import DaysTo, days_to, kaplan_meier
from carpet.cohort.survival import Survival


def median_follow_up(survival: Survival, *, level: float = 0.95, scale: Scale = "log-log") -> DaysTo:
    """Days until half of the patients would have left follow-up had nobody had the event; None where more than half are still followed.

    The Kaplan–Meier curve with events and censorings exchanged. Source: Schemper & Smith 1996 Control Clin Trials 17:343.
    """
    return days_to(kaplan_meier(survival.turned(), level=level, scale=scale))
