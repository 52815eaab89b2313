"""Small resources on the border of R4 4.0.1, after its text and its definitions: what it allows."""

from patients.fhir.invariants_extensions import CORE
from tests.unit.patients.fhir import examples as ex
from tests.unit.patients.fhir.examples import HL7, Json

LATITUDE: Json = {"url": "latitude", "valueDecimal": 52.2}
LONGITUDE: Json = {"url": "longitude", "valueDecimal": 4.5}
UNKNOWN: Json = {"extension": [{"url": "http://example.org/why", "valueCode": "unknown"}]}
NESTED: Json = {"url": "part", "valueString": "x"}


def patient(**members: object) -> Json:
    return {"resourceType": "Patient", **members}


def observation(**members: object) -> Json:
    return {"resourceType": "Observation", "status": "final", "code": {"text": "x"}, **members}


def subject(**members: object) -> Json:
    return observation(subject=members)


def photo(data: str, kind: str = "image/png") -> Json:
    return patient(photo=[{"contentType": kind, "data": data}])


def extended(**members: object) -> Json:
    return patient(extension=[{"url": "http://example.org/x", **members}])


def local(kind: str) -> Json:
    inner = {"resourceType": kind, "id": "a", "name": [{"text": "x"}]}
    return observation(contained=[inner], subject={"reference": "#a"})


def bundle(kind: str, *entries: Json) -> Json:
    return {"resourceType": "Bundle", "type": kind, "entry": list(entries)}


def named(last: str, **members: object) -> Json:
    return {"fullUrl": f"http://example.org/fhir/Patient/{last}", "resource": patient(**members)}


def parameter(**members: object) -> Json:
    return {"resourceType": "Parameters", "parameter": [{"name": "a", **members}]}


def condition(**members: object) -> Json:
    return {"resourceType": "Condition", "subject": {"reference": "Patient/1"}, **members}


ACTIVE = {"system": f"{HL7}/condition-clinical", "code": "active"}
PUT: Json = {"method": "PUT", "url": "Patient/1"}

ALLOWED: dict[str, Json] = {
    # text: R4 says that it SHOULD have more than white space
    "white space alone in a string": patient(name=[{"family": " "}]),
    "white space around a string": patient(name=[{"family": " a\t"}]),
    "lines in a string": patient(name=[{"text": "a\r\nb"}]),
    "text beyond ASCII": patient(name=[{"text": "\u0645\U0001f600"}]),
    # times
    "leap second": observation(effectiveDateTime="2016-12-31T23:59:60Z"),
    "leap second of a time": observation(valueTime="23:59:60"),
    "many digits of a second": observation(issued="2024-01-01T00:00:00.1234567890123Z"),
    "minus zero hours": observation(issued="2024-01-01T00:00:00-00:00"),
    "29 February": patient(birthDate="2000-02-29"),
    "year alone": patient(birthDate="1970"),
    # numbers
    "exponent": observation(valueQuantity={"value": 1e-7}),
    "minus zero": observation(valueQuantity={"value": -0.0}),
    "smallest integer": observation(valueInteger=-(2**31)),
    # base64, URIs, codes
    "white space in base64": photo("SGVs\r\nbG8= "),
    "parameters of a media type": photo("SGVs", "text/plain; charset=utf-8"),
    "upper-case UUID as a URI": patient(identifier=[{"system": "urn:uuid:0C3151BD"}]),
    "relative URI": patient(identifier=[{"system": "mrn"}]),
    "one space in a code": observation(code={"coding": [{"code": "a b"}]}),
    "currency": {
        "resourceType": "Account",
        "status": "active",
        "extension": [{"url": "http://x", "valueMoney": {"value": 1, "currency": "EUR"}}],
    },
    # elements beside primitives
    "id beside a value": patient(gender="male", _gender={"id": "a"}),
    "id beside a value of a list": patient(name=[{"given": ["a"], "_given": [{"id": "b"}]}]),
    "extension in place of a value": patient(_birthDate=UNKNOWN),
    "extensions in place of a list": patient(name=[{"_given": [UNKNOWN, UNKNOWN]}]),
    "nulls on one side": patient(name=[{"given": ["a", None], "_given": [None, UNKNOWN]}]),
    "extension in place of what is required": {
        "resourceType": "Observation",
        "_status": UNKNOWN,
        "code": {"text": "x"},
    },
    "nulls beside values": patient(name=[{"given": ["a"], "_given": [None]}]),
    "extension in place of an extension's value": extended(_valueString=UNKNOWN),
    # extensions
    "relative url inside an extension": extended(extension=[NESTED]),
    "two levels of extensions": extended(extension=[{"url": "a", "extension": [NESTED]}]),
    "parts of an extension in any order": patient(
        extension=[{"url": f"{CORE}geolocation", "extension": [LONGITUDE, LATITUDE]}]
    ),
    "extension of a later version": patient(
        extension=[{"url": f"{CORE}of-later-versions", "valueString": "x"}]
    ),
    "id of an extension": extended(id="a", valueString="x"),
    "urn of an extension": patient(extension=[{"url": "urn:oid:1.2", "valueString": "x"}]),
    # references
    "URL of something else": subject(reference="http://example.org/fhir/Patient?active=true"),
    "version of a resource": subject(reference="Patient/1/_history/2"),
    "type with its definition": subject(
        reference="Patient/1", type="http://hl7.org/fhir/StructureDefinition/Patient"
    ),
    "identifier alone": subject(identifier={"value": "1"}),
    "contained resource of an allowed type": local("Patient"),
    # bindings
    "code of elsewhere beside the required one": condition(
        clinicalStatus={"coding": [{"system": "http://x", "code": "1"}, ACTIVE]}
    ),
    "text beside the required code": condition(clinicalStatus={"coding": [ACTIVE], "text": "x"}),
    "any language": patient(language="tlh"),
    # bundles
    "same fullUrl in a history": bundle(
        "history",
        *[named("1", id="1") | {"request": PUT, "response": {"status": "200"}}] * 2,
    ),
    "same fullUrl, other version": bundle(
        "collection",
        named("1", id="1", meta={"versionId": "1"}),
        named("1", id="1", meta={"versionId": "2"}),
    ),
    "no fullUrl in a transaction": bundle(
        "transaction", {"resource": patient(id="1"), "request": PUT}
    ),
    "urn for a fullUrl": bundle(
        "collection", {"fullUrl": "urn:uuid:1", "resource": patient(id="2")}
    ),
    "resource without an id": bundle("searchset", {"resource": patient()}),
    "empty bundle": {"resourceType": "Bundle", "type": "collection"},
    # parameters
    "resource as a parameter": parameter(resource=patient()),
    "parts of a parameter": parameter(part=[{"name": "b", "valueCode": "c"}]),
    # narrative
    "entities in a narrative": patient(
        text={"status": "generated", "div": f"{ex.XHTML}a&nbsp;&copy;&#169;&lt;</div>"}
    ),
}
