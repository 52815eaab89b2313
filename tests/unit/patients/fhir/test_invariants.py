"""Each invariant, kept and broken, on the smallest element that it speaks of."""

import pytest

from patients.fhir.invariants_bundle import WHOLE_BUNDLE
from patients.fhir.invariants_extensions import CORE
from patients.fhir.rules import BY_KEY, OUR_RULES
from tests.unit.patients.fhir.examples import HL7, UCUM, concept

ENTRY = {"fullUrl": "urn:uuid:1", "resource": {"resourceType": "Basic"}}
NAMED = {"fullUrl": "http://x/Patient/1", "resource": {"id": "1"}}
LATITUDE = {"url": "latitude", "valueDecimal": 52.2}
LONGITUDE = {"url": "longitude", "valueDecimal": 4.5}
PERCENT = {"value": 1, "code": "%", "system": UCUM}
AGE = {"value": 3, "system": UCUM, "code": "a"}
ALLERGY = f"{HL7}/allergyintolerance-verification"
CLINICAL = f"{HL7}/condition-clinical"

CASES = [
    # key, kept, broken
    ("age-1", AGE, {**AGE, "value": 0}),
    ("age-1", {"value": 3, "code": "a", "system": UCUM}, {"value": 3}),
    ("ait-1", {"clinicalStatus": {}}, {}),
    ("ait-1", {"verificationStatus": concept(ALLERGY, "entered-in-error")}, {"verificationStatus": concept(ALLERGY, "refuted")}),
    ("ait-2", {"verificationStatus": concept(ALLERGY, "entered-in-error")}, {"verificationStatus": concept(ALLERGY, "entered-in-error"), "clinicalStatus": {}}),
    ("att-1", {"data": "x", "contentType": "a/b"}, {"data": "x"}),
    ("bdl-1", {"type": "searchset", "total": 1}, {"type": "batch", "total": 1}),
    ("bdl-2", {"type": "searchset", "entry": [{"search": {}}]}, {"type": "batch", "entry": [{"search": {}}]}),
    ("bdl-3", {"type": "batch", "entry": [{"request": {}}]}, {"type": "batch", "entry": [{}]}),
    ("bdl-3", {"type": "collection", "entry": [{}]}, {"type": "collection", "entry": [{"request": {}}]}),
    ("bdl-4", {"type": "batch-response", "entry": [{"response": {}}]}, {"type": "batch", "entry": [{"response": {}}]}),
    ("bdl-5", {"request": {}}, {"fullUrl": "x"}),
    ("bdl-7", {"type": "collection", "entry": [ENTRY, {}]}, {"type": "collection", "entry": [ENTRY, ENTRY]}),
    ("bdl-7", {"type": "history", "entry": [ENTRY, ENTRY]}, {"type": "document", "entry": [ENTRY, ENTRY]}),
    ("bdl-8", {"fullUrl": "http://x/Patient/1"}, {"fullUrl": "http://x/Patient/1/_history/2"}),
    ("bdl-9", {"type": "document", "identifier": {"system": "a", "value": "b"}}, {"type": "document", "identifier": {"value": "b"}}),
    ("bdl-10", {"type": "document", "timestamp": "x"}, {"type": "document"}),
    ("bdl-11", {"type": "document", "entry": [{"resource": {"resourceType": "Composition"}}]}, {"type": "document"}),
    ("bdl-12", {"type": "message", "entry": [{"resource": {"resourceType": "MessageHeader"}}]}, {"type": "message", "entry": [ENTRY]}),
    ("bdl-abs", {"entry": [{"fullUrl": "urn:uuid:1"}, {}]}, {"entry": [{"fullUrl": "Patient/1"}]}),
    ("bdl-id", {"entry": [NAMED, {"fullUrl": "http://x/other/2", "resource": {"id": "1"}}]}, {"entry": [{**NAMED, "fullUrl": "http://x/Patient/2"}]}),
    ("bdl-url", {"type": "collection", "entry": [NAMED, {"resource": {}}]}, {"type": "searchset", "entry": [{"resource": {"id": "1"}}]}),
    ("bdl-url", {"type": "batch", "entry": [{"resource": {"id": "1"}}]}, {"type": "history", "entry": [{"resource": {"id": "1"}}]}),
    ("cnt-3", {"value": 2, "system": UCUM, "code": "1"}, {"value": 2.5, "system": UCUM, "code": "1"}),
    ("con-1", {"assessment": []}, {"type": {}}),
    ("con-2", {"detail": []}, {}),
    ("con-4", {"abatementString": "x", "clinicalStatus": concept(CLINICAL, "inactive")}, {"abatementString": "x"}),
    ("con-5", {"clinicalStatus": {}}, {"clinicalStatus": {}, "verificationStatus": concept(f"{HL7}/condition-ver-status", "entered-in-error")}),
    ("cpl-3", {"detail": {}}, {"detail": {}, "reference": {}}),
    ("cpt-2", {"value": "1", "system": "phone"}, {"value": "1"}),
    ("dis-1", {"value": 2, "system": UCUM, "code": "m"}, {"value": 2, "system": "x", "code": "m"}),
    ("drt-1", {"value": 2, "unit": "h"}, {"value": 2, "code": "h"}),
    ("exp-1", {"expression": "x"}, {"language": "x"}),
    ("ext-1", {"url": "x", "valueCode": "y"}, {"url": "x"}),
    ("ext-1", {"url": "x", "extension": []}, {"url": "x", "extension": [], "_valueCode": {}}),
    ("ext-core", {"url": f"{CORE}patient-birthPlace", "valueAddress": {}}, {"url": f"{CORE}patient-birthPlace", "valueString": "x"}),
    ("ext-core", {"url": f"{CORE}geolocation", "extension": [LATITUDE, LONGITUDE, {"url": "other"}]}, {"url": f"{CORE}geolocation", "extension": [LATITUDE]}),
    ("ext-core", {"url": f"{CORE}of-later-versions", "valueString": "x"}, {"url": f"{CORE}geolocation", "valueString": "x"}),
    ("ext-core", {"url": "http://x", "valueString": "x"}, {"url": f"{CORE}geolocation", "extension": [LATITUDE, LATITUDE, LONGITUDE]}),
    ("ext-core", {"url": f"{CORE}data-absent-reason", "valueCode": "unknown"}, {"url": f"{CORE}geolocation", "extension": [{"url": "latitude", "valueString": "x"}, LONGITUDE]}),
    ("ext-url", {"url": "urn:oid:1.2"}, {"url": "race"}),
    ("fhs-1", {"ageString": "x"}, {"ageString": "x", "bornDate": "2000"}),
    ("fhs-2", {"ageString": "x", "estimatedAge": True}, {"estimatedAge": True}),
    ("gol-1", {"detailString": "x", "measure": {}}, {"detailString": "x"}),
    ("grp-1", {"actual": True, "member": []}, {"actual": False, "member": []}),
    ("imm-1", {"reference": "x"}, {"publicationDate": "2000"}),
    ("inv-1", {"authoredOn": "2024-01-01", "lastModified": "2024-01"}, {"authoredOn": "2024-01-01T10:00:00Z", "lastModified": "2024-01-01T10:30:00+01:00"}),
    ("mad-1", {"rateRatio": {}}, {"text": "x"}),
    ("mdd-1", {"whenPrepared": "2024-01-01", "whenHandedOver": "2024-01"}, {"whenPrepared": "2024-01-02", "whenHandedOver": "2024-01-01"}),
    ("msq-3", {"coordinateSystem": 0}, {"coordinateSystem": 2}),
    ("msq-5", {"chromosome": {}, "genomeBuild": "x"}, {"chromosome": {}}),
    ("msq-6", {"referenceSeqString": "x"}, {"referenceSeqString": "x", "genomeBuild": "x"}),
    ("obs-3", {"text": "x"}, {"age": {}}),
    ("obs-6", {"dataAbsentReason": {}}, {"dataAbsentReason": {}, "valueString": "x"}),
    ("obs-7", {"valueString": "x", "component": [{"code": concept("a", "1")}], "code": concept("a", "2")}, {"valueString": "x", "component": [{"code": concept("a", "1")}], "code": concept("a", "1")}),
    ("org-1", {"name": "x"}, {"active": True}),
    ("org-2", {"address": [{"use": "work"}]}, {"address": [{"use": "home"}]}),
    ("org-3", {"telecom": [{"system": "phone"}]}, {"telecom": [{"use": "home"}]}),
    ("pat-1", {"organization": {}}, {"gender": "male"}),
    ("per-1", {"start": "2024-05", "end": "2024"}, {"start": "2025", "end": "2024-12-31"}),
    ("per-1", {"start": "2024"}, {"start": "2024", "end": "2023"}),
    ("per-1", {"start": "x", "end": "y"}, {"start": "2024-01-01T10:00:00Z", "end": "2024-01-01T10:30:00+01:00"}),
    ("per-1", {"start": "2024", "end": "not a date"}, {"start": "2024-02", "end": "2024-01"}),
    ("ppc-1", {"policyRule": {}}, {"status": "active"}),
    ("prr-1", {"orderDetail": [], "code": {}}, {"orderDetail": []}),
    ("qrs-1", {"item": []}, {"item": [], "answer": []}),
    ("qty-3", {"code": "mg", "system": UCUM}, {"code": "mg"}),
    ("ras-1", {"probabilityRange": {"low": PERCENT}}, {"probabilityRange": {"high": {"value": 1}}}),
    ("ras-2", {"probabilityDecimal": 100}, {"probabilityDecimal": 100.1}),
    ("rat-1", {"numerator": {}, "denominator": {}}, {"numerator": {}}),
    ("rat-1", {"extension": []}, {}),
    ("rng-2", {"low": {"value": 2, "unit": "m"}, "high": {"value": 1, "unit": "km"}}, {"low": {"value": 2}, "high": {"value": 1}}),
    ("rng-2", {"low": {"value": 2}}, {"low": {"value": 2.5}, "high": {"value": 2.4}}),
    ("sev-1", {"query": "x"}, {"query": "x", "name": "y"}),
    ("sqty-1", {"value": 1}, {"value": 1, "comparator": "<"}),
    ("tim-1", {"duration": 1, "durationUnit": "d"}, {"duration": 1}),
    ("tim-2", {"period": 1, "periodUnit": "d"}, {"period": 1}),
    ("tim-4", {"duration": 0}, {"duration": -1}),
    ("tim-5", {"period": 0}, {"period": -1}),
    ("tim-6", {"periodMax": 1, "period": 1}, {"periodMax": 1}),
    ("tim-7", {"durationMax": 1, "duration": 1}, {"durationMax": 1}),
    ("tim-8", {"countMax": 1, "count": 1}, {"countMax": 1}),
    ("tim-9", {"offset": 1, "when": ["PCM"]}, {"offset": 1, "when": ["C"]}),
    ("tim-9", {"when": ["C"]}, {"offset": 1}),
    ("tim-10", {"when": ["C"]}, {"when": ["C"], "timeOfDay": ["10:00:00"]}),
]  # fmt: skip


@pytest.mark.parametrize(("key", "kept", "broken"), CASES)
def test_a_rule_is_kept_and_broken(key, kept, broken):
    rule = BY_KEY[key]
    assert not list(rule.offenders(kept))
    assert list(rule.offenders(broken))


def test_every_rule_has_a_case():
    assert {key for key, _, _ in CASES} == set(BY_KEY)


def test_keys_are_used_once_save_for_quantities():
    shared = {"Age", "Count", "Duration", "Quantity", WHOLE_BUNDLE}
    keys = [rule.key for name, rules in OUR_RULES.items() if name not in shared for rule in rules]
    assert len(keys) == len(set(keys))


def test_a_broken_entry_is_named():
    bundle = {"type": "batch", "entry": [{"request": {}}, {}]}
    assert list(BY_KEY["bdl-3"].offenders(bundle)) == ["entry[1].request"]
