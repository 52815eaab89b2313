"""Every invariant by the type it belongs to, and by its key."""

from patients.fhir.invariants import Invariant
from patients.fhir.invariants_bundle import BUNDLE_RULES
from patients.fhir.invariants_resources import RESOURCE_RULES
from patients.fhir.invariants_types import TYPE_RULES

RULES: dict[str, tuple[Invariant, ...]] = {**TYPE_RULES, **RESOURCE_RULES, **BUNDLE_RULES}
BY_KEY: dict[str, Invariant] = {rule.key: rule for rules in RULES.values() for rule in rules}
