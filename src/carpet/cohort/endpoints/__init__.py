"""Endpoints of one patient, from plain facts in days, by named sets of rules. One file is one endpoint."""

from __future__ import annotations

from carpet.cohort.endpoints.facts import Assessment, Dated, Death, PatientFacts, Planned
from carpet.cohort.endpoints.patient_endpoint import ENDPOINTS, Endpoint, endpoint
from carpet.cohort.endpoints.rule_effects import RuleEffect, rule_effects
from carpet.cohort.endpoints.rules import DEFAULT, RULE_SETS, RuleSet

__all__ = [
    "DEFAULT",
    "ENDPOINTS",
    "RULE_SETS",
    "Assessment",
    "Dated",
    "Death",
    "Endpoint",
    "PatientFacts",
    "Planned",
    "RuleEffect",
    "RuleSet",
    "endpoint",
    "rule_effects",
]
