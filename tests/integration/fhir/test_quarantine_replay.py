"""What waits in quarantine is done again: once, late, and never over what came after it."""

import json
from datetime import timedelta
from threading import Barrier, Thread
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone

from patients.fhir.outcome import Issue
from patients.models import (
    AuditEvent,
    CorrectionRule,
    Fact,
    QuarantinedResource,
    Resource,
    ResourceVersion,
    StaleTwin,
)
from patients.services.correcting import RuleFault, end_rule
from patients.services.interactions import Interaction, Sender
from patients.services.quarantine import keep
from patients.services.quarantine_replay import ask_again, discard, replay, replay_due
from tests.factories import fhir
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

pytestmark = pytest.mark.django_db


@pytest.fixture
def tolerant(ehr: Client) -> Client:
    push_patient(ehr)
    make_tolerant()
    return ehr


def weight(fhir_id: str = "o1", subject: str = "p1", **more: Any) -> dict[str, Any]:
    return fhir.quantity(fhir_id, "29463-7", 80, "kg", subject=subject, **more)


def tried(item: QuarantinedResource | None = None, by: str = "7") -> QuarantinedResource:
    row = item or the_item()
    replay(row.pk, by=by, now=timezone.now())
    row.refresh_from_db()
    return row


def run(minutes: int = 0) -> int:
    return replay_due(now=timezone.now() + timedelta(minutes=minutes))


class TestAfterARule:
    def test_it_is_stored_as_a_replay(self, tolerant: Client) -> None:
        body = json.dumps(odd_value()).replace("80", "80.50")
        tolerant.put("/fhir/Observation/o1", body, content_type="application/fhir+json")
        StaleTwin.objects.all().delete()
        made = rule()
        assert run() == 1
        item = the_item()
        assert (item.state, item.ended_by, item.rules) == ("stored", "7", [made.pk])
        assert (item.stored_id, item.stored_version, item.content) == ("o1", 1, body)
        stored = tolerant.get("/fhir/Observation/o1")
        assert stored.json()["status"] == "final"
        assert "80.50" in stored.content.decode()
        # the twin has it now, and will be computed anew
        assert Fact.objects.filter(resource_fhir_id="o1").exists()
        assert StaleTwin.objects.exists()

    def test_who_did_it_is_told(self, tolerant: Client) -> None:
        put(tolerant, odd_value(), **{"X-Request-ID": "first-time"})
        rule()
        run()
        item = the_item()
        version = ResourceVersion.objects.get(resource__type="Observation")
        assert version.source == f"{item.source}, replayed from quarantine by user 7"
        assert version.request_id == "first-time"
        (entry,) = tolerant.get("/fhir/Provenance?target=Observation/o1").json()["entry"]
        (entity,) = entry["resource"]["entity"]
        assert entity["what"]["identifier"]["value"] == f"urn:uuid:{item.public_id}"
        assert "received" in entity["what"]["display"]
        event = AuditEvent.objects.get(action="replay")
        assert (event.actor_kind, event.actor) == ("user", "7")
        assert event.detail == f"quarantine {item.public_id} Observation/o1"
        assert len(event.patient_ids) == 1

    def test_one_that_ended_is_not_used(self, tolerant: Client) -> None:
        made = rule()
        assert end_rule(made.pk, by="7", now=timezone.now())
        assert not end_rule(made.pk, by="7", now=timezone.now())
        assert put(tolerant, odd_value()).status_code == 202
        assert tried().state == "waiting"
        assert AuditEvent.objects.filter(what="CorrectionRule").count() == 2

    def test_what_a_rule_does_not_touch_stays(self, tolerant: Client) -> None:
        put(tolerant, odd_patient("p2"))
        put(tolerant, odd_value())
        rule("Patient.gender", "F", "female")
        assert run() == 1
        assert {i.state for i in QuarantinedResource.objects.all()} == {"waiting"}

    def test_a_transaction(self, tolerant: Client) -> None:
        post(tolerant, "", transaction(fhir.patient("p2"), odd_value("o1", "p2")))
        assert tolerant.get("/fhir/Patient/p2").status_code == 404
        rule()
        run()
        item = the_item()
        assert (item.state, item.note) == ("stored", "2 entries")
        assert tolerant.get("/fhir/Observation/o1").json()["status"] == "final"
        assert tolerant.get("/fhir/Patient/p2").status_code == 200

    @pytest.mark.parametrize(
        "wrong",
        [
            {"element": "Patient.birthDate"},
            {"element": "Patient.contained.gender"},
            {"element": "Condition.clinicalStatus"},
            {"new": "done"},
            {"new": ""},
            {"old": ""},
            {"old": "final"},
            {"old": "x" * 201},
            {"reason": "  "},
        ],
    )
    def test_what_is_no_rule(self, wrong: dict[str, Any], db: None) -> None:
        with pytest.raises(RuleFault):
            rule(**wrong)
        assert not CorrectionRule.objects.exists()

    def test_one_text_means_one_thing(self, db: None) -> None:
        rule()
        with pytest.raises(RuleFault, match="already"):
            rule(new="amended")


class TestNeverOverWhatIsNewer:
    def test_an_update_that_came_after_it(self, tolerant: Client) -> None:
        put(tolerant, odd_value())
        put(tolerant, weight(date="2026-10-05"))
        rule()
        run()
        assert the_item().state == "superseded"
        assert tolerant.get("/fhir/Observation/o1").json()["effectiveDateTime"] == "2026-10-05"

    def test_one_that_came_before_it_is_replaced(self, tolerant: Client) -> None:
        put(tolerant, weight(date="2026-10-05"))
        put(tolerant, odd_value(date="2026-10-06"))
        rule()
        run()
        assert the_item().state == "stored"
        assert tolerant.get("/fhir/Observation/o1").json()["effectiveDateTime"] == "2026-10-06"

    def test_sent_once_more_after_the_update(self, tolerant: Client) -> None:
        put(tolerant, odd_value(date="2026-10-06"))
        put(tolerant, weight(date="2026-10-05"))
        put(tolerant, odd_value(date="2026-10-06"))
        rule()
        run()
        assert the_item().state == "stored"

    def test_an_update_that_agrees_with_what_is_stored(self, tolerant: Client) -> None:
        put(tolerant, weight())
        put(tolerant, odd_value(date="2026-10-06"))
        assert put(tolerant, weight()).status_code == 200
        assert the_item().state == "superseded"

    def test_a_deletion_of_what_is_stored(self, tolerant: Client) -> None:
        put(tolerant, weight())
        put(tolerant, odd_value())
        assert tolerant.delete("/fhir/Observation/o1").status_code == 204
        assert the_item().state == "superseded"
        rule()
        run()
        assert tolerant.get("/fhir/Observation/o1").status_code == 410

    def test_a_deletion_of_what_was_never_stored(self, tolerant: Client) -> None:
        put(tolerant, odd_value())
        assert tolerant.delete("/fhir/Observation/o1").status_code == 204
        item = the_item()
        assert (item.state, item.ended_by) == ("superseded", "system")

    def test_a_conditional_deletion(self, tolerant: Client) -> None:
        has_number = {"identifier": [{"system": "urn:x", "value": "1"}]}
        put(tolerant, weight() | has_number)
        put(tolerant, odd_value() | has_number)
        assert tolerant.delete("/fhir/Observation?identifier=urn:x|1").status_code == 204
        rule()
        run()
        assert the_item().state == "superseded"

    def test_a_conditional_update(self, tolerant: Client) -> None:
        where = "/fhir/Observation?identifier=urn:x|1"
        has_number = {"identifier": [{"system": "urn:x", "value": "1"}]}
        put(tolerant, weight() | has_number)
        body = json.dumps(odd_value() | has_number)
        tolerant.put(where, body, content_type="application/json")
        put(tolerant, weight(date="2026-10-07") | has_number)
        rule()
        run()
        assert the_item().state == "superseded"

    def test_two_conditional_updates(self, tolerant: Client) -> None:
        where = "/fhir/Observation?identifier=urn:x|1"
        for date in ("2026-10-06", "2026-10-07"):
            said = odd_value(date=date) | {"identifier": [{"system": "urn:x", "value": "1"}]}
            tolerant.put(where, json.dumps(said), content_type="application/json")
        rule()
        run()
        old, new = QuarantinedResource.objects.order_by("pk")
        assert (old.state, new.state) == ("superseded", "stored")
        stored = tolerant.get("/fhir/Observation/o1").json()
        assert stored["effectiveDateTime"] == "2026-10-07"

    def test_a_condition_that_no_index_holds(self, tolerant: Client) -> None:
        where = f"/fhir/Observation?identifier=urn:x|{'1' * 5000}"
        body = json.dumps(odd_value())
        answer = tolerant.put(where, body, content_type="application/json")
        assert answer.status_code == 202
        assert the_item().targets == []

    def test_a_create_of_what_has_been_created_since(self, tolerant: Client) -> None:
        has_number = {"identifier": [{"system": "urn:x", "value": "1"}]}
        post(tolerant, "/Observation", odd_value() | has_number)
        post(tolerant, "/Observation", weight() | has_number)
        rule()
        run()
        # a laboratory may have used its number again: a person decides
        item = the_item()
        assert (item.state, item.causes) == ("waiting", ["duplicate Observation.identifier"])
        assert "was sent later" in item.faults[0]["diagnostics"]
        assert Resource.objects.filter(type="Observation").count() == 1
        assert run(minutes=10_000) == 0
        assert tried(item).state == "waiting"
        assert replay(item.pk, by="7", now=timezone.now(), is_wanted=True) == "stored"
        assert Resource.objects.filter(type="Observation").count() == 2

    def test_a_create_whose_condition_matches_now(self, tolerant: Client) -> None:
        has_number = {"identifier": [{"system": "urn:x", "value": "1"}]}
        condition = {"If-None-Exist": "identifier=urn:x|1"}
        post(tolerant, "/Observation", weight() | has_number)
        post(tolerant, "/Observation", odd_value() | has_number, **condition)
        rule()
        run()
        item = the_item()
        assert (item.state, item.stored_id) == ("superseded", "")
        assert "nothing of this was stored" in item.note

    def test_a_transaction_with_one_that_is_older(self, tolerant: Client) -> None:
        post(tolerant, "", transaction(odd_value("o1"), weight("o2")))
        put(tolerant, weight("o2", date="2026-10-09"))
        rule()
        run()
        assert the_item().state == "superseded"
        assert tolerant.get("/fhir/Observation/o1").status_code == 404

    def test_a_later_transaction_takes_the_place_of_an_update(self, tolerant: Client) -> None:
        put(tolerant, odd_value("o1"))
        post(tolerant, "", transaction(odd_value("o1", date="2026-10-09"), weight("o2")))
        assert QuarantinedResource.objects.earliest("pk").state == "superseded"
        rule()
        run()
        stored = tolerant.get("/fhir/Observation/o1").json()
        assert stored["effectiveDateTime"] == "2026-10-09"

    def test_a_transaction_waits_for_what_was_sent_after_it(self, tolerant: Client) -> None:
        post(tolerant, "", transaction(odd_value("o1"), weight("o2")))
        put(tolerant, weight("o1", "p9"))
        rule()
        run()
        whole, single = QuarantinedResource.objects.order_by("pk")
        assert (whole.state, whole.causes) == ("waiting", ["conflict"])
        assert "Observation/o1 was sent again later" in whole.faults[0]["diagnostics"]
        discard(single.pk, by="7", reason="x", now=timezone.now())
        assert tried(whole).state == "stored"

    @pytest.mark.parametrize("date", ["2026-10-01T09:00:00Z", "2026-10-09"])
    def test_an_old_deletion_leaves_alone_what_was_sent_after_it(
        self, tolerant: Client, date: str
    ) -> None:
        put(tolerant, weight("o1"))
        body = transaction(odd_value("o2"))
        body["entry"].append({"request": {"method": "DELETE", "url": "Observation/o1"}})
        assert post(tolerant, "", body).status_code == 202
        # what is stored then may be what is there, or something else
        put(tolerant, odd_value("o1", date=date))
        rule()
        run()
        whole, single = QuarantinedResource.objects.order_by("pk")
        assert single.state == "stored"
        assert tried(whole).state == "superseded"
        assert tolerant.get("/fhir/Observation/o1").json()["effectiveDateTime"] == date

    @pytest.mark.parametrize("last", ["delete", "said again"])
    def test_a_transaction_that_names_what_has_the_last_word(
        self, tolerant: Client, last: str
    ) -> None:
        if last == "said again":
            put(tolerant, weight("o1"))
        post(tolerant, "", transaction(odd_value("o1"), weight("o2")))
        if last == "said again":
            assert put(tolerant, weight("o1")).status_code == 200
        else:
            assert tolerant.delete("/fhir/Observation/o1").status_code == 204
        assert the_item().state == "superseded"

    def test_two_updates_that_both_wait(self, tolerant: Client) -> None:
        """As two requests at once may leave them."""
        put(tolerant, odd_value("o1"))
        put(tolerant, odd_value("o1", date="2026-10-09"))
        QuarantinedResource.objects.update(state="waiting", ended_at=None)
        rule()
        run()
        assert [i.state for i in QuarantinedResource.objects.order_by("pk")] == [
            "superseded",
            "stored",
        ]

    def test_the_list_is_true_before_anybody_tries(self, tolerant: Client) -> None:
        put(tolerant, odd_value())
        put(tolerant, weight())
        assert run() == 0
        assert the_item().state == "superseded"


class TestRefusedAgain:
    def test_what_is_still_wrong_is_said(self, tolerant: Client) -> None:
        put(tolerant, odd_value(subject="p9"))
        rule()
        run()
        item = the_item()
        assert (item.state, item.tries) == ("waiting", 1)
        assert item.causes == ["not-found Observation.subject"]
        assert item.faults[0]["expression"] == "Observation.subject"
        assert AuditEvent.objects.filter(action="replay", outcome="refused").count() == 1

    def test_a_person_discards_it(self, tolerant: Client) -> None:
        put(tolerant, odd_value())
        assert discard(the_item().pk, by="7", reason="a test", now=timezone.now())
        assert not discard(the_item().pk, by="7", reason="a test", now=timezone.now())
        item = the_item()
        assert (item.state, item.note, item.ended_by) == ("discarded", "a test", "7")
        assert replay(item.pk, by="7", now=timezone.now()) == ""
        assert AuditEvent.objects.latest("pk").action == "discard"

    def test_a_precondition_that_fails_now(self, tolerant: Client) -> None:
        put(tolerant, odd_value(), **{"If-Match": 'W/"3"'})
        rule()
        run()
        assert (the_item().state, the_item().causes) == ("waiting", ["conflict"])

    def test_many_are_tried_because_somebody_asks(self, tolerant: Client) -> None:
        for fhir_id in ("o1", "o2"):
            put(tolerant, odd_value(fhir_id))
        assert run() == 0
        rows = QuarantinedResource.objects.filter(type="Observation")
        assert ask_again(rows, by="7", now=timezone.now()) == 2
        assert run() == 2
        assert run() == 0
        assert {i.tries for i in QuarantinedResource.objects.all()} == {1}


class TestByItself:
    def test_when_the_patient_comes(self, tolerant: Client) -> None:
        put(tolerant, weight(subject="p9"))
        assert run() == 0
        push_patient(tolerant, "p9")
        assert run() == 1
        item = the_item()
        assert (item.state, item.ended_by) == ("stored", "system")
        assert Fact.objects.filter(resource_fhir_id="o1").exists()
        source = ResourceVersion.objects.get(resource__fhir_id="o1").source
        assert source.endswith("replayed from quarantine by the system")

    def test_less_and_less_often(self, tolerant: Client) -> None:
        put(tolerant, weight(subject="p9"))
        waits = []
        for _ in range(14):
            item = the_item()
            assert item.retry_at is not None
            replay_due(now=item.retry_at)
            before, item = item.retry_at, the_item()
            assert item.retry_at is not None
            waits.append(item.retry_at - before)
        # a turn takes some milliseconds of its own
        assert [wait // timedelta(minutes=1) for wait in waits[:3]] == [2, 4, 8]
        assert waits[-1] // timedelta(days=1) == 1
        # but at once when the patient comes
        push_patient(tolerant, "p9")
        QuarantinedResource.objects.update(last_tried_at=timezone.now() - timedelta(minutes=1))
        assert run() == 1
        assert the_item().state == "stored"

    def test_other_faults_wait_for_a_person(self, tolerant: Client) -> None:
        put(tolerant, odd_value())
        assert run(minutes=10_000) == 0

    def test_a_turn_goes_on_and_ends(self, tolerant: Client) -> None:
        for number in range(5):
            put(tolerant, odd_value(f"o{number}"))
        rule()
        now = timezone.now()
        assert replay_due(now=now, seconds=-1) == 0
        assert replay_due(now=now, most=2) == 5
        assert {i.state for i in QuarantinedResource.objects.all()} == {"stored"}

    def test_not_of_a_revoked_client(self, tolerant: Client) -> None:
        put(tolerant, weight(subject="p9"))
        profile = make_tolerant()
        profile.is_active = False
        profile.save()
        Resource.objects.update(last_updated=timezone.now())
        assert run(minutes=10) == 0
        assert ask_again(QuarantinedResource.objects.all(), by="7", now=timezone.now()) == 1
        assert run() == 1

    def test_of_an_import_but_not_of_a_client_that_is_gone(self, tolerant: Client) -> None:
        issue = Issue("error", "not-found", "x", "Observation.subject")
        for source, fhir_id in (("import a.ndjson", "o1"), ("client 0", "o2")):
            raw = json.dumps(weight(fhir_id)).encode()
            given = Interaction("PUT", "Observation", fhir_id, weight(fhir_id), raw)
            keep(given, [issue], sender=Sender(source), application_id=None, now=timezone.now())
        assert run(minutes=2) == 1
        assert [i.state for i in QuarantinedResource.objects.order_by("pk")] == [
            "stored",
            "waiting",
        ]

    def test_one_that_breaks_does_not_hold_up_the_others(
        self, tolerant: Client, settings: Any
    ) -> None:
        settings.MODE = "production"
        put(tolerant, weight("o1", "p9"))
        put(tolerant, weight("o2", "p9"))
        push_patient(tolerant, "p9")
        first = QuarantinedResource.objects.earliest("pk")
        QuarantinedResource.objects.filter(pk=first.pk).update(conditions="not json")
        assert run() == 2
        first.refresh_from_db()
        assert (first.state, first.tries) == ("waiting", 1)
        assert QuarantinedResource.objects.latest("pk").state == "stored"


@pytest.mark.django_db(transaction=True)
def test_two_who_try_at_once_store_it_once(tolerant: Client) -> None:
    post(tolerant, "/Observation", odd_value())
    rule()
    pk, barrier, states = the_item().pk, Barrier(4), []

    def one() -> None:
        barrier.wait()
        try:
            states.append(replay(pk, by="7", now=timezone.now()))
        finally:
            connection.close()

    threads = [Thread(target=one) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(states) == ["", "", "", "stored"]
    assert Resource.objects.filter(type="Observation").count() == 1


@pytest.mark.django_db(transaction=True)
def test_a_deletion_beside_a_replay_wins(tolerant: Client) -> None:
    """Whichever is first: in the end the resource is not there."""
    rule()
    for number in range(12):
        name = f"race{number}"
        CorrectionRule.objects.update(ended_at=timezone.now())
        assert put(tolerant, odd_value(name)).status_code == 202
        CorrectionRule.objects.update(ended_at=None)
        pk, barrier = QuarantinedResource.objects.get(fhir_id=name).pk, Barrier(2)

        def again(pk: int = pk, barrier: Barrier = barrier) -> None:
            barrier.wait()
            try:
                replay(pk, by="7", now=timezone.now())
            finally:
                connection.close()

        thread = Thread(target=again)
        thread.start()
        barrier.wait()
        assert tolerant.delete(f"/fhir/Observation/{name}").status_code == 204
        thread.join()
        assert tolerant.get(f"/fhir/Observation/{name}").status_code in (404, 410)
