"""References: resolved where they lead to us, kept where they lead elsewhere, refused if lost."""

import json
from typing import Any

import pytest
from django.test import Client

from patients.models import Fact, Resource, ResourceVersion
from tests.factories import fhir
from tests.integration.fhir.calls import FHIR_JSON, expressions, post, put, sent

pytestmark = pytest.mark.django_db
Json = dict[str, Any]


def stored(ehr: Client, reference: str) -> Json:
    content: Json = ehr.get(f"/fhir/{reference}").json()
    return content


def test_our_own_address_is_us(ehr: Client) -> None:
    put(ehr, fhir.patient())
    bp = fhir.blood_pressure("bp", 140, 80)
    bp["subject"]["reference"] = "http://testserver/fhir/Patient/p1"
    assert put(ehr, bp).status_code == 201
    assert stored(ehr, "Observation/bp")["subject"]["reference"] == "Patient/p1"
    assert Fact.objects.count() == 2


def test_another_servers_patient_of_the_same_id_is_not_ours(ehr: Client) -> None:
    put(ehr, fhir.patient())
    bp = fhir.blood_pressure("bp", 140, 80)
    bp["subject"]["reference"] = "https://elsewhere.example/fhir/Patient/p1"
    answer = put(ehr, bp)
    assert answer.status_code == 422
    assert expressions(answer) == ["Observation.subject"]
    assert not Fact.objects.exists()


def test_a_slash_that_is_escaped_is_still_a_slash(ehr: Client) -> None:
    put(ehr, fhir.patient())
    text = (
        '{"resourceType":"Observation","id":"e","status":"final","code":{"text":"x"},'
        '"subject":{"reference":"Patient\\/p1"}}'
    )
    answer = ehr.put("/fhir/Observation/e", text, content_type=FHIR_JSON)
    assert answer.status_code == 201, answer.content
    assert Resource.objects.get(fhir_id="e").patient is not None


def test_relative_references_follow_the_full_url_of_their_entry(ehr: Client) -> None:
    bundle = fhir.transaction([fhir.patient("a"), fhir.blood_pressure("b", 140, 80, subject="a")])
    for entry in bundle["entry"]:
        resource = entry["resource"]
        kind = resource["resourceType"]
        entry["fullUrl"] = f"https://sender.example/r4/{kind}/{resource['id']}"
        entry["request"] = {"method": "POST", "url": kind}
    answer = post(ehr, "", bundle)
    assert answer.status_code == 200, answer.content
    patient = Resource.objects.get(type="Patient")
    observation = Resource.objects.get(type="Observation")
    assert patient.fhir_id != "a"
    subject = stored(ehr, f"Observation/{observation.fhir_id}")["subject"]
    assert subject["reference"] == f"Patient/{patient.fhir_id}"


def test_a_condition_may_mean_what_the_same_bundle_makes(ehr: Client) -> None:
    doctor = fhir.practitioner() | {"identifier": [{"system": "urn:npi", "value": "7|8 +9"}]}
    person = fhir.patient()
    query = "identifier=urn%3Anpi%7C7%5C%7C8%20%2B9"
    person["generalPractitioner"] = [{"reference": f"Practitioner?{query}"}]
    answer = post(ehr, "", fhir.transaction([person, doctor]))
    assert answer.status_code == 200, answer.content
    found = stored(ehr, "Patient/p1")["generalPractitioner"]
    assert found == [{"reference": "Practitioner/dr1"}]


def test_every_lost_reference_is_named_at_once(ehr: Client) -> None:
    first = fhir.blood_pressure("a", 140, 80)
    first["subject"]["reference"] = "Patient?identifier=urn:x|nobody"
    second = fhir.blood_pressure("b", 140, 80)
    second["performer"] = [{"reference": "Practitioner?identifier=urn:x|no-one"}]
    answer = post(ehr, "", fhir.transaction([fhir.patient(), first, second]))
    assert answer.status_code == 422
    assert set(expressions(answer)) == {
        "Bundle.entry[1].resource.subject",
        "Bundle.entry[2].resource.performer[0]",
    }


def test_a_condition_that_matches_two_is_refused(ehr: Client) -> None:
    for fhir_id in ("d1", "d2"):
        put(ehr, fhir.practitioner(fhir_id) | {"identifier": [{"system": "urn:npi", "value": "7"}]})
    person = fhir.patient()
    person["generalPractitioner"] = [{"reference": "Practitioner?identifier=urn:npi|7"}]
    answer = put(ehr, person)
    assert answer.status_code == 422
    assert "matches 2" in str(answer.json())


def test_a_condition_may_ask_for_anything_that_can_be_searched(ehr: Client) -> None:
    person = fhir.practitioner() | {"identifier": [{"system": "urn:npi", "value": "7"}]}
    for query, status in [
        ("name=Doctor&identifier=urn:npi|7", 201),
        ("name=Doctor&identifier=urn:npi|7", 200),
        ("identifier=urn:npi|7&identifier=urn:npi|8", 201),
        ("colour=red", 400),
        ("_count=1", 400),
        ("name=", 400),
    ]:
        answer = post(ehr, "/Practitioner", person, **{"If-None-Exist": query})
        assert answer.status_code == status, query
    assert sent().count() == 2


@pytest.mark.parametrize("query", ["name=Example", "birthdate=1966-05-04&gender=female"])
def test_nobody_becomes_somebody_else_for_having_the_same_name(ehr: Client, query: str) -> None:
    put(ehr, fhir.patient())
    answer = post(ehr, "/Patient", fhir.patient("p2"), **{"If-None-Exist": query})
    assert answer.status_code == 412
    assert "names an identifier" in str(answer.json())
    reading = fhir.quantity("x", "2093-3", 200, "mg/dL") | {"id": "x"}
    reading["subject"] = {"reference": f"Patient?{query}"}
    assert put(ehr, reading).status_code == 412
    assert sent().count() == 1


def test_unknown_patients_of_a_bundle_are_all_named(ehr: Client) -> None:
    resources = [fhir.blood_pressure(f"bp{i}", 140, 80, subject=f"nobody{i}") for i in range(3)]
    answer = post(ehr, "", fhir.transaction(resources))
    assert answer.status_code == 422
    assert expressions(answer) == [f"Bundle.entry[{i}].resource.subject" for i in range(3)]
    assert not ResourceVersion.objects.exists()


def test_a_patient_and_what_hangs_on_it_in_any_order(ehr: Client) -> None:
    resources = [fhir.blood_pressure("bp", 140, 80), fhir.patient()]
    assert post(ehr, "", fhir.transaction(resources)).status_code == 200
    assert Fact.objects.count() == 2


def test_a_bundle_that_deletes_the_patient_cannot_write_about_it(ehr: Client) -> None:
    put(ehr, fhir.patient())
    bundle = fhir.transaction([fhir.blood_pressure("bp", 140, 80)])
    bundle["entry"].append({"request": {"method": "DELETE", "url": "Patient/p1"}})
    assert post(ehr, "", bundle).status_code == 422
    assert ehr.get("/fhir/Patient/p1").status_code == 200


class TestPatientsByIdentifier:
    """`subject` with an identifier and no reference."""

    def lab(self, fhir_id: str, **subject: Any) -> Json:
        resource = fhir.quantity(fhir_id, "2093-3", 200.50, "mg/dL")
        resource["subject"] = subject
        return resource

    def named(self, value: str, **more: str) -> Json:
        return {"identifier": {"system": fhir.MRN, "value": value}, **more}

    def test_belongs_to_whom_it_names(self, ehr: Client) -> None:
        put(ehr, fhir.patient())
        mrn = stored(ehr, "Patient/p1")["identifier"][0]["value"]
        text = json.dumps(self.lab("a", **self.named(mrn))).replace("200.5", "200.50")
        for status in (201, 200):
            answer = ehr.put("/fhir/Observation/a", text, content_type=FHIR_JSON)
            assert answer.status_code == status
        content = ehr.get("/fhir/Observation/a").content
        subject = json.loads(content)["subject"]
        assert subject == {"reference": "Patient/p1", **self.named(mrn)}
        assert b"200.50" in content
        assert Fact.objects.get().patient.fhir_id == "p1"
        assert ehr.get("/fhir/Observation?patient=p1").json()["total"] == 1

    def test_a_patient_of_the_same_bundle_counts(self, ehr: Client) -> None:
        patient = fhir.patient()
        mrn = patient["identifier"][0]["value"]
        labs = [self.lab(f"o{i}", **self.named(mrn, type="Patient")) for i in range(3)]
        answer = post(ehr, "", fhir.transaction([*labs, patient]))
        assert answer.status_code == 200, answer.content
        assert Fact.objects.filter(patient__fhir_id="p1").count() == 3

    def test_odd_characters_are_not_syntax(self, ehr: Client) -> None:
        odd = "a|b,c\\d$e&f=g%41+ü"
        put(ehr, fhir.patient() | {"identifier": [{"system": fhir.MRN, "value": odd}]})
        assert put(ehr, self.lab("a", **self.named(odd))).status_code == 201
        for near in ("a", "a|b", "a|b,c\\d$e&f=gA+ü", odd.upper()):
            assert put(ehr, self.lab("b", **self.named(near))).status_code == 422

    def test_nobody_and_two_are_faults(self, ehr: Client) -> None:
        answer = put(ehr, self.lab("a", **self.named("no-one")))
        assert answer.status_code == 422
        assert expressions(answer) == ["Observation.subject.identifier"]
        for name in ("p1", "p2"):
            both = [{"system": fhir.MRN, "value": "shared"}]
            put(ehr, fhir.patient(name) | {"identifier": both})
        answer = put(ehr, self.lab("a", **self.named("shared")))
        assert answer.status_code == 422
        assert not sent().filter(type="Observation").exists()

    @pytest.mark.parametrize("subject", [{"display": "Somebody"}, {"identifier": {"value": "1"}}])
    def test_who_cannot_be_told_is_said_to_the_sender(self, ehr: Client, subject: Json) -> None:
        answer = put(ehr, self.lab("a", **subject), Prefer="return=OperationOutcome")
        assert answer.status_code == 201
        assert expressions(answer) == ["Observation.subject"]
        assert "part of no twin" in answer.json()["issue"][1]["diagnostics"]

    def test_a_reference_to_one_and_the_identifier_of_another_is_refused(self, ehr: Client) -> None:
        for name in ("p1", "p2"):
            put(ehr, fhir.patient(name) | {"identifier": [{"system": fhir.MRN, "value": name}]})
        lab = self.lab("a", reference="Patient/p1", **self.named("p2"))
        answer = put(ehr, lab)
        assert answer.status_code == 422
        assert expressions(answer) == ["Observation.subject"]
        for value in ("p1", "nobody-has-it"):
            lab = self.lab("a", reference="Patient/p1", **self.named(value))
            assert put(ehr, lab).status_code in (200, 201)
        bundle = fhir.transaction([self.lab("b", reference="Patient/p3", **self.named("p3"))])
        third = fhir.patient("p3") | {"identifier": [{"system": fhir.MRN, "value": "p3"}]}
        bundle["entry"].append(fhir.transaction([third])["entry"][0])
        assert post(ehr, "", bundle).status_code == 200

    def test_a_merged_patients_identifier_is_the_survivors(self, ehr: Client) -> None:
        both = [{"system": fhir.MRN, "value": "shared"}]
        put(ehr, fhir.patient("p1") | {"identifier": both})
        link = [{"other": {"reference": "Patient/p1"}, "type": "replaced-by"}]
        put(ehr, fhir.patient("p2") | {"identifier": both, "link": link})
        assert put(ehr, self.lab("a", **self.named("shared"))).status_code == 201
        assert stored(ehr, "Observation/a")["subject"]["reference"] == "Patient/p1"
        lab = self.lab("b", reference="Patient/p2", **self.named("shared"))
        assert put(ehr, lab).status_code == 201
        lab = self.lab("c", reference=f"Patient?identifier={fhir.MRN}|shared")
        assert put(ehr, lab).status_code == 201
        assert {f.patient.fhir_id for f in Fact.objects.all()} == {"p1"}

    def test_a_group_named_by_identifier_is_no_patient(self, ehr: Client) -> None:
        lab = self.lab("a", **self.named("herd", type="Group"))
        answer = put(ehr, lab, Prefer="return=OperationOutcome")
        assert answer.status_code == 201
        assert len(answer.json()["issue"]) == 1
