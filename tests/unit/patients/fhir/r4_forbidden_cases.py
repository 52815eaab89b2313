"""Small resources just beyond R4 4.0.1, with the element that is at fault."""

from patients.fhir.invariants_extensions import CORE
from tests.unit.patients.fhir import examples as ex
from tests.unit.patients.fhir.examples import HL7, Json
from tests.unit.patients.fhir.r4_cases import (
    NESTED,
    PUT,
    UNKNOWN,
    bundle,
    condition,
    extended,
    local,
    named,
    observation,
    parameter,
    patient,
    photo,
    subject,
)

FAMILY, SUBJECT = "Patient.name[0].family", "Observation.subject.reference"
EFFECTIVE, VALUE = "Observation.effectiveDateTime", "Observation.valueQuantity.value"
DATA, SYSTEM = "Patient.photo[0].data", "Patient.identifier[0].system"
GENDER, GIVEN = "Patient._gender", "Patient.name[0]._given[0]"
EXTENSION, URL = "Patient.extension[0]", "Bundle.entry[0].fullUrl"


def at(text: str) -> Json:
    return observation(effectiveDateTime=text)


def system(text: str) -> Json:
    return patient(identifier=[{"system": text}])


def div(inner: str) -> Json:
    return patient(text={"status": "generated", "div": f"{ex.XHTML}{inner}</div>"})


FORBIDDEN: dict[str, tuple[Json, str]] = {
    # text
    "null character": (patient(name=[{"family": "a\0"}]), FAMILY),
    "escape character": (patient(name=[{"family": "\x1b[31m"}]), FAMILY),
    "empty string": (patient(name=[{"family": ""}]), FAMILY),
    "number for a string": (patient(name=[{"family": 5}]), FAMILY),
    # times
    "30 February": (at("2018-02-30"), EFFECTIVE),
    "29 February of 1900": (at("1900-02-29"), EFFECTIVE),
    "31 April": (at("2018-04-31"), EFFECTIVE),
    "year 0": (at("0000"), EFFECTIVE),
    "two digits of a year": (at("18"), EFFECTIVE),
    "one digit of a month": (at("2018-1-01"), EFFECTIVE),
    "no zone": (at("2018-01-01T10:00:00"), EFFECTIVE),
    "no seconds": (at("2018-01-01T10:00Z"), EFFECTIVE),
    "hour 24": (at("2018-01-01T24:00:00Z"), EFFECTIVE),
    "second 61": (at("2018-01-01T10:00:61Z"), EFFECTIVE),
    "small z": (at("2018-01-01T10:00:00z"), EFFECTIVE),
    "zone without a colon": (at("2018-01-01T10:00:00+0100"), EFFECTIVE),
    "zone of 15 hours": (at("2018-01-01T10:00:00+15:00"), EFFECTIVE),
    "space for T": (at("2018-01-01 10:00:00Z"), EFFECTIVE),
    "point without digits": (at("2018-01-01T10:00:00.Z"), EFFECTIVE),
    "line end behind a date": (patient(birthDate="1970\n"), "Patient.birthDate"),
    "time behind a date": (patient(birthDate="1970-01-01T00:00:00Z"), "Patient.birthDate"),
    "date for an instant": (observation(issued="2018-01-01"), "Observation.issued"),
    "instant without a zone": (observation(issued="2018-01-01T10:00:00"), "Observation.issued"),
    "zone behind a time": (observation(valueTime="10:00:00Z"), "Observation.valueTime"),
    "time without seconds": (observation(valueTime="10:00"), "Observation.valueTime"),
    # numbers and booleans
    "text for a decimal": (observation(valueQuantity={"value": "1"}), VALUE),
    "true for a decimal": (observation(valueQuantity={"value": True}), VALUE),
    "decimal for an integer": (observation(valueInteger=1.0), "Observation.valueInteger"),
    "too great an integer": (observation(valueInteger=2**31), "Observation.valueInteger"),
    "0 for a positive integer": (patient(telecom=[{"rank": 0}]), "Patient.telecom[0].rank"),
    "text for a boolean": (patient(active="true"), "Patient.active"),
    # base64, URIs, codes, ids
    "no padding": (photo("SGVsbG8"), DATA),
    "padding alone": (photo("===="), DATA),
    "padding in the middle": (photo("SG==SGVs"), DATA),
    "alphabet of URLs": (photo("SG-_"), DATA),
    "white space for base64": (photo(" \n"), DATA),
    "no media type": (photo("SGVs", "png"), "Patient.photo[0].contentType"),
    "space in a URI": (system("http://a b"), SYSTEM),
    "space behind a URI": (system("http://a "), SYSTEM),
    "bare OID": (system("oid:1.2.3"), SYSTEM),
    "bare UUID": (system("uuid:0c3151bd-1cbf-4d64-b04d-cd9187a4c6e0"), SYSTEM),
    "OID without digits": (
        observation(extension=[{"url": "http://x", "valueOid": "urn:oid:1.x"}]),
        "Observation.extension[0].valueOid",
    ),
    "UUID too short": (
        observation(extension=[{"url": "http://x", "valueUuid": "urn:uuid:0c3151bd"}]),
        "Observation.extension[0].valueUuid",
    ),
    "two spaces in a code": (
        observation(code={"coding": [{"code": "a  b"}]}),
        "Observation.code.coding[0].code",
    ),
    "underscore in an id": (patient(id="a_b"), "Patient.id"),
    "65 characters of an id": (patient(id="a" * 65), "Patient.id"),
    "space in the id of an element": (
        patient(name=[{"id": "a b", "text": "x"}]),
        "Patient.name[0].id",
    ),
    "space in a version": (patient(meta={"versionId": "a b"}), "Patient.meta.versionId"),
    # shapes
    "null": (patient() | {"gender": None}, "Patient.gender"),
    "empty list": (patient(name=[]), "Patient.name"),
    "empty object": (patient(name=[{}]), "Patient.name[0]"),
    "list of a list": (patient(name=[[{"family": "x"}]]), "Patient.name[0]"),
    "two values": (observation(valueString="a", valueInteger=1), "Observation.value"),
    "value of a type not listed": (observation(valueMoney={"value": 1}), "Observation.valueMoney"),
    "value and extension of two types": (
        observation(valueString="a", _valueInteger=UNKNOWN),
        "Observation.value",
    ),
    "type of a data type": (
        patient(name=[{"resourceType": "HumanName", "family": "a"}]),
        "Patient.name[0].resourceType",
    ),
    "modifier of a data type": (
        patient(name=[{"modifierExtension": [{"url": "http://x", "valueCode": "a"}]}]),
        "Patient.name[0].modifierExtension",
    ),
    "comments of DSTU2": (patient(fhir_comments=["x"]), "Patient.fhir_comments"),
    # elements beside primitives
    "id for a value": (patient(_gender={"id": "a"}), GENDER),
    "empty object beside a value": (patient(gender="male", _gender={}), GENDER),
    "value in the element beside": (patient(_gender={"value": "male"}), "Patient._gender.value"),
    "id for a value of a list": (patient(name=[{"_given": [{"id": "a"}]}]), GIVEN),
    "nothing on both sides": (patient(name=[{"given": [None], "_given": [None]}]), GIVEN),
    "null without an element beside": (
        patient(name=[{"given": ["a", None]}]),
        "Patient.name[0].given[1]",
    ),
    "element beside an object": (patient(_name=[UNKNOWN]), "Patient._name"),
    "element beside an id": (patient(name=[{"text": "a", "_id": UNKNOWN}]), "Patient.name[0]._id"),
    "element beside a url": (extended(valueCode="a", _url=UNKNOWN), f"{EXTENSION}._url"),
    # extensions
    "no url": (patient(extension=[{"valueString": "x"}]), f"{EXTENSION}.url"),
    "relative url": (patient(extension=[NESTED]), EXTENSION),
    "relative url of a modifier": (
        patient(modifierExtension=[NESTED]),
        "Patient.modifierExtension[0]",
    ),
    "value of another type than R4 defines": (
        patient(extension=[{"url": f"{CORE}patient-birthPlace", "valueString": "x"}]),
        EXTENSION,
    ),
    "value where R4 defines parts": (
        patient(extension=[{"url": f"{CORE}geolocation", "valueString": "x"}]),
        EXTENSION,
    ),
    "part of another type than R4 defines": (
        patient(
            extension=[
                {
                    "url": f"{CORE}geolocation",
                    "extension": [
                        {"url": "latitude", "valueDecimal": 1},
                        {"url": "longitude", "valueString": "2"},
                    ],
                }
            ]
        ),
        EXTENSION,
    ),
    "neither value nor extension": (extended(), EXTENSION),
    "value and extension": (extended(valueString="x", extension=[NESTED]), EXTENSION),
    "two values of an extension": (extended(valueString="x", valueCode="y"), f"{EXTENSION}.value"),
    # references
    "type without an id": (subject(reference="Patient/"), SUBJECT),
    "unknown type": (subject(reference="Pacient/1"), SUBJECT),
    "type that is not allowed": (subject(reference="Practitioner/1"), SUBJECT),
    "such a type in a URL": (subject(reference="http://x.org/fhir/Practitioner/1"), SUBJECT),
    "such a type said apart": (
        subject(identifier={"value": "1"}, type="Practitioner"),
        "Observation.subject.type",
    ),
    "such a type with its definition": (
        subject(display="x", type="http://hl7.org/fhir/StructureDefinition/Practitioner"),
        "Observation.subject.type",
    ),
    "contained resource of such a type": (local("Practitioner"), SUBJECT),
    "no contained resource": (subject(reference="#a"), SUBJECT),
    # bindings
    "comparator of elsewhere": (
        observation(valueQuantity={"value": 1, "comparator": "!="}),
        "Observation.valueQuantity.comparator",
    ),
    "code of another system": (
        condition(clinicalStatus={"coding": [{"system": "http://x", "code": "active"}]}),
        "Condition.clinicalStatus",
    ),
    "code without a system": (
        condition(clinicalStatus={"coding": [{"code": "active"}]}),
        "Condition.clinicalStatus",
    ),
    "code in the wrong case": (
        condition(
            clinicalStatus={"coding": [{"system": f"{HL7}/condition-clinical", "code": "Active"}]}
        ),
        "Condition.clinicalStatus",
    ),
    "unit of time in words": (
        condition(onsetAge={"value": 3, "code": "years", "system": "http://x"}),
        "Condition.onsetAge",
    ),
    "no currency": (
        extended(valueMoney={"value": 1, "currency": "EURO"}),
        f"{EXTENSION}.valueMoney.currency",
    ),
    # bundles
    "fullUrl twice in a collection": (bundle("collection", named("1"), named("1")), URL),
    "fullUrl twice in a batch": (bundle("batch", *[named("1") | {"request": PUT}] * 2), URL),
    "fullUrl of another id": (bundle("collection", named("1", id="2")), URL),
    "relative fullUrl": (
        bundle("collection", {"fullUrl": "Patient/1", "resource": patient(id="1")}),
        URL,
    ),
    "no fullUrl in a collection": (bundle("collection", {"resource": patient(id="1")}), URL),
    "version in a fullUrl": (bundle("collection", named("1/_history/1")), "Bundle.entry[0]"),
    "empty entry": (
        bundle("collection", {"link": [{"relation": "a", "url": "b"}]}),
        "Bundle.entry[0]",
    ),
    "request in a collection": (
        bundle("collection", named("1") | {"request": PUT}),
        "Bundle.entry[0].request",
    ),
    # parameters
    "nothing in a parameter": (parameter(), "Parameters.parameter[0]"),
    "value and part": (
        parameter(valueCode="a", part=[{"name": "b", "valueCode": "c"}]),
        "Parameters.parameter[0]",
    ),
    "nothing in a part": (parameter(part=[{"name": "b"}]), "Parameters.parameter[0].part[0]"),
    # narrative
    "script": (div("<script>x</script>"), "Patient.text.div"),
    "event": (div('<b onclick="x">a</b>'), "Patient.text.div"),
    "address that runs": (div('<a href="javascript:x">a</a>'), "Patient.text.div"),
    "white space for a narrative": (div(" \n"), "Patient.text.div"),
    "unknown entity": (div("&nosuch;"), "Patient.text.div"),
    "no narrative": (patient(text={"status": "generated"}), "Patient.text.div"),
}
