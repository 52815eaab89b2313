"""Error invariants of the resources that we interpret or write, and of Task for its dates.

Left out: ctm-1, which needs another resource, and ppc-2 to ppc-5, which HL7 wrote against a code
system called "something".
"""

from typing import Any

from patients.fhir.invariants import (
    Invariant,
    Json,
    at_least_one,
    needs,
    not_both,
    present,
    rule,
)
from patients.fhir.invariants_types import UCUM, period_holds

HL7_SYSTEMS = "http://terminology.hl7.org/CodeSystem/"


def _codes(concept: Any, system: str) -> set[str]:
    """Codes of one HL7 code system in a CodeableConcept."""
    codings = (concept or {}).get("coding", ())
    return {c.get("code", "") for c in codings if c.get("system") == HL7_SYSTEMS + system}


def _panel_holds(node: Json) -> bool:
    """obs-7: a component with the observation's own code would say its value twice."""
    if "component" not in node or not present(node, "value[x]"):
        return True
    own = _codings(node["code"]) if "code" in node else set()
    return not any(own & _codings(part.get("code", {})) for part in node["component"])


def _codings(concept: Json) -> set[tuple[str, ...]]:
    """Codings as FHIRPath's intersect() compares them: every member counts."""
    keys = ("system", "version", "code", "display", "userSelected")
    return {tuple(str(c.get(k)) for k in keys) for c in concept.get("coding", ())}


def _is_mistaken_allergy(node: Json) -> bool:
    codes = _codes(node.get("verificationStatus"), "allergyintolerance-verification")
    return "entered-in-error" in codes


def _abatement_holds(node: Json) -> bool:
    codes = _codes(node.get("clinicalStatus"), "condition-clinical")
    return not present(node, "abatement[x]") or bool(codes & {"resolved", "remission", "inactive"})


def _error_status_holds(node: Json) -> bool:
    codes = _codes(node.get("verificationStatus"), "condition-ver-status")
    return "entered-in-error" not in codes or "clinicalStatus" not in node


def _handed_over_after(node: Json) -> bool:
    return period_holds({"start": node.get("whenPrepared"), "end": node.get("whenHandedOver")})


def _changed_after(node: Json) -> bool:
    return period_holds({"start": node.get("authoredOn"), "end": node.get("lastModified")})


def _no_home(name: str) -> Invariant:
    key = "org-3" if name == "telecom" else "org-2"

    def offenders(node: Json) -> list[str]:
        places = enumerate(node.get(name, ()))
        return [f"{name}[{i}].use" for i, place in places if place.get("use") == "home"]

    return Invariant(key, "an organization has no home address or telecom", offenders)


def _percent_range_holds(node: Json) -> bool:
    ends = [v for k, v in node.get("probabilityRange", {}).items() if k in ("low", "high")]
    return all(end.get("code") == "%" and end.get("system") == UCUM for end in ends)


def _sequence_named_once(node: Json) -> bool:
    names = ("genomeBuild", "referenceSeqId", "referenceSeqPointer", "referenceSeqString")
    return sum(present(node, name) for name in names) == 1


def _build_holds(node: Json) -> bool:
    return present(node, "chromosome") == present(node, "genomeBuild")


RESOURCE_RULES: dict[str, tuple[Invariant, ...]] = {
    "AllergyIntolerance": (
        rule(
            "ait-1",
            "clinicalStatus is needed unless verificationStatus is entered-in-error",
            lambda node: "clinicalStatus" in node or _is_mistaken_allergy(node),
        ),
        rule(
            "ait-2",
            "clinicalStatus must be absent when verificationStatus is entered-in-error",
            lambda node: not ("clinicalStatus" in node and _is_mistaken_allergy(node)),
        ),
    ),
    "AuditEvent.entity": (not_both("sev-1", "name", "query"),),
    "CarePlan.activity": (not_both("cpl-3", "detail", "reference"),),
    "Condition": (
        rule(
            "con-4",
            "an abated condition has clinicalStatus resolved, remission or inactive",
            _abatement_holds,
        ),
        rule(
            "con-5",
            "clinicalStatus must be absent when verificationStatus is entered-in-error",
            _error_status_holds,
        ),
    ),
    "Condition.evidence": (at_least_one("con-2", "code", "detail"),),
    "Condition.stage": (at_least_one("con-1", "summary", "assessment"),),
    "Consent": (at_least_one("ppc-1", "policy", "policyRule"),),
    "FamilyMemberHistory": (
        not_both("fhs-1", "age[x]", "born[x]"),
        needs("fhs-2", "estimatedAge", "age[x]"),
    ),
    "Goal.target": (needs("gol-1", "detail[x]", "measure"),),
    "Group": (
        rule(
            "grp-1",
            "only a group with actual = true has members",
            lambda node: "member" not in node or node.get("actual") is True,
        ),
    ),
    "Immunization.education": (at_least_one("imm-1", "documentType", "reference"),),
    "MedicationAdministration.dosage": (at_least_one("mad-1", "dose", "rate[x]"),),
    "MedicationDispense": (
        rule("mdd-1", "whenHandedOver must not be before whenPrepared", _handed_over_after),
    ),
    "MolecularSequence": (
        rule("msq-3", "coordinateSystem is 0 or 1", lambda n: n.get("coordinateSystem") in (0, 1)),
    ),
    "MolecularSequence.referenceSeq": (
        rule("msq-5", "chromosome and genomeBuild go together", _build_holds),
        rule(
            "msq-6",
            "exactly one of genomeBuild, referenceSeqId, -Pointer and -String is needed",
            _sequence_named_once,
        ),
    ),
    "Observation": (
        not_both("obs-6", "dataAbsentReason", "value[x]"),
        rule("obs-7", "a component must not repeat the code of a valued observation", _panel_holds),
    ),
    "Observation.referenceRange": (at_least_one("obs-3", "low", "high", "text"),),
    "Organization": (
        at_least_one("org-1", "identifier", "name"),
        _no_home("telecom"),
        _no_home("address"),
    ),
    "Patient.contact": (at_least_one("pat-1", "name", "telecom", "address", "organization"),),
    "QuestionnaireResponse.item": (not_both("qrs-1", "answer", "item"),),
    "RiskAssessment.prediction": (
        rule("ras-1", "a probability range is in UCUM %", _percent_range_holds),
        rule(
            "ras-2",
            "a probability is a percentage of at most 100",
            lambda node: node.get("probabilityDecimal", 0) <= 100,
        ),
    ),
    "ServiceRequest": (needs("prr-1", "orderDetail", "code"),),
    "Task": (rule("inv-1", "lastModified must not be before authoredOn", _changed_after),),
}
