"""One's own record: who looked, what it says, corrections with their answers, and files."""

import ast
import json
import re
from datetime import timedelta
from functools import cache
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from models_engine.models import ModelRun, Prediction
from patients.fhir.validation import validate
from patients.models import AuditEvent, Fact, Patient, Resource
from tests.data import ROOT
from tests.factories import fhir
from tests.factories.people import clinician, patient_user, push, signed_in, twin
from tests.integration.portal.conftest import Portal
from tests.readability import flesch_kincaid_grade
from twinportal.my_record.corrections import MOST_OPEN, disputed_facts, waiting_count
from twinportal.my_record.downloads import MOST_DOWNLOADS
from twinportal.my_record.log_words import (
    ACTIONS,
    ANOTHER,
    TYPES,
    USED,
    WHAT,
    action_words,
    what_words,
)
from twinportal.my_record.models import CorrectionRequest

pytestmark = pytest.mark.django_db
PAGES = ("", "access/", "consents/", "facts/", "download/")
CODES = re.compile(r"\b\d{4,5}-\d\b|\b\d{6,}\b|Observation|unknown|LOINC|SNOMED")


def text_of(page: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page.split("<main")[1]))


def sentences_of(page: str) -> list[str]:
    """Of paragraphs and list items; headings and buttons are none."""
    main = page.split("<main")[1].split("</main>")[0]
    blocks = re.findall(r"<(?:p|li)[ >].*?</(?:p|li)>", main, flags=re.DOTALL)
    texts = [re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", one)).strip() for one in blocks]
    return [s.strip() for text in texts for s in re.findall(r"[A-Z][^.?!]*[.?!]", text)]


def fact(portal: Portal, concept: str = "systolic_bp") -> Fact:
    found = Fact.objects.filter(patient=portal.mine, concept=concept).order_by("-effective_at")
    return found[0]


def ask(portal: Portal, concept: str = "systolic_bp", **said: str) -> Any:
    data = {"reason": "wrong-value", "right_value": "128", "text": "It was another day"} | said
    path = f"/my/record/facts/{fact(portal, concept).pk}/wrong/"
    return portal.me.post(path, data, follow=True)


class TestPages:
    def test_each_is_there_for_patients_alone(self, portal: Portal) -> None:
        for path in ("/my/about/", *(f"/my/record/{page}" for page in PAGES)):
            page = portal.page(path)
            assert "911" in page or path != "/my/about/"
            assert portal.doctor.get(path).status_code == 403, path
            assert Client().get(path).status_code == 302, path

    def test_no_code_stands_for_a_word(self, portal: Portal) -> None:
        """UX P18."""
        push(portal.ehr, fhir.condition("odd", "999999999"))
        for page in ("facts/", "access/", "consents/"):
            assert not CODES.search(text_of(portal.page(f"/my/record/{page}"))), page
        assert "An illness without a name" in portal.page("/my/record/facts/")

    def test_the_words_are_plain(self, portal: Portal) -> None:
        """UX P13: the pages' own sentences, whole; not the entries of a record."""
        path = f"/my/record/facts/{fact(portal).pk}/wrong/"
        paths = ("/my/about/", "/my/record/", "/my/record/consents/", "/my/record/download/", path)
        pages = [portal.page(one) for one in paths]
        portal.me.post(
            "/my/record/consents/choose/", {"purpose": "see-predictions", "granted": "no"}
        )
        pages.append(portal.page("/my/"))
        sentences = [one for page in pages for one in sentences_of(page)]
        text = " ".join(sentences)
        assert len(text.split()) >= 300
        assert flesch_kincaid_grade(text) <= 6
        assert [one for one in sentences if len(one.split()) > 20] == []

    def test_whom_to_call_is_said(self, portal: Portal) -> None:
        """UX P17."""
        page = portal.page("/my/about/")
        assert "Call 911 now" in page and "your usual clinic" in page


class TestAccessLog:
    def test_who_when_and_what_in_words(self, portal: Portal) -> None:
        portal.doctor.get(f"/twins/{portal.mine.public_id}/")
        portal.ehr.get("/fhir/Observation/p1-bp")
        text = text_of(portal.page("/my/record/access/"))
        assert (
            "Test Doctor (care team)" in text and "looked at the main page of your record" in text
        )
        assert "Test EHR" in text and "looked at your test results" in text
        assert "You " not in text.split("Older")[0].replace("You see", "").replace("You have", "")
        # none of our own keys
        event = AuditEvent.objects.filter(what="twin page").get()
        assert event.request_id and event.request_id not in text and "p1-bp" not in text

    def test_it_can_be_narrowed_and_mine_stand_apart(self, portal: Portal) -> None:
        portal.doctor.get(f"/twins/{portal.mine.public_id}/")
        portal.page("/my/record/facts/")
        people = text_of(portal.page("/my/record/access/?who=people"))
        assert "Test Doctor" in people and "Test EHR" not in people
        systems = text_of(portal.page("/my/record/access/?who=systems"))
        assert "Test EHR" in systems and "Test Doctor" not in systems
        mine = text_of(portal.page("/my/record/access/?who=me"))
        assert "the page What my record says" in mine and "Test" not in mine
        assert 'aria-current="page">Everybody else' in portal.page(
            "/my/record/access/?who=x&page=y"
        )

    def test_those_of_whom_was_merged_belong_to_it_and_of_others_do_not(
        self, portal: Portal
    ) -> None:
        other = twin(portal.ehr, "p2")
        portal.doctor.get(f"/twins/{other.public_id}/")
        assert "main page" not in text_of(portal.page("/my/record/access/?who=people"))
        Patient.objects.filter(pk=other.pk).update(merged_into=portal.mine)
        assert "main page" in text_of(portal.page("/my/record/access/?who=people"))

    def test_it_is_paged_with_a_bounded_number_of_queries(self, portal: Portal) -> None:
        def queries() -> int:
            with CaptureQueriesContext(connection) as captured:
                portal.page("/my/record/access/")
            return len(captured)

        portal.doctor.get(f"/twins/{portal.mine.public_id}/")
        before = queries()
        for number in range(60):
            AuditEvent.objects.create(
                at=timezone.now(),
                actor_kind="user",
                actor=str(portal.doctor_user.pk),
                action="read",
                what=["trend", "prediction", "medicines"][number % 3],
                patient_ids=[portal.mine.pk],
            )
        assert queries() <= before
        first, last = (portal.page(f"/my/record/access/?page={n}") for n in (1, 3))
        assert "Older" in first and "Newer" not in first and "Newer" in last
        assert portal.me.get("/my/record/access/?page=99").status_code == 200

    def test_somebody_whose_account_is_gone_is_still_somebody(self, portal: Portal) -> None:
        portal.doctor.get(f"/twins/{portal.mine.public_id}/")
        portal.doctor_user.delete()
        assert "has no account any more" in portal.page("/my/record/access/")


CALLS = {
    "record",
    "record_read",
    "record_list",
    "record_kept",
    "record_action",
    "record_reading",
    "audit_client",
}


@cache
def audit_calls() -> tuple[ast.Call, ...]:
    """Every call in the source that writes the audit log."""
    texts = [
        path.read_text()
        for app in ("twinportal", "patients", "models_engine", "explain")
        for path in (ROOT / app).rglob("*.py")
    ]
    return tuple(
        node
        for text in texts
        if any(f"{name}(" in text for name in CALLS)
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.Call)
        and getattr(node.func, "attr", getattr(node.func, "id", "")) in CALLS
    )


def literals(argument: str) -> set[str]:
    """What the source gives these calls for `argument`; of an f-string its beginning."""
    values = [k.value for call in audit_calls() for k in call.keywords if k.arg == argument]
    return {text for value in values for text in _texts(value)}


def _texts(node: ast.expr) -> set[str]:
    if isinstance(node, ast.Constant):
        return {str(node.value)}
    if isinstance(node, ast.IfExp):
        return _texts(node.body) | _texts(node.orelse)
    if isinstance(node, ast.JoinedStr) and isinstance(node.values[0], ast.Constant):
        return {str(node.values[0].value).strip()}
    return set()


class TestLogWords:
    def test_every_page_that_is_written_down_has_words(self) -> None:
        written = literals("what")
        assert len(written) >= 35 and {"twin page", "own facts", "treatment ranking"} <= written
        assert sorted(what for what in written if what not in WHAT and what not in TYPES) == []

    def test_every_action_too(self) -> None:
        written = literals("action")
        assert {"read", "release", "withhold", "answer"} <= written
        assert sorted(action for action in written if action not in ACTIONS) == []

    def test_what_goes_on_and_what_nobody_knows(self) -> None:
        assert what_words("treatment ranking hypertension") == "ways to treat you"
        assert (
            what_words("Observation, Patient")
            == "your test results, your name, birth date and address"
        )
        assert what_words("import files") == WHAT["import"]
        assert what_words("Basic") == ANOTHER and what_words("") == ANOTHER
        assert action_words("whatever") == USED


class TestCorrections:
    def test_what_the_record_says_with_day_and_sender(self, portal: Portal) -> None:
        # a name and its value are apart in the page: the name says its language
        text = text_of(portal.page("/my/record/facts/")).replace(" :", ":")
        row = fact(portal)
        assert f"Upper blood pressure number: {row.raw_value} mmHg" in text
        assert "1 October 2026" in text and "Sent by: Test EHR" in text
        assert "Smoking: you never smoked" in text or "Smoking: you smoke" in text

    def test_from_the_wish_to_the_answer(self, portal: Portal) -> None:
        # given a fact that the patient says is wrong
        before = Prediction.objects.filter(status="current").count()
        row = fact(portal)
        page = ask(portal).content.decode()
        assert "Your care team will look at it" in page and "You said this is wrong" in page
        # then the twin is as it was, and a Task stands in the record
        assert Fact.objects.filter(pk=row.pk).exists()
        assert Prediction.objects.filter(status="current").count() == before
        wish = CorrectionRequest.objects.get()
        task = portal.ehr.get(f"/fhir/Task/{wish.task.fhir_id}").json()  # type: ignore[union-attr]
        assert task["status"] == "requested" and task["for"]["reference"] == "Patient/p1"
        assert task["focus"]["reference"] == f"Observation/p1-bp/_history/{row.resource_version}"
        assert [i["valueString"] for i in task["input"]][1:] == ["It was another day", "128"]
        assert [f for f in validate(task) if f.severity in ("error", "fatal")] == []
        # when the clinician reads and answers it, in two steps
        assert waiting_count(portal.doctor_user) == 1
        assert "128" in portal.doctor.get("/tasks/").content.decode()
        path = f"/tasks/{wish.public_id}/"
        assert portal.doctor.post(path, {"answer": "No outcome"}).status_code == 200
        assert "It was another day" in portal.doctor.get(path).content.decode()
        portal.doctor.post(path, {"outcome": "will-correct", "answer": "Thank you."})
        assert waiting_count(portal.doctor_user) == 0
        said = text_of(portal.page("/my/record/facts/"))
        assert "Your care team agrees" in said and "Thank you." in said
        assert [one.pk for one in disputed_facts(portal.mine)] == [wish.pk]
        portal.doctor.post(path, {"outcome": "corrected", "answer": "Done."})
        # then the patient sees it, and nothing is in dispute any more
        assert "Your care team has corrected your record" in portal.page("/my/record/facts/")
        assert disputed_facts(portal.mine) == []
        task = portal.ehr.get(f"/fhir/Task/{task['id']}").json()
        assert task["status"] == "completed" and task["output"][0]["valueString"] == "Done."
        assert task["owner"]["reference"] == "Practitioner/dr1" and task["meta"]["versionId"] == "3"
        answers = AuditEvent.objects.filter(action="answer", patient_ids=[portal.mine.pk])
        assert answers.count() == 2

    def test_a_refusal_says_why(self, portal: Portal) -> None:
        ask(portal)
        path = f"/tasks/{CorrectionRequest.objects.get().public_id}/"
        portal.doctor.post(path, {"outcome": "ask-the-sender", "answer": ""})
        assert "Only the clinic that sent this can correct it" in portal.page("/my/record/facts/")
        # and it can be asked again
        assert "will look at it" in ask(portal).content.decode()

    def test_words_that_turn_a_page_around_are_kept_nowhere(self, portal: Portal) -> None:
        ask(portal, text="\u202eanother\u2066\0day", right_value="1\u202e28")
        wish = CorrectionRequest.objects.get()
        assert (wish.text, wish.right_value) == ("another day", "128")
        task = portal.ehr.get(f"/fhir/Task/{wish.task.fhir_id}").json()  # type: ignore[union-attr]
        assert [i["valueString"] for i in task["input"]][1:] == ["another day", "128"]
        path = f"/tasks/{wish.public_id}/"
        portal.doctor.post(path, {"outcome": "corrected", "answer": "Done\u202e."})
        assert CorrectionRequest.objects.get().answer == "Done."
        assert "<bdi>Done.</bdi>" in portal.page("/my/record/facts/")

    def test_a_settled_wish_is_not_answered_again(self, portal: Portal) -> None:
        ask(portal)
        path = f"/tasks/{CorrectionRequest.objects.get().public_id}/"
        portal.doctor.post(path, {"outcome": "corrected", "answer": "a"})
        page = portal.doctor.post(path, {"outcome": "record-is-right", "answer": "b"}, follow=True)
        assert "Nothing was changed" in page.content.decode()
        assert CorrectionRequest.objects.get().answer == "a"

    @pytest.mark.parametrize(
        ("said", "words"),
        [
            ({"reason": ""}, "This field is required"),
            ({"reason": "because"}, "not one of the available choices"),
            ({"reason": "other", "text": ""}, "Please tell us what is wrong"),
            ({"text": "x" * 1001}, "at most 1000"),
        ],
    )
    def test_what_cannot_be_sent(self, portal: Portal, said: dict[str, str], words: str) -> None:
        assert words in ask(portal, **said).content.decode()
        assert not CorrectionRequest.objects.exists()

    def test_once_for_each_fact_and_not_without_end(self, portal: Portal) -> None:
        ask(portal)
        assert "asked about this already" in ask(portal).content.decode()
        for number in range(MOST_OPEN - 1):
            CorrectionRequest.objects.create(
                patient=portal.mine, resource=fact(portal).resource, resource_version=1,
                path=f"x{number}", concept="x", kind="condition", label="x", reason="other",
                created_at=timezone.now(),
            )  # fmt: skip
        assert "call your clinic instead" in ask(portal, "hdl_cholesterol").content.decode()
        assert CorrectionRequest.objects.count() == MOST_OPEN

    def test_nobody_asks_or_answers_for_others(self, portal: Portal) -> None:
        # given a fact of another patient, and another doctor
        other = twin(portal.ehr, "p2", doctor="dr2")
        foreign = Fact.objects.filter(patient=other, concept="systolic_bp")[0]
        path = f"/my/record/facts/{foreign.pk}/wrong/"
        page = portal.me.post(path, {"reason": "not-mine"}, follow=True).content.decode()
        assert "This entry has changed" in page and not CorrectionRequest.objects.exists()
        ask(portal)
        stranger = signed_in(clinician("dr2", "stranger"))
        path = f"/tasks/{CorrectionRequest.objects.get().public_id}/"
        assert stranger.get(path).status_code == 404
        assert stranger.post(path, {"outcome": "corrected"}).status_code == 404
        assert "Nothing here" in stranger.get("/tasks/").content.decode()
        assert portal.me.get("/tasks/").status_code == portal.me.get(path).status_code == 403

    def test_a_merged_twins_wish_is_the_persons(self, portal: Portal) -> None:
        ask(portal)
        survivor = twin(portal.ehr, "p2")
        Patient.objects.filter(pk=portal.mine.pk).update(merged_into=survivor)
        wish = CorrectionRequest.objects.get()
        assert list(disputed_facts(survivor)) == [wish]
        path = f"/tasks/{wish.public_id}/"
        assert portal.doctor.get(path).status_code == 200
        portal.doctor.post(path, {"outcome": "corrected", "answer": ""})
        assert "has corrected your record" in portal.page("/my/record/facts/")

    def test_the_mark_on_the_clinicians_page_and_the_badge(self, portal: Portal) -> None:
        from django.template import engines

        template = engines["django"].from_string(
            "{% load my_record %}{% tasks_badge user %}{% disputed patient %}"
        )
        context = {"user": portal.doctor_user, "patient": portal.mine}
        assert template.render(context).strip() == ""
        ask(portal)
        shown = template.render(context)
        assert 'data-disputes="1"' in shown and "right would be: <bdi>128</bdi>" in shown
        assert '<span class="badge">1' in shown and "A newer version" not in shown
        push(portal.ehr, fhir.blood_pressure("p1-bp", 128, 80))
        assert "A newer version of it has arrived since" in template.render(context)


class TestFiles:
    def bundle(self, client: Client) -> dict[str, Any]:
        answer: Any = client.post("/my/record/download/data/")
        assert answer.headers["Content-Disposition"] == 'attachment; filename="my-data.json"'
        found: dict[str, Any] = json.loads(b"".join(answer.streaming_content))
        return found

    def estimates(self, client: Client) -> list[Any]:
        found: list[Any] = client.get("/my/record/download/estimates.json").json()["estimates"]
        return found

    def test_all_that_was_sent_is_in_it_and_nobody_elses(self, portal: Portal) -> None:
        twin(portal.ehr, "p2")
        ask(portal)
        bundle = self.bundle(portal.me)
        assert validate(bundle) == [] or all(
            f.severity not in ("error", "fatal") for f in validate(bundle)
        )
        *entries, about = bundle["entry"]
        assert about["search"] == {"mode": "outcome"}
        found = {(e["resource"]["resourceType"], e["resource"]["id"]) for e in entries}
        mine = Resource.objects.filter(patient=portal.mine, deleted=False)
        expected = set(mine.exclude(type="RiskAssessment").values_list("type", "fhir_id"))
        # of the estimates those that the pages show, and no other variant or model
        shown = {one["model"]["id"] for one in self.estimates(portal.me)}
        runs = ModelRun.objects.filter(patient=portal.mine, model_id__in=shown)
        written = mine.filter(pk__in=runs.values("risk_assessment"))
        expected |= set(written.values_list("type", "fhir_id"))
        assert {kind for kind, _ in expected} >= {"RiskAssessment"} and shown
        assert mine.filter(type="RiskAssessment").count() > len(shown)
        assert expected <= found and ("Practitioner", "dr1") in found
        assert found - expected == {("Practitioner", "dr1")}
        assert {"Task", "RiskAssessment"} <= {kind for kind, _ in found}
        assert AuditEvent.objects.filter(action="download", what="own data").count() == 1

    def test_drafts_of_clinicians_are_not_in_it(self, portal: Portal) -> None:
        """A what-if that a clinician kept is theirs; a treatment that was not shared, too."""
        from patients.services.server_written import OWN_SYSTEM, create_resources

        draft = {
            "resourceType": "CarePlan",
            "identifier": [{"system": OWN_SYSTEM, "value": "what-if:1"}],
            "status": "draft",
            "intent": "proposal",
            "subject": {"reference": "Patient/p1"},
        }
        create_resources([draft], patient_id=portal.mine.pk, now=timezone.now())
        kinds = {e["resource"]["resourceType"] for e in self.bundle(portal.me)["entry"]}
        assert "CarePlan" not in kinds

    def test_not_more_often_than_a_person_would(self, portal: Portal) -> None:
        for _ in range(MOST_DOWNLOADS):
            AuditEvent.objects.create(
                at=timezone.now() - timedelta(minutes=5), actor_kind="user", actor="1",
                action="download", what="own data", patient_ids=[portal.mine.pk],
            )  # fmt: skip
        answer = portal.me.post("/my/record/download/data/", follow=True)
        assert "try again in an hour" in answer.content.decode()
        assert portal.me.get("/my/record/download/data/").status_code == 405

    def test_the_estimates_with_everything_behind_them(self, portal: Portal) -> None:
        answer = portal.me.get("/my/record/download/estimates.json")
        assert answer.headers["Content-Disposition"].endswith('"my-estimates.json"')
        (first, *_) = answer.json()["estimates"]
        row = Prediction.objects.get(
            patient=portal.mine, outcome="cvd", status="current", model_id=first["model"]["id"]
        )
        assert first["probability"] == row.value and first["model"]["version"] == row.model_version
        total = first["compared_with"] + sum(c["contribution"] for c in first["contributions"])
        assert abs(total - first["probability"]) < 1e-6
        used = {reference for one in first["inputs"] for reference in one["references"]}
        assert any(reference.startswith("Observation/p1-bp/_history/") for reference in used)
        page = portal.page("/my/record/download/estimates.html")
        assert first["main"] in page and "Observation/p1-bp/_history/" in page
        assert row.model_version in page and "<script" not in page


def test_an_account_of_a_merged_patient_reads_the_whole_record(portal: Portal) -> None:
    survivor = twin(portal.ehr, "p2", family="Other")
    Patient.objects.filter(pk=portal.mine.pk).update(merged_into=survivor)
    user = patient_user(survivor, "second")
    assert text_of(signed_in(user).get("/my/record/").content.decode()) == text_of(
        portal.page("/my/record/")
    )
