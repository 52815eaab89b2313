"""Every invariant by the type it belongs to: functions of ours, and for the rest HL7's words."""

from patients.fhir.invariants import Invariant
from patients.fhir.invariants_bundle import BUNDLE_RULES
from patients.fhir.invariants_extensions import EXTENSION_RULES
from patients.fhir.invariants_resources import RESOURCE_RULES
from patients.fhir.invariants_stated import stated_rules
from patients.fhir.invariants_types import TYPE_RULES

Rules = dict[str, tuple[Invariant, ...]]
OUR_RULES: Rules = {**TYPE_RULES, **EXTENSION_RULES, **RESOURCE_RULES, **BUNDLE_RULES}
BY_KEY: dict[str, Invariant] = {rule.key: rule for rules in OUR_RULES.values() for rule in rules}
STATED_RULES: Rules = stated_rules({f"{t} {rule.key}" for t in OUR_RULES for rule in OUR_RULES[t]})
RULES: Rules = {
    name: (*OUR_RULES.get(name, ()), *STATED_RULES.get(name, ()))
    for name in {**OUR_RULES, **STATED_RULES}
}
