"""The data steward's quarantine: numbers, items, what can be done; and what the clinician hears."""

import json
import re
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from patients.models import AuditEvent, CorrectionRule, Patient, QuarantinedResource
from patients.services.interactions import Sender
from patients.services.merge import merge
from patients.services.quarantine_replay import replay_due
from tests.factories import fhir
from tests.factories.people import clinician, patient_user, signed_in
from tests.integration.fhir.calls import post, put
from tests.integration.fhir.tolerant import (
    make_tolerant,
    odd_patient,
    odd_value,
    push_patient,
    rule,
    the_item,
    transaction,
)
from twinportal import wake_ups
from twinportal.accounts.models import User
from twinportal.dashboards.steward.json_lines import lines_of

pytestmark = pytest.mark.django_db
LIST, RULES = "/steward/quarantine/", "/steward/quarantine/rules/"


@pytest.fixture
def ehr(ehr_client: Client) -> Client:
    post(ehr_client, "", transaction(fhir.practitioner("dr1")))
    push_patient(ehr_client, practitioner="dr1", family="Secretname")
    make_tolerant()
    return ehr_client


@pytest.fixture
def user(db: None) -> User:
    return User.objects.create_user("steward", role="steward")


@pytest.fixture
def steward(user: User) -> Client:
    return signed_in(user)


def text_of(answer: Any) -> str:
    assert answer.status_code == 200, answer.status_code
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.content.decode()))


def address(action: str = "") -> str:
    base = f"{LIST}{the_item().public_id}/"
    return f"{base}{action}/" if action else base


class TestTheList:
    def test_it_counts_by_cause(self, ehr: Client, steward: Client) -> None:
        put(ehr, odd_value("o1"))
        put(ehr, odd_value("o1"))
        put(ehr, odd_value("o2"))
        put(ehr, odd_patient("p2"))
        page = text_of(steward.get(LIST))
        assert re.search(
            r"Observation Observation.status: the code is not one of those allowed code-invalid"
            r" Test EHR 2 .sent 3 times",
            page,
        )
        assert "allowed code-invalid Test EHR 1 " in page

    def test_it_says_nothing_of_a_patient(self, ehr: Client, steward: Client) -> None:
        odd = odd_value("secret-id") | {"status": "Secretvalue", "Secretname": 1}
        put(ehr, odd)
        put(ehr, odd_patient("p1", gender="Secretgender", family="Secretfamily"))
        page = steward.get(f"{LIST}?state=").content.decode()
        assert "ecret" not in page
        assert "Observation.*: the structure is not that of FHIR" in page
        assert "p1" not in re.findall(r'href="([^"]*)"', page)

    def test_what_is_chosen(self, ehr: Client, steward: Client) -> None:
        put(ehr, odd_value("o1"))
        put(ehr, odd_patient("p2"))
        for query, here, gone in [
            ("type=Patient", "Patient.gender", "Observation.status"),
            ("cause=code-invalid+Observation.status", "Observation.status", "Patient.gender"),
        ]:
            page = text_of(steward.get(f"{LIST}?{query}"))
            assert here in page
            assert gone not in page
        assert "None." in text_of(steward.get(f"{LIST}?state=discarded"))
        assert "Nothing waits" in text_of(steward.get(f"{LIST}?source=client+0"))

    @pytest.mark.parametrize(
        "query",
        ["type=X'", "cause=<b>", "state=x", "before=x", "before=9999999999999999999", "source=%00"],
    )
    def test_odd_queries_are_left_out(self, ehr: Client, steward: Client, query: str) -> None:
        put(ehr, odd_value("o1"))
        assert "Observation.status" in text_of(steward.get(f"{LIST}?{query}"))

    def test_it_has_pages_and_few_queries(self, ehr: Client, steward: Client) -> None:
        for number in range(51):
            put(ehr, odd_value(f"o{number}"))
        with CaptureQueriesContext(connection) as captured:
            page = steward.get(LIST).content.decode()
        assert len(captured) <= 6
        (older,) = re.findall(r'href="(\?[^"]*)">Older', page)
        second = steward.get(LIST + older.replace("&amp;", "&")).content.decode()
        assert second.count('data-label="Received"') == 1
        assert "Older" not in second

    def test_what_was_superseded_is_named_until_somebody_looks(
        self, ehr: Client, steward: Client
    ) -> None:
        assert "nobody has looked" not in text_of(steward.get(LIST))
        post(ehr, "", transaction(fhir.patient("p2"), odd_value("o1", "p2")))
        put(ehr, odd_value("o2"))
        put(ehr, odd_value("o2", date="2026-10-02"))
        waiting = QuarantinedResource.objects.get(method="TRANSACTION")
        # looked at too early: what becomes of it is not known yet
        steward.get(f"{LIST}{waiting.public_id}/")
        assert ehr.delete("/fhir/Observation/o1").status_code == 204
        page = text_of(steward.get(LIST))
        assert "2 resources were superseded and nobody has looked at them yet" in page
        assert "1 is a transaction, none of whose entries is stored" in page
        unseen = text_of(steward.get(f"{LIST}?state=unseen"))
        assert "a transaction" in unseen
        assert "none of its 2 entries is stored" in unseen
        steward.get(f"{LIST}{waiting.public_id}/")
        page = text_of(steward.get(f"{LIST}?state=unseen"))
        assert "1 resource was superseded and nobody has looked at it yet" in page
        assert "a transaction" not in page

    def test_many_are_tried_again(self, ehr: Client, steward: Client, user: User) -> None:
        put(ehr, odd_value("o1"))
        put(ehr, odd_patient("p2"))
        form = {"cause": "code-invalid Observation.status", "type": "Observation"}
        answer = steward.post(f"{LIST}again/", form)
        assert answer.status_code == 302
        due = QuarantinedResource.objects.get(retry_at__isnull=False)
        assert (due.type, due.asked_by) == ("Observation", str(user.pk))
        assert (
            AuditEvent.objects.get(action="replay").detail
            == "1 with code-invalid Observation.status"
        )
        assert steward.post(f"{LIST}again/", {}).status_code == 404


class TestOneItem:
    def test_faults_and_content_are_shown_and_the_read_is_audited(
        self, ehr: Client, steward: Client, user: User
    ) -> None:
        body = json.dumps(odd_value()).replace("80", "80.50")
        ehr.put("/fhir/Observation/o1", body, content_type="application/fhir+json")
        answer = steward.get(address())
        page = answer.content.decode()
        assert "80.50" in page
        assert re.findall(r"<mark>\s*(.*?)</mark>", page) == [
            "&quot;status&quot;: &quot;done&quot;,"
        ]
        assert "Observation.status" in page
        event = AuditEvent.objects.latest("pk")
        assert (event.actor, event.action, event.what) == (str(user.pk), "read", "quarantine")
        assert event.patient_ids == [Patient.objects.get().pk]

    def test_a_rule_is_made_and_what_waits_goes_in(
        self, ehr: Client, steward: Client, user: User
    ) -> None:
        put(ehr, odd_value())
        page = steward.get(address()).content.decode()
        assert "<option>final</option>" in page
        form = {"element": "Observation.status", "from_text": "done", "to_text": "final"}
        form |= {"whose": "client", "reason": "their manual, page 7"}
        seen = text_of(steward.post(address("rule"), form))
        assert "1 waiting resource has this text there" in seen and "Test EHR: 1" in seen
        unread = steward.post(address("rule"), form | {"confirm": "yes"})
        assert unread.status_code == 400 and not CorrectionRule.objects.exists()
        form |= {"confirm": "yes", "checked": "yes"}
        assert steward.post(address("rule"), form).status_code == 302
        made = CorrectionRule.objects.get()
        assert (made.application, made.made_by) == (the_item().application, str(user.pk))
        replay_due(now=timezone.now())
        page = text_of(steward.get(address()))
        assert "Stored as Observation/o1, version 1" in page
        assert f"Rule {made.pk} Observation.status: done means final" in page
        assert "their manual" in text_of(steward.get(RULES))
        assert steward.post(f"{RULES}{made.pk}/end/").status_code == 302
        assert "No rule is in force" in text_of(steward.get(RULES))

    def test_what_a_rule_touches_is_counted_by_client_and_warned_of(
        self, ehr: Client, steward: Client
    ) -> None:
        post(ehr, "", transaction(odd_patient("p2"), odd_patient("p3")))
        put(ehr, odd_patient("p4"))
        put(ehr, odd_patient("p5", gender="W"))
        first = QuarantinedResource.objects.order_by("pk")[1]
        form = {"element": "Patient.gender", "from_text": "M", "to_text": "male", "reason": "x"}
        page = text_of(steward.post(f"{LIST}{first.public_id}/rule/", form | {"whose": "all"}))
        # the transaction is one
        assert "2 waiting resources have this text there" in page and "Test EHR: 2" in page
        assert "Every model reads the sex" in page
        assert not CorrectionRule.objects.exists()

    def test_what_a_rule_has_stored_is_listed_and_stays(self, ehr: Client, steward: Client) -> None:
        for number in range(3):
            put(ehr, odd_value(f"o{number}"))
        made = rule()
        replay_due(now=timezone.now())
        put(ehr, fhir.quantity("o1", "29463-7", 81, "kg"))
        assert re.search(r"user 7 3 ", text_of(steward.get(RULES)))
        with CaptureQueriesContext(connection) as captured:
            page = steward.get(f"{RULES}{made.pk}/").content.decode()
        assert len(captured) <= 8
        assert page.count('data-label="Item"') == 3
        assert "Observation/o0, version 1" in page and "version 2 since" in page
        assert page.count(">current<") == 2
        ended = text_of(steward.post(f"{RULES}{made.pk}/end/", follow=True))
        assert "What it has stored stays, and is listed here" in ended
        assert "nothing here takes them back" in ended and "Observation/o2" in ended
        assert steward.get(f"{RULES}999/").status_code == 404

    @pytest.mark.parametrize(
        ("change", "words"),
        [
            ({"to_text": "nonsense"}, "Choose one of the codes"),
            ({"reason": ""}, "Say why"),
        ],
    )
    def test_a_rule_that_cannot_be(
        self, ehr: Client, steward: Client, change: dict[str, str], words: str
    ) -> None:
        put(ehr, odd_value())
        form = {"element": "Observation.status", "from_text": "done", "to_text": "final"}
        form |= {"whose": "all", "reason": "x"} | change
        assert words in text_of(steward.post(address("rule"), form, follow=True))
        assert not CorrectionRule.objects.exists()

    def test_only_for_what_the_item_has(self, ehr: Client, steward: Client) -> None:
        put(ehr, odd_value())
        form = {"element": "Patient.gender", "from_text": "M", "to_text": "male", "reason": "x"}
        assert steward.post(address("rule"), form).status_code == 404

    def test_try_again_says_what_came_of_it(self, ehr: Client, steward: Client) -> None:
        put(ehr, fhir.quantity("o1", "29463-7", 80, "kg", subject="p9"))
        page = text_of(steward.post(address("again"), follow=True))
        assert "refused still" in page
        push_patient(ehr, "p9")
        assert "stored now" in text_of(steward.post(address("again"), follow=True))
        assert "Nothing was done" in text_of(steward.post(address("again"), follow=True))

    def test_discard_needs_a_reason(self, ehr: Client, steward: Client) -> None:
        put(ehr, odd_value())
        assert "Say why" in text_of(steward.post(address("discard"), {"reason": " "}, follow=True))
        form = {"reason": "sent by a test system"}
        page = text_of(steward.post(address("discard"), form, follow=True))
        assert "sent by a test system" in page
        assert the_item().state == "discarded"
        assert "Nothing was done" in text_of(steward.post(address("discard"), form, follow=True))

    def test_a_transaction(self, ehr: Client, steward: Client) -> None:
        post(ehr, "", transaction(odd_patient("p2"), odd_value("o1", "p2")))
        page = steward.get(address()).content.decode()
        assert page.count("<mark>") == 2
        assert "Make a rule: Patient.gender" in page
        assert "Make a rule: Observation.status" in page
        assert "Patient/p2" in page

    def test_one_that_is_too_long_to_show(self, ehr: Client, steward: Client) -> None:
        put(ehr, odd_value() | {"note": [{"text": "x" * 1_000_001}]})
        assert "too long to be shown" in text_of(steward.get(address()))


class TestWhoMayLook:
    def paths(self) -> list[tuple[str, str]]:
        made = CorrectionRule.objects.get()
        posts = [address(a) for a in ("again", "discard", "rule")]
        posts += [f"{LIST}again/", f"{RULES}{made.pk}/end/"]
        return [*(("get", p) for p in (LIST, RULES, address())), *(("post", p) for p in posts)]

    def test_nobody_but_a_steward(self, ehr: Client) -> None:
        put(ehr, odd_value())
        rule()
        doctor, patient = signed_in(clinician()), signed_in(patient_user(Patient.objects.get()))
        for method, path in self.paths():
            for somebody in (doctor, patient):
                assert getattr(somebody, method)(path).status_code == 403, path
            anonymous = getattr(Client(), method)(path)
            assert anonymous.status_code == 302
            assert anonymous.headers["Location"].startswith("/accounts/login/")
        assert (the_item().state, the_item().tries) == ("waiting", 0)
        assert CorrectionRule.objects.get().ended_at is None

    def test_what_changes_something_is_a_post(self, ehr: Client, steward: Client) -> None:
        put(ehr, odd_value())
        rule()
        for method, path in self.paths():
            if method == "post":
                assert steward.get(path).status_code == 405, path

    def test_what_is_not_there(self, steward: Client) -> None:
        nobody = "00000000-0000-0000-0000-000000000000"
        assert steward.get(f"{LIST}{nobody}/").status_code == 404
        assert steward.post(f"{LIST}{nobody}/again/").status_code == 404


def test_what_may_be_the_same_is_stored_if_a_person_says_so(ehr: Client, steward: Client) -> None:
    number = {"identifier": [{"system": "urn:lab", "value": "A7"}]}
    post(ehr, "/Observation", odd_value() | number)
    post(ehr, "/Observation", odd_value() | number | {"status": "final"})
    page = f"{LIST}{the_item().public_id}/"
    assert "all the same" not in text_of(steward.get(page))
    rule()
    replay_due(now=timezone.now())
    assert "Store it all the same" in text_of(steward.get(page))
    steward.post(f"{page}again/")
    assert the_item().state == "waiting"
    steward.post(f"{page}again/", {"anyway": "yes"})
    item = the_item()
    assert (item.state, item.ended_by) == ("stored", str(User.objects.get(username="steward").pk))
    assert ehr.get("/fhir/Observation?identifier=urn:lab|A7").json()["total"] == 2


class TestTheCliniciansPage:
    @pytest.fixture
    def doctor(self, ehr: Client) -> Client:
        return signed_in(clinician())

    def page(self, doctor: Client) -> str:
        return text_of(
            doctor.get(reverse("twin", args=[Patient.objects.get(fhir_id="p1").public_id]))
        )

    def test_it_says_that_something_is_kept_apart(self, ehr: Client, doctor: Client) -> None:
        assert "kept apart" not in self.page(doctor)
        put(ehr, odd_value("o1"))
        page = self.page(doctor)
        assert (
            "1 resource that was sent for this patient is kept apart because it is faulty" in page
        )
        put(ehr, odd_value("o2"))
        put(ehr, odd_patient("p1"))
        page = self.page(doctor)
        assert "3 resources that were sent for this patient are kept apart" in page
        assert f"(Observation, Patient, {timezone.now():%-d %b %Y}): not used" in page
        assert "done" not in page

    def test_not_when_it_is_said_anew(self, ehr: Client, doctor: Client) -> None:
        put(ehr, odd_value("o1"))
        put(ehr, fhir.quantity("o1", "29463-7", 80, "kg"))
        assert "kept apart" not in self.page(doctor)

    def test_of_a_patient_who_was_not_here_yet(self, ehr: Client, doctor: Client) -> None:
        Patient.objects.get()
        put(ehr, odd_value("o1", "p2"))
        push_patient(ehr, "p2")
        assert "kept apart" not in self.page(doctor)
        merge("p2", "p1", sender=Sender("test"), now=timezone.now())
        assert "1 resource that was sent" in self.page(doctor)

    def test_the_patient_does_not_read_of_it(self, ehr: Client) -> None:
        put(ehr, odd_value("o1"))
        account = signed_in(patient_user(Patient.objects.get()))
        assert "kept apart" not in text_of(account.get("/my/"))


def test_a_broker_that_is_down_costs_a_minute(
    ehr: Client, steward: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is asked for is in the database."""
    from celery import current_app

    monkeypatch.setattr(current_app.conf, "broker_url", "redis://127.0.0.1:1/0")
    current_app._pool = None
    current_app.amqp._producer_pool = None
    try:
        put(ehr, odd_value())
        wake_ups.try_quarantined()
        form = {"cause": "code-invalid Observation.status"}
        assert steward.post(f"{LIST}again/", form).status_code == 302
        assert the_item().retry_at is not None
    finally:
        monkeypatch.undo()
        current_app._pool = None
        current_app.amqp._producer_pool = None


def test_lines_have_their_elements_and_numbers_their_text() -> None:
    text = '{"a":[1.50,{"b":[]}],"c":{},"d":1e400}'
    lines = lines_of(text, "T", {"T.a[0]", "T.d"})
    assert [line.text for line in lines] == [
        "{",
        '  "a": [',
        "    1.50,",
        "    {",
        '      "b": []',
        "    }",
        "  ],",
        '  "c": {},',
        '  "d": 1e400',
        "}",
    ]
    assert [line.text.strip() for line in lines if line.is_faulty] == ["1.50,", '"d": 1e400']
