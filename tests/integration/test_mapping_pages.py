"""The data steward's pages of codes, units and mappings; what clinicians see of them."""

import re
from typing import Any
from urllib.parse import urlencode

import pytest
from django.test import Client
from kombu.exceptions import OperationalError

from models_engine.models import Prediction
from patients.models import AuditEvent, Fact, Mapping, Patient
from patients.selectors.mappings import readings
from patients.services.code_survey import survey
from patients.terminology.meanings import Key, MappingKind, unit_key
from tests.factories import fhir
from tests.factories.people import NOW, clinician, patient_user, push, signed_in
from tests.integration.mapping_calls import (
    CHOL,
    LAB,
    another_ehr,
    coded,
    local,
    record_without_cholesterol,
    replay_all,
    say,
    sender,
    steward,
)
from twinportal import pipeline, tasks

pytestmark = pytest.mark.django_db
NEW = "/steward/mappings/new/"
GIVEN = {"kind": "observation_code", "system": LAB, "code": "CHOL"}
FILLED = GIVEN | {"target": "total_cholesterol", "reason": "the laboratory's list"}
PATHS = ["/steward/codes/", "/steward/units/", "/steward/mappings/", f"{NEW}?{urlencode(GIVEN)}"]


@pytest.fixture
def desk(db: None) -> Client:
    return signed_in(steward())


@pytest.fixture
def patient(ehr_client: Client) -> Patient:
    push(ehr_client, fhir.practitioner("dr1"))
    push(ehr_client, *record_without_cholesterol(practitioner="dr1", family="Secretname"))
    return Patient.objects.get()


def html(answer: Any) -> str:
    return re.sub(r"\s+", " ", answer.content.decode())


class TestWhoMaySee:
    def test_nobody_but_a_steward(self, patient: Patient, desk: Client) -> None:
        mapping = say(CHOL, "total_cholesterol")
        paths = [*PATHS, f"/steward/mappings/{mapping.pk}/"]
        others = [signed_in(clinician()), signed_in(patient_user(patient))]
        for path in paths:
            assert desk.get(path).status_code == 200, path
            assert Client().get(path).headers["Location"].startswith("/accounts/login/")
            assert {other.get(path).status_code for other in others} == {403}, path
        posts = [(NEW, FILLED | {"confirm": "yes"}), ("/steward/codes/count/", {})]
        posts.append((f"/steward/mappings/{mapping.pk}/end/", {"reason": "no"}))
        for path, sent in posts:
            assert {other.post(path, sent).status_code for other in others} == {403}, path
        assert Mapping.objects.get().ended_at is None
        assert AuditEvent.objects.filter(action="refuse").exists()

    def test_a_change_needs_a_post_and_a_token(self, desk: Client, patient: Patient) -> None:
        mapping = say(CHOL, "total_cholesterol")
        assert desk.get(f"/steward/mappings/{mapping.pk}/end/").status_code == 405
        assert desk.get("/steward/codes/count/").status_code == 405
        assert desk.get(NEW, FILLED | {"confirm": "yes"}).status_code == 200
        strict = Client(enforce_csrf_checks=True)
        strict.cookies = desk.cookies
        assert strict.post(NEW, FILLED | {"confirm": "yes"}).status_code == 403
        assert Mapping.objects.count() == 1

    def test_no_page_names_a_patient(
        self, ehr_client: Client, desk: Client, patient: Patient
    ) -> None:
        push(ehr_client, fhir.quantity("odd", "2093-3", 213, "MGD"))
        survey(now=NOW)
        mapping = say(CHOL, "total_cholesterol")
        replay_all()
        for path in [*PATHS, f"/steward/mappings/{mapping.pk}/"]:
            text = html(desk.get(path))
            assert "Secretname" not in text and not re.search(r"\bp1\b", text), path


class TestLists:
    def test_codes_by_count_with_a_form_for_each(self, ehr_client: Client, desk: Client) -> None:
        assert "not been counted yet" in html(desk.get("/steward/codes/"))
        without_system = local("n")
        without_system["code"] = {"coding": [{"code": "N"}]}
        orphan = local("orphan")
        del orphan["subject"]
        push(
            ehr_client,
            fhir.patient(),
            *(local(f"a{n}") for n in range(3)),
            local("b", code="OTHER"),
            without_system,
            orphan,
            fhir.condition("c", "1") | {"code": {"text": "words"}},
            fhir.condition("d", "1") | {"code": coded("DX")},
        )
        survey(now=NOW)
        text = html(desk.get("/steward/codes/"))
        assert text.index("CHOL") < text.index("OTHER")
        assert "CHOL of the lab" in text and f"{NEW}?{'kind=observation_code'}" in text
        assert "no code system" in text and "may mean something else elsewhere" in text
        assert "Condition: 1" in text and "Observation: 1" in text
        assert "OTHER" not in html(desk.get("/steward/codes/?type=Condition"))
        assert desk.get("/steward/codes/?type=nonsense&page=77").status_code == 200
        link = re.search(rf'href="({re.escape(NEW)}[^"]+CHOL[^"]*)"', text)
        assert link is not None
        form = html(desk.get(link[1].replace("&amp;", "&")))
        assert "What does it mean?" in form and "Total cholesterol" in form

    def test_units_by_count_and_none_that_is_guessed(
        self, ehr_client: Client, desk: Client
    ) -> None:
        without = fhir.quantity("n", "2093-3", 5, "")
        without["valueQuantity"] = {"value": 5}
        push(ehr_client, fhir.patient(), fhir.quantity("u", "2093-3", 213, "MGD"), without)
        text = html(desk.get("/steward/units/"))
        assert text.count("Map<span") == 1
        assert "a unit is never guessed" in text
        given = {"kind": "unit", "concept": "total_cholesterol", "code": ""}
        refused = html(desk.get(NEW, given))
        assert "cannot be mapped" in refused and "<select" not in refused
        post = desk.post(NEW, given | {"target": "mg/dL", "reason": "x", "confirm": "yes"})
        assert "cannot be mapped" in html(post) and not Mapping.objects.exists()

    def test_a_unit_is_one_senders(self, ehr_client: Client, desk: Client) -> None:
        push(ehr_client, fhir.patient(), fhir.quantity("u", "2093-3", 213, "MGD"))
        other, _ = another_ehr()
        push(other, fhir.quantity("v", "2093-3", 5, "mgd"))
        text = html(desk.get("/steward/units/"))
        assert text.count("Map<span") == 2
        assert "sent by Test EHR</span>" in text and "sent by Another EHR</span>" in text
        given = {"kind": "unit", "concept": "total_cholesterol", "code": "MGD"}
        asked = html(desk.get(NEW, given))
        assert 'name="source"' in asked and f'<option value="{sender()}">Test EHR' in asked
        assert "cannot be mapped" not in asked and "What it would do" not in asked
        filled = given | {"target": "mg/dL", "reason": "x", "confirm": "yes"}
        for nobody in ("", "everybody", "client 3, 4"):
            assert "Who sends it?" in html(desk.post(NEW, filled | {"source": nobody}))
        assert not Mapping.objects.exists()
        link = re.search(rf'href="({re.escape(NEW)}[^"]+MGD[^"]*)"', text)
        assert link is not None
        form = html(desk.get(link[1].replace("&amp;", "&")))
        assert "Test EHR; nobody else" in form and f'value="{sender()}"' in form
        looked = {name: text for name, text in filled.items() if name != "confirm"}
        preview = html(desk.post(NEW, looked | {"source": sender()}))
        assert "1 resource of 1 patient" in preview
        assert desk.post(NEW, filled | {"source": sender()}).status_code == 302
        made = Mapping.objects.get()
        assert made.source == sender()
        for path in ("/steward/mappings/", f"/steward/mappings/{made.pk}/"):
            assert "as Test EHR sends it" in html(desk.get(path))
        replay_all()
        left = html(desk.get("/steward/units/"))
        assert left.count("Map<span") == 1 and "sent by Another EHR</span>" in left
        theirs = html(desk.get(NEW, given | {"source": "server"}))
        assert "In force" not in theirs

    def test_count_again(
        self, desk: Client, patient: Patient, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        sent: list[str] = []
        monkeypatch.setattr(tasks.survey_codes, "delay", lambda: sent.append("survey"))
        answer = desk.post("/steward/codes/count/", follow=True)
        assert sent == ["survey"] and "being counted" in html(answer)

        def broken() -> None:
            raise OperationalError

        monkeypatch.setattr(tasks.survey_codes, "delay", broken)
        assert "cannot be reached" in html(desk.post("/steward/codes/count/", follow=True))
        tasks.survey_codes()
        assert "CHOL" in html(desk.get("/steward/codes/"))

    def test_any_number_of_codes_takes_the_same_queries(
        self, ehr_client: Client, desk: Client, django_assert_max_num_queries: Any
    ) -> None:
        push(ehr_client, fhir.patient(), *(local(f"o{n}", code=f"C{n}") for n in range(130)))
        survey(now=NOW)
        with django_assert_max_num_queries(14):
            text = html(desk.get("/steward/codes/"))
        assert "Page 1 of 2" in text and "page=2" in text
        assert "Page 2 of 2" in html(desk.get("/steward/codes/?page=2"))


class TestMaking:
    def test_seen_first_then_made(self, desk: Client, patient: Patient) -> None:
        survey(now=NOW)
        seen = html(desk.post(NEW, FILLED))
        assert "Nothing is changed yet" in seen and "1 resource of 1 patient" in seen
        assert "5.51 to 5.51 mmol/L" in seen and "Look twice" not in seen
        assert not Mapping.objects.exists()
        answer = desk.post(NEW, FILLED | {"confirm": "yes"})
        mapping = Mapping.objects.get()
        assert answer.headers["Location"] == f"/steward/mappings/{mapping.pk}/"
        assert (mapping.target, mapping.display) == ("total_cholesterol", "CHOL of the lab")
        assert mapping.preview["values"][0]["count"] == 1
        page = html(desk.get(f"/steward/mappings/{mapping.pk}/"))
        assert "under way" in page and "the laboratory&#x27;s list" in page
        replay_all()
        assert "1 twin changed" in html(desk.get("/steward/mappings/"))
        actions = AuditEvent.objects.filter(what="mapping").values_list("action", flat=True)
        assert list(actions) == ["preview", "create", "replay"]

    def test_what_is_doubtful_needs_a_second_look(self, desk: Client, patient: Patient) -> None:
        wrong = FILLED | {"target": "hdl_cholesterol"}
        assert "Look twice" in html(desk.post(NEW, wrong))
        refused = desk.post(NEW, wrong | {"confirm": "yes"})
        assert refused.status_code == 400 and "Say that you have checked" in html(refused)
        assert not Mapping.objects.exists()
        assert desk.post(NEW, wrong | {"confirm": "yes", "checked": "yes"}).status_code == 302

    @pytest.mark.parametrize(
        ("change", "words"),
        [
            ({"target": ""}, "Choose"),
            ({"target": "nonsense\0"}, "Choose"),
            ({"reason": "  "}, "Say why"),
        ],
    )
    def test_what_is_not_filled_in(self, desk: Client, change: dict[str, str], words: str) -> None:
        answer = desk.post(NEW, FILLED | change | {"confirm": "yes"})
        assert answer.status_code == 400 and words in html(answer)
        assert not Mapping.objects.exists()

    def test_what_there_is_none_of(self, desk: Client) -> None:
        assert desk.get(f"{NEW}?kind=nonsense").status_code == 404
        assert desk.get(NEW).status_code == 404
        assert desk.get("/steward/mappings/99/").status_code == 404
        assert "cannot be mapped" in html(desk.get(f"{NEW}?kind=unit&concept=nonsense&code=x"))

    def test_two_stewards_at_once(self, desk: Client, patient: Patient) -> None:
        say(CHOL, "total_cholesterol")
        answer = desk.post(NEW, FILLED | {"confirm": "yes", "replaces": ""})
        assert answer.status_code == 400 and "meanwhile" in html(answer)

    def test_another_version_and_the_end(self, desk: Client, patient: Patient) -> None:
        first = say(CHOL, "hdl_cholesterol")
        form = html(desk.get(NEW, GIVEN))
        assert f"mapping {first.pk}" in form and f'name="replaces" value="{first.pk}"' in form
        desk.post(NEW, FILLED | {"confirm": "yes", "replaces": first.pk})
        second = Mapping.objects.get(version=2)
        empty = desk.post(f"/steward/mappings/{second.pk}/end/", {"reason": ""})
        assert empty.status_code == 400 and "Say why" in html(empty)
        desk.post(f"/steward/mappings/{second.pk}/end/", {"reason": "a mistake"})
        again = desk.post(f"/steward/mappings/{second.pk}/end/", {"reason": "a mistake"})
        assert "not in force any more" in html(again)
        assert not Mapping.objects.filter(ended_at=None).exists()
        assert html(desk.get("/steward/mappings/")).count("ended") == 2

    @pytest.mark.parametrize(
        ("kind", "key", "target"),
        [
            ("condition_code", {"system": LAB, "code": "DX"}, "diabetes_type_2"),
            ("medication_code", {"system": LAB, "code": "ATO"}, "rxnorm|83367 atorvastatin"),
            ("answer_code", {"concept": "smoking_status", "system": LAB, "code": "S"}, "current"),
            (
                "unit",
                {"concept": "total_cholesterol", "code": "MG D", "source": "server"},
                "mg/dL",
            ),
        ],
    )
    def test_every_kind_has_a_form(
        self, desk: Client, kind: str, key: dict[str, str], target: str
    ) -> None:
        form = html(desk.get(NEW, {"kind": kind} | key))
        assert f'value="{target.partition(" ")[0]}' in form
        sent = {"kind": kind, "target": target, "reason": "known", "confirm": "yes"} | key
        sent["checked"] = "yes"
        assert desk.post(NEW, sent).status_code == 302
        made = Mapping.objects.get()
        assert made.kind == kind and made.target == target.partition(" ")[0]
        assert '<span class="tag">in force<' in html(desk.get("/steward/mappings/"))

    def test_a_mapping_that_the_tables_have_overtaken_says_so(self, desk: Client) -> None:
        by = say(CHOL, "total_cholesterol").made_by
        Mapping.objects.create(
            kind=MappingKind.OBSERVATION.value,
            system=fhir.LOINC,
            code="2093-3",
            target="total_cholesterol",
            reason="before the tables knew it",
            version=1,
            made_by=by,
            made_at=NOW,
        )
        assert html(desk.get("/steward/mappings/")).count("without effect") == 1


class TestWhatCliniciansSee:
    def test_beside_the_fact_and_the_prediction(self, patient: Patient, desk: Client) -> None:
        mapping = say(CHOL, "total_cholesterol", reason="list of 2026", display="chol")
        replay_all()
        pipeline.refresh_twin(patient.pk, now=NOW)
        doctor = signed_in(clinician("dr1"))
        base = f"/twins/{patient.public_id}/"
        said = f"code chol read as Total cholesterol by mapping {mapping.pk} (data steward steward,"
        resource = html(doctor.get(f"{base}resources/Observation/p1-tc/1/"))
        assert said in resource and ": list of 2026)" in resource
        prediction = Prediction.objects.get(
            patient=patient, model_id="prevent_base_10y", outcome="cvd", status="current"
        )
        page = html(doctor.get(f"{base}predictions/{prediction.pk}/"))
        assert said in page and f"{base}resources/Observation/p1-tc/1/" in page

    def test_of_a_derived_input_too(self, ehr_client: Client, desk: Client) -> None:
        """A body mass index from a height whose unit was mapped."""
        push(ehr_client, fhir.practitioner("dr1"))
        whole = fhir.complete_record(practitioner="dr1")
        kept = [resource for resource in whole if not resource["id"].endswith("-bmi")]
        height = fhir.quantity("h", "8302-2", 170, "CENTI")
        push(ehr_client, *kept, height, fhir.quantity("w", "29463-7", 80, "kg"))
        patient = Patient.objects.get()
        mapping = say(unit_key("height", "CENTI", sender()), "cm", display="CENTI")
        replay_all()
        pipeline.refresh_twin(patient.pk, now=NOW)
        row = Prediction.objects.get(
            patient=patient, model_id="prevent_base_10y", outcome="cvd", status="current"
        )
        assert row.value is not None
        doctor = signed_in(clinician("dr1"))
        page = html(doctor.get(f"/twins/{patient.public_id}/predictions/{row.pk}/"))
        assert f"unit CENTI of Test EHR read as cm by mapping {mapping.pk}" in page
        assert Fact.objects.get(concept="height").mappings == [mapping.pk]

    def test_an_answer(self, ehr_client: Client) -> None:
        observation = fhir.smoking("s", "never") | {"valueCodeableConcept": coded("S1")}
        push(ehr_client, fhir.patient(), observation)
        mapping = say(Key(MappingKind.ANSWER, "smoking_status", LAB, "S1"), "current")
        words = readings([mapping.pk])[mapping.pk]
        assert words.startswith("answer S1 read as Smoking status: current by mapping")
