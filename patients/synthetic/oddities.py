"""The oddities of real feeds, on request: each is something that a sender has really been seen to do.

An oddity changes the newest resource of its kind, or adds one beside it (`<patient>-odd-<name>`).
Every resource stays valid R4: the oddness is in what it says.
"""

from collections.abc import Callable, Iterator, Mapping
from copy import deepcopy

from patients.synthetic.fhir import Json, coding, concept
from patients.synthetic.vocabulary import (
    BP_PANEL,
    LOINC,
    MEASURED,
    SMOKING_ANSWERS,
    SMOKING_STATUS,
    SNOMED,
    UCUM,
)

PER_PATIENT = 5
_MMOL_PER_MG_DL = {
    "total_cholesterol": ("14647-2", 0.02586),
    "hdl_cholesterol": ("14646-4", 0.02586),
    "triglycerides": ("14927-8", 1 / 88.57),
    "ldl_cholesterol": ("2089-1", 0.02586),
}

Resources = list[Json]
Oddity = Callable[[Resources], Iterator[Json]]


def make_odd(resources: Resources, index: int) -> Resources:
    """Some oddities for one patient; five patients in a row have had all of them."""
    names = list(ODDITIES)
    chosen = [names[(index * PER_PATIENT + k) % len(names)] for k in range(PER_PATIENT)]
    for name in chosen:
        added = list(ODDITIES[name](resources))
        for body in added:
            body["id"] = f"{resources[0]['id']}-odd-{name}"
        resources = [*resources, *added]
    return resources


def _newest(resources: Resources, loinc: str) -> Json | None:
    """The newest final Observation of a code; resources come in the order of visits."""
    return next(
        (r for r in reversed(resources) if _code(r) == loinc and "-odd-" not in r["id"]), None
    )


def _code(body: Json) -> str:
    return str(body["code"]["coding"][0]["code"]) if body["resourceType"] == "Observation" else ""


def _measured(resources: Resources, key: str) -> Iterator[Json]:
    """The newest measurement of a kind, if there is one."""
    found = _newest(resources, MEASURED[key].loinc)
    if found is not None:
        yield found


def _pressure(resources: Resources) -> Iterator[Json]:
    found = _newest(resources, BP_PANEL[0])
    if found is not None:
        yield found


def _becomes(body: Json, value: float, unit: str, loinc: str = "") -> None:
    body["valueQuantity"] = {"value": value, "unit": unit, "system": UCUM, "code": unit}
    if loinc:
        body["code"]["coding"][0]["code"] = loinc
        del body["code"]["coding"][0]["display"]


def _si_lipids(resources: Resources) -> Iterator[Json]:
    for key, (loinc, factor) in _MMOL_PER_MG_DL.items():
        for body in _measured(resources, key):
            _becomes(body, round(body["valueQuantity"]["value"] * factor, 2), "mmol/L", loinc)
    yield from ()


def _si_creatinine(resources: Resources) -> Iterator[Json]:
    for body in _measured(resources, "creatinine"):
        _becomes(body, float(round(body["valueQuantity"]["value"] * 88.4)), "umol/L", "14682-9")
    yield from ()


def _ifcc_hba1c(resources: Resources) -> Iterator[Json]:
    for body in _measured(resources, "hba1c"):
        ifcc = round((body["valueQuantity"]["value"] - 2.152) / 0.09148)
        _becomes(body, float(ifcc), "mmol/mol", "59261-8")
    yield from ()


def _component_without_unit(resources: Resources) -> Iterator[Json]:
    for body in _pressure(resources):
        quantity = body["component"][1]["valueQuantity"]
        body["component"][1]["valueQuantity"] = {"value": quantity["value"]}
    yield from ()


def _unknown_unit(resources: Resources) -> Iterator[Json]:
    for body in _measured(resources, "weight"):
        body["valueQuantity"] = {"value": body["valueQuantity"]["value"], "unit": "wt units"}
    yield from ()


def _impossible_value(resources: Resources) -> Iterator[Json]:
    for body in _measured(resources, "heart_rate"):
        odd = deepcopy(body)
        odd["valueQuantity"]["value"] = 7420
        yield odd


def _year_only(resources: Resources) -> Iterator[Json]:
    for body in _measured(resources, "haemoglobin"):
        odd = deepcopy(body)
        odd["effectiveDateTime"] = str(int(body["effectiveDateTime"][:4]) - 1)
        odd.pop("issued", None)
        yield odd


def _onset_month_only(resources: Resources) -> Iterator[Json]:
    for body in resources:
        if body["resourceType"] == "Condition" and "abatementDateTime" not in body:
            body["onsetDateTime"] = body["onsetDateTime"][:7]
    yield from ()


def _entered_in_error(resources: Resources) -> Iterator[Json]:
    for body in _pressure(resources):
        odd = deepcopy(body)
        odd["status"] = "entered-in-error"
        odd["component"][0]["valueQuantity"]["value"] = 212
        yield odd


def _unknown_smoking(resources: Resources) -> Iterator[Json]:
    body = _newest(resources, SMOKING_STATUS[0])
    if body is not None:
        odd = deepcopy(body)
        odd["valueCodeableConcept"] = concept(coding(SNOMED, *SMOKING_ANSWERS["unknown"]))
        yield odd


def _unclassified_drug(resources: Resources) -> Iterator[Json]:
    """A house code, as hospital pharmacies have them: no RxNorm code is made up for it."""
    owner = resources[0]
    yield {
        "resourceType": "MedicationRequest",
        "meta": deepcopy(owner["meta"]),
        "status": "active",
        "intent": "order",
        "medicationCodeableConcept": {
            "coding": [{"system": "urn:twinportal:synthetic:formulary", "code": "HF-2207"}],
            "text": "Pressure tablet, house formulary",
        },
        "subject": {"reference": f"Patient/{owner['id']}"},
        "authoredOn": next(
            r["period"]["start"][:10] for r in resources if r["resourceType"] == "CareTeam"
        ),
    }


def _duplicate(resources: Resources) -> Iterator[Json]:
    for body in _measured(resources, "creatinine"):
        yield deepcopy(body)


def _egfr_per_minute(resources: Resources) -> Iterator[Json]:
    for body in _measured(resources, "egfr"):
        _becomes(body, body["valueQuantity"]["value"], "mL/min", "33914-3")
    yield from ()


def _below_detection(resources: Resources) -> Iterator[Json]:
    for body in _measured(resources, "urine_acr"):
        body["valueQuantity"] |= {"value": 3, "comparator": "<"}
    yield from ()


def _old_panel(resources: Resources) -> Iterator[Json]:
    for body in _pressure(resources):
        body["code"] = concept(coding(LOINC, "55284-4", "Blood Pressure"))
    yield from ()


def _hypertensive_disorder(resources: Resources) -> Iterator[Json]:
    for body in resources:
        if body["resourceType"] == "Condition" and body["code"]["coding"][0]["code"] == "59621000":
            body["code"] = concept(coding(SNOMED, "38341003", "Hypertensive disorder"))
    yield from ()


def _result_pending(resources: Resources) -> Iterator[Json]:
    for body in _measured(resources, "potassium"):
        odd = deepcopy(body)
        odd["status"] = "registered"
        del odd["valueQuantity"]
        odd["dataAbsentReason"] = {"text": "Result pending"}
        yield odd


def _pounds_and_inches(resources: Resources) -> Iterator[Json]:
    for body in _measured(resources, "height"):
        _becomes(body, round(body["valueQuantity"]["value"] / 2.54, 1), "[in_i]")
    for body in _measured(resources, "bmi"):
        body["valueQuantity"]["unit"] = "BMI"
    yield from ()


ODDITIES: Mapping[str, Oddity] = {
    "si-lipids": _si_lipids,
    "si-creatinine": _si_creatinine,
    "ifcc-hba1c": _ifcc_hba1c,
    "component-without-unit": _component_without_unit,
    "unknown-unit": _unknown_unit,
    "impossible-value": _impossible_value,
    "year-only": _year_only,
    "onset-month-only": _onset_month_only,
    "entered-in-error": _entered_in_error,
    "unknown-smoking": _unknown_smoking,
    "unclassified-drug": _unclassified_drug,
    "duplicate": _duplicate,
    "egfr-per-minute": _egfr_per_minute,
    "below-detection": _below_detection,
    "old-panel": _old_panel,
    "hypertensive-disorder": _hypertensive_disorder,
    "result-pending": _result_pending,
    "inches": _pounds_and_inches,
}
