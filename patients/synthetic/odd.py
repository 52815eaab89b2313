"""The odd values that real feeds have, on request: for testing what the twin does with them."""

from collections.abc import Iterator
from copy import deepcopy
from datetime import timedelta
from typing import Any

from patients.synthetic.codes import RXNORM, SNOMED
from patients.synthetic.life import Life, Visit
from patients.synthetic.resources import (
    Json,
    base,
    blood_pressure,
    coded,
    measurement,
    moment,
    quantity,
)


def odd_resources(who: str, life: Life, number: int) -> Iterator[Json]:
    """A few oddities for one patient; which ones depends on `number`."""
    kinds = list(ODDITIES)
    for at in range(3):
        name = kinds[(number * 3 + at) % len(kinds)]
        yield ODDITIES[name](f"{who}-odd-{name}", who, life.visits[-1])


def _later(visit: Visit) -> Visit:
    """The visit's values again, three days later."""
    return Visit(
        visit.day - timedelta(days=3),
        dict(visit.values),
        visit.systolic,
        visit.diastolic,
        visit.smoking,
    )


def _with(fhir_id: str, who: str, visit: Visit, name: str, value: Any, unit: str | None) -> Json:
    resource = measurement(fhir_id, who, _later(visit), name, visit.values.get(name, 1.0))
    resource["valueQuantity"] = {"value": value} if unit is None else quantity(value, unit)
    return resource


def _si_creatinine(fhir_id: str, who: str, visit: Visit) -> Json:
    return _with(
        fhir_id, who, visit, "creatinine", round(visit.values["creatinine"] * 88.4), "umol/L"
    )


def _ifcc_hba1c(fhir_id: str, who: str, visit: Visit) -> Json:
    value = round((visit.values["hba1c"] - 2.152) / 0.09148)
    return _with(fhir_id, who, visit, "hba1c", value, "mmol/mol")


def _si_cholesterol(fhir_id: str, who: str, visit: Visit) -> Json:
    total = visit.values.get("total_cholesterol", 200)
    return _with(fhir_id, who, visit, "total_cholesterol", round(total * 0.02586, 2), "mmol/L")


def _unknown_unit(fhir_id: str, who: str, visit: Visit) -> Json:
    resource = _with(fhir_id, who, visit, "potassium", 4.1, None)
    resource["valueQuantity"] |= {"unit": "furlong"}
    return resource


def _impossible(fhir_id: str, who: str, visit: Visit) -> Json:
    return _with(fhir_id, who, visit, "weight", 1180, "kg")


def _no_unit(fhir_id: str, who: str, visit: Visit) -> Json:
    resource = blood_pressure(fhir_id, who, _later(visit))
    for component in resource["component"]:
        component["valueQuantity"] = {"value": component["valueQuantity"]["value"]}
    return resource


def _old_panel(fhir_id: str, who: str, visit: Visit) -> Json:
    resource = blood_pressure(fhir_id, who, _later(visit))
    resource["code"]["coding"][0]["code"] = "55284-4"
    return resource


def _in_error(fhir_id: str, who: str, visit: Visit) -> Json:
    resource = blood_pressure(fhir_id, who, _later(visit))
    resource["status"] = "entered-in-error"
    resource["component"][0]["valueQuantity"]["value"] = 222
    return resource


def _partial_date(fhir_id: str, who: str, visit: Visit) -> Json:
    resource = measurement(fhir_id, who, visit, "sodium", visit.values["sodium"])
    resource["effectiveDateTime"] = str(visit.day.year - 1)
    return resource


def _comparator(fhir_id: str, who: str, visit: Visit) -> Json:
    resource = _with(fhir_id, who, visit, "acr", 3, "mg/g")
    resource["valueQuantity"]["comparator"] = "<"
    return resource


def _reported_egfr(fhir_id: str, who: str, visit: Visit) -> Json:
    resource = _with(fhir_id, who, visit, "egfr", visit.values["egfr"], "mL/min")
    resource["code"]["coding"][0] |= {"code": "33914-3"}
    return resource


def _unknown_smoking(fhir_id: str, who: str, visit: Visit) -> Json:
    resource = measurement(fhir_id, who, _later(visit), "sodium", visit.values["sodium"])
    del resource["valueQuantity"]
    resource["code"] = coded("http://loinc.org", "72166-2", "Tobacco smoking status")
    resource["valueCodeableConcept"] = coded(SNOMED, "266927001", "Tobacco smoking status unknown")
    return resource


def _unclassified_drug(fhir_id: str, who: str, visit: Visit) -> Json:
    return base("MedicationRequest", fhir_id) | {
        "status": "active",
        "intent": "order",
        # no such concept: RxNorm identifiers have at most seven digits
        "medicationCodeableConcept": coded(RXNORM, "999999999", "A drug of the house list"),
        "subject": {"reference": f"Patient/{who}"},
        "authoredOn": moment(visit.day, 10),
    }


def _duplicate(fhir_id: str, who: str, visit: Visit) -> Json:
    return deepcopy(blood_pressure(fhir_id, who, visit))


ODDITIES = {
    "si-creatinine": _si_creatinine,
    "no-unit": _no_unit,
    "ifcc-hba1c": _ifcc_hba1c,
    "in-error": _in_error,
    "si-cholesterol": _si_cholesterol,
    "unclassified": _unclassified_drug,
    "impossible": _impossible,
    "unknown-unit": _unknown_unit,
    "old-panel": _old_panel,
    "partial-date": _partial_date,
    "comparator": _comparator,
    "reported-egfr": _reported_egfr,
    "unknown-smoking": _unknown_smoking,
    "duplicate": _duplicate,
}
