"""From a code that nobody knows to a fact, and back: mappings, replays, and what they refuse."""

import json
from datetime import timedelta
from itertools import count
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.utils import timezone

from models_engine.models import Prediction
from patients.models import AuditEvent, Fact, Mapping, Patient, ResourceVersion, StaleTwin
from patients.selectors.mappings import unread_units
from patients.services import mapping_replay
from patients.services.mapping import MappingRefusedError, Wish, end_mapping, make_mapping
from patients.services.mapping_preview import preview_of
from patients.services.mapping_replay import due_replays, replay_mapping
from patients.services.mapping_touch import touched_by
from patients.services.rebuild import rebuild_facts
from patients.signals import mappings_changed
from patients.terminology.meanings import Key, MappingKind, unit_key
from tests.factories import fhir
from tests.factories.people import NOW, push
from tests.integration.fhir.calls import put
from tests.integration.mapping_calls import (
    CHOL,
    LAB,
    another_ehr,
    arrives,
    coded,
    facts,
    local,
    record_without_cholesterol,
    replay_all,
    say,
    sender,
    steward,
)
from twinportal import pipeline

pytestmark = pytest.mark.django_db
Json = dict[str, Any]
CHOLESTEROL = {"concept": "total_cholesterol"}


def cvd(status: str = "current") -> Prediction | None:
    return (
        Prediction.objects.select_related("run")
        .filter(patient__fhir_id="p1", model_id="prevent_base_10y", outcome="cvd", status=status)
        .order_by("-pk")
        .first()
    )


later = count()


def refresh(patient: Patient) -> None:
    """Each at a time of its own, as refreshes are."""
    pipeline.refresh_twin(patient.pk, now=NOW + timedelta(minutes=next(later)))


def nothing_to_rebuild() -> bool:
    return rebuild_facts(now=timezone.now()) == set()


class TestFromCodeToPrediction:
    def test_mapped_replayed_used_and_withdrawn(self, ehr_client: Client) -> None:
        patient = arrives(ehr_client, *record_without_cholesterol())
        push(ehr_client, *fhir.complete_record("p2"))
        refresh(patient)
        assert (found := cvd()) is not None and found.value is None
        StaleTwin.objects.all().delete()

        mapping = say(CHOL, "total_cholesterol")
        assert facts(**CHOLESTEROL, patient=patient) == []
        assert replay_mapping(mapping.pk, now=timezone.now()) == 1
        assert facts(**CHOLESTEROL, patient=patient) == [
            ("total_cholesterol", "usable", [mapping.pk])
        ]
        stale = StaleTwin.objects.values_list("patient__fhir_id", flat=True)
        assert list(stale) == ["p1"], "nobody else's twin has changed"
        refresh(patient)
        read = cvd()
        assert read is not None and read.value is not None
        (used,) = (row for row in read.inputs if row["concept"] == "total_cholesterol")
        assert used["mappings"] == [mapping.pk]
        assert used["reference"] == "Observation/p1-tc/_history/1"
        note = f"Total cholesterol: read by mapping {mapping.pk} of a data steward."
        assert note in read.notes
        assert read.run.risk_assessment is not None, "who reads what is written back knows it too"
        written = read.run.risk_assessment.versions.get().content
        assert note in [n["text"] for n in json.loads(written)["note"]]
        assert nothing_to_rebuild()

        end_mapping(mapping.pk, by=mapping.made_by, now=timezone.now(), reason="wrong list")
        assert replay_all() == 1
        assert facts(**CHOLESTEROL, patient=patient) == []
        refresh(patient)
        read.refresh_from_db()
        assert read.status == "superseded" and "read otherwise" in read.ended_reason
        assert f"mapping {mapping.pk} of a data steward has ended" in read.ended_reason
        read.run.refresh_from_db()
        assert read.run.risk_assessment is not None
        amended = read.run.risk_assessment.versions.latest("version").content
        notes = [n["text"] for n in json.loads(amended)["note"]]
        assert any(f"mapping {mapping.pk} of a data steward has ended" in n for n in notes)
        now = cvd()
        assert now is not None and now.value is None
        assert nothing_to_rebuild()

    def test_what_comes_later_is_read_at_once(self, ehr_client: Client) -> None:
        mapping = say(CHOL, "total_cholesterol")
        arrives(ehr_client, *record_without_cholesterol())
        assert facts(**CHOLESTEROL) == [("total_cholesterol", "usable", [mapping.pk])]
        end_mapping(mapping.pk, by=mapping.made_by, now=timezone.now(), reason="no")
        put(ehr_client, local("later"))
        assert facts(resource_fhir_id="later") == []

    def test_another_version_says_something_else(self, ehr_client: Client) -> None:
        arrives(ehr_client, *record_without_cholesterol())
        first = say(CHOL, "hdl_cholesterol")
        replay_all()
        assert ("hdl_cholesterol", "verify", [first.pk]) in facts(resource_fhir_id="p1-tc")
        second = say(CHOL, "total_cholesterol")
        first.refresh_from_db()
        assert (first.version, second.version) == (1, 2)
        assert first.ended_at == second.made_at and first.ended_by == second.made_by
        replay_all()
        assert facts(resource_fhir_id="p1-tc") == [("total_cholesterol", "usable", [second.pk])]
        assert not Mapping.objects.filter(replayed_at=None).exists()
        assert nothing_to_rebuild()

    def test_the_same_meaning_by_another_mapping_is_another_run(self, ehr_client: Client) -> None:
        """What a page says of who read it so is true of the prediction that it is beside."""
        patient = arrives(ehr_client, *record_without_cholesterol())
        say(CHOL, "total_cholesterol")
        replay_all()
        refresh(patient)
        before = cvd()
        second = say(CHOL, "total_cholesterol", reason="confirmed by the laboratory")
        replay_all()
        refresh(patient)
        after = cvd()
        assert before is not None and after is not None and before.pk != after.pk
        assert before.value == after.value
        (used,) = (row for row in after.inputs if row["concept"] == "total_cholesterol")
        assert used["mappings"] == [second.pk]

    def test_facts_of_a_merged_patient_are_the_twins(self, ehr_client: Client) -> None:
        push(ehr_client, fhir.patient("p1"), fhir.patient("p2"), local("a"))
        old = fhir.patient("p1") | {
            "link": [{"other": {"reference": "Patient/p2"}, "type": "replaced-by"}]
        }
        put(ehr_client, old)
        mapping = say(CHOL, "total_cholesterol")
        replay_all()
        assert Fact.objects.get(**CHOLESTEROL).patient.fhir_id == "p2"
        mapping.refresh_from_db()
        assert (mapping.resources, mapping.twins) == (1, 1)
        assert nothing_to_rebuild()


class TestEveryKind:
    """After the replay a rebuild of everything finds nothing that the replay has missed."""

    def test_component(self, ehr_client: Client) -> None:
        panel = fhir.blood_pressure("bp", 150, 90)
        panel["component"][0]["code"] = coded("SYS")
        arrives(ehr_client, fhir.patient(), panel)
        mapping = say(Key(MappingKind.OBSERVATION, "", LAB, "SYS"), "systolic_bp")
        assert replay_all() == 1
        assert ("systolic_bp", "usable", [mapping.pk]) in facts()
        assert nothing_to_rebuild()

    def test_condition_and_procedure(self, ehr_client: Client) -> None:
        diagnosis = fhir.condition("c", "1") | {"code": coded("DM2")}
        done = {
            "resourceType": "Procedure",
            "id": "p",
            "status": "completed",
            "code": coded("HD"),
            "subject": {"reference": "Patient/p1"},
            "performedDateTime": "2026-01-01",
        }
        arrives(ehr_client, fhir.patient(), diagnosis, done)
        say(Key(MappingKind.CONDITION, "", LAB, "DM2"), "diabetes_type_2")
        say(Key(MappingKind.CONDITION, "", LAB, "HD"), "dialysis")
        replay_all()
        found = {concept for concept, _, _ in facts()}
        assert {"diabetes_type_2", "dialysis"} <= found
        assert "condition_unclassified" not in found
        assert nothing_to_rebuild()

    def test_answer(self, ehr_client: Client) -> None:
        observation = fhir.smoking("s", "never")
        observation["valueCodeableConcept"] = coded("S1")
        arrives(ehr_client, fhir.patient(), observation)
        mapping = say(Key(MappingKind.ANSWER, "smoking_status", LAB, "S1"), "current")
        assert replay_all() == 1
        fact = Fact.objects.get()
        assert (fact.value_code, fact.quality, fact.mappings) == ("current", "usable", [mapping.pk])
        assert nothing_to_rebuild()

    def test_medication_wherever_it_is_named(self, ehr_client: Client) -> None:
        order = {
            "resourceType": "MedicationRequest",
            "status": "active",
            "intent": "order",
            "subject": {"reference": "Patient/p1"},
            "authoredOn": "2026-01-01",
        }
        drug: Json = {"resourceType": "Medication", "id": "m", "code": coded("ATO")}
        made_of: Json = {
            "resourceType": "Medication",
            "id": "n",
            "ingredient": [{"itemCodeableConcept": coded("ATO")}],
        }
        orders = [
            order | {"id": "inline", "medicationCodeableConcept": coded("ATO")},
            order | {"id": "named", "medicationReference": {"reference": "Medication/m"}},
            order | {"id": "made", "medicationReference": {"reference": "Medication/n"}},
            order
            | {"id": "within", "contained": [drug], "medicationReference": {"reference": "#m"}},
        ]
        arrives(ehr_client, fhir.patient(), drug, made_of, *orders)
        assert {quality for _, quality, _ in facts()} == {"unclassified"}
        mapping = say(Key(MappingKind.MEDICATION, "", LAB, "ATO"), "rxnorm|83367")
        replay_all()
        assert facts() == [("statin", "usable", [mapping.pk])] * 4
        assert nothing_to_rebuild()
        end_mapping(mapping.pk, by=mapping.made_by, now=timezone.now(), reason="no")
        replay_all()
        assert {quality for _, quality, _ in facts()} == {"unclassified"}
        assert nothing_to_rebuild()

    def test_a_medication_that_comes_after_its_mapping(self, ehr_client: Client) -> None:
        order = {
            "resourceType": "MedicationRequest",
            "id": "named",
            "status": "active",
            "intent": "order",
            "subject": {"reference": "Patient/p1"},
            "authoredOn": "2026-01-01",
            "medicationReference": {"reference": "Medication/m"},
        }
        arrives(ehr_client, fhir.patient(), order)
        mapping = say(Key(MappingKind.MEDICATION, "", LAB, "ATO"), "rxnorm|83367")
        put(ehr_client, {"resourceType": "Medication", "id": "m", "code": coded("ATO")})
        assert facts() == [("statin", "usable", [mapping.pk])]

    def test_unit(self, ehr_client: Client) -> None:
        good = fhir.quantity("good", "2093-3", 213, "mg/dL")
        odd = fhir.quantity("odd", "2093-3", 213, "MGD")
        odd["valueQuantity"]["unit"] = "as the analyser says"
        inactive = fhir.quantity("old", "2093-3", 213, "mgd", status="cancelled")
        elsewhere = fhir.quantity("creatinine", "2160-0", 1, "MGD")
        arrives(ehr_client, fhir.patient(), good, odd, inactive, elsewhere)
        mapping = say(unit_key("total_cholesterol", "MGD", sender()), "mg/dL")
        replay_all()
        assert facts() == [
            ("creatinine", "unknown_unit", []),
            ("total_cholesterol", "usable", []),
            ("total_cholesterol", "usable", [mapping.pk]),
            ("total_cholesterol", "inactive", [mapping.pk]),
        ]
        assert nothing_to_rebuild()
        end_mapping(mapping.pk, by=mapping.made_by, now=timezone.now(), reason="no")
        replay_all()
        assert [quality for _, quality, _ in facts()] == [
            "unknown_unit",
            "usable",
            "unknown_unit",
            "inactive",
        ]
        assert nothing_to_rebuild()


class TestUnitsOfSenders:
    """The same letters of two senders, for a weight: 80 kg, and 180 lb."""

    def test_each_is_read_as_its_own(self, ehr_client: Client) -> None:
        other, whose = another_ehr()
        push(ehr_client, fhir.patient("p1"), fhir.patient("p2"))
        push(ehr_client, fhir.quantity("a", "29463-7", 80, "gw", subject="p1"))
        push(other, fhir.quantity("b", "29463-7", 180, "GW", subject="p2"))
        seen = preview_of(Wish(unit_key("weight", "gw", sender()), "kg", "x"))
        assert (seen.resources, seen.patients, seen.facts) == (1, 1, 1)
        ours = say(unit_key("weight", "gw", sender()), "kg")
        assert replay_all() == 1
        assert facts() == [("weight", "usable", [ours.pk]), ("weight", "unknown_unit", [])]
        push(other, fhir.quantity("c", "29463-7", 180, "gw", subject="p2"))
        assert facts(resource_fhir_id="c") == [("weight", "unknown_unit", [])], "nor what comes"
        theirs = say(unit_key("weight", "gw", whose), "[lb_av]")
        assert theirs.version == 1, "another sender's is no new version of ours"
        replay_all()
        assert Fact.objects.get(resource_fhir_id="b").value == pytest.approx(81.65, abs=0.01)
        assert Fact.objects.get(resource_fhir_id="a").value == 80
        detail = AuditEvent.objects.filter(what="mapping", action="create").latest("pk").detail
        assert whose in detail
        assert nothing_to_rebuild()
        end_mapping(ours.pk, by=ours.made_by, now=timezone.now(), reason="no")
        replay_all()
        assert facts() == [
            ("weight", "unknown_unit", []),
            ("weight", "usable", [theirs.pk]),
            ("weight", "usable", [theirs.pk]),
        ]
        assert nothing_to_rebuild()

    def test_who_wrote_the_version_decides(self, ehr_client: Client) -> None:
        """Another client's new version of the resource is the other's words."""
        other, _ = another_ehr()
        mapping = say(unit_key("weight", "gw", sender()), "kg")
        sent = fhir.quantity("a", "29463-7", 80, "gw")
        arrives(ehr_client, fhir.patient(), sent)
        assert facts() == [("weight", "usable", [mapping.pk])]
        push(other, sent)
        assert facts() == [("weight", "usable", [mapping.pk])], "nothing new was said"
        sent["valueQuantity"]["value"] = 180
        push(other, sent)
        assert facts() == [("weight", "unknown_unit", [])]
        assert nothing_to_rebuild()

    def test_what_is_imported_here_is_the_servers(self, ehr_client: Client) -> None:
        mapping = say(unit_key("weight", "gw", "server"), "kg")
        arrives(ehr_client, fhir.patient(), fhir.quantity("a", "29463-7", 80, "gw"))
        assert facts() == [("weight", "unknown_unit", [])]
        ResourceVersion.objects.filter(resource__fhir_id="a").update(source="import x, y.json")
        assert replay_mapping(mapping.pk, now=timezone.now()) == 1
        assert facts() == [("weight", "usable", [mapping.pk])]
        assert unread_units() == []

    def test_what_was_replayed_from_quarantine_is_its_senders(self, ehr_client: Client) -> None:
        arrives(ehr_client, fhir.patient(), fhir.quantity("a", "29463-7", 80, "gw"))
        replayed = f"{sender()}, replayed from quarantine by user 5"
        ResourceVersion.objects.filter(resource__fhir_id="a").update(source=replayed)
        assert [unit.key.source for unit in unread_units()] == [sender()]
        mapping = say(unit_key("weight", "gw", sender()), "kg")
        assert replay_all() == 1
        assert facts() == [("weight", "usable", [mapping.pk])]

    def test_a_code_of_our_tables_takes_the_value_away(self, ehr_client: Client) -> None:
        odd = fhir.quantity("a", "29463-7", 180, "gw")
        odd["valueQuantity"] |= {"system": "urn:hospital:units", "code": "[lb_av]"}
        ucum = fhir.quantity("b", "29463-7", 180, "gw")
        ucum["valueQuantity"] |= {"system": "urn:oid:2.16.840.1.113883.6.8", "code": "[lb_av]"}
        arrives(ehr_client, fhir.patient(), odd, ucum)
        mapping = say(unit_key("weight", "gw", sender()), "kg")
        replay_all()
        found = Fact.objects.get(resource_fhir_id="a")
        assert (found.quality, found.value) == ("unknown_unit", None)
        assert found.reason == "code [lb_av] and unit gw contradict each other"
        assert found.mappings == [mapping.pk]
        assert Fact.objects.get(resource_fhir_id="b").value == pytest.approx(81.65, abs=0.01)
        assert nothing_to_rebuild()


class TestReplay:
    def test_a_replay_that_is_cut_short_goes_on(
        self, ehr_client: Client, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        people = [fhir.patient(f"p{n}") for n in range(1, 5)]
        push(ehr_client, *people, *(local(f"o{n}", subject=f"p{n}") for n in range(1, 5)))
        mapping = say(CHOL, "total_cholesterol")
        monkeypatch.setattr(mapping_replay, "BATCH", 1)
        done: list[Any] = []

        def cut_short(keys: list[int], now: Any) -> set[int]:
            if len(done) == 2:
                raise ConnectionError("the power went")
            done.append(keys)
            return rebuild_batch(keys, now)

        rebuild_batch = mapping_replay.rebuild_batch
        monkeypatch.setattr(mapping_replay, "rebuild_batch", cut_short)
        with pytest.raises(ConnectionError):
            replay_mapping(mapping.pk, now=timezone.now())
        mapping.refresh_from_db()
        assert (mapping.twins, mapping.attempts, mapping.last_error) == (2, 1, "ConnectionError")
        assert mapping.replayed_at is None
        monkeypatch.setattr(mapping_replay, "rebuild_batch", rebuild_batch)
        assert replay_mapping(mapping.pk, now=timezone.now()) == 2
        mapping.refresh_from_db()
        assert (mapping.twins, mapping.resources, mapping.last_error) == (4, 4, "")
        assert mapping.replayed_at is not None
        assert replay_mapping(mapping.pk, now=timezone.now()) == 0

    def test_what_waits_is_found_once_in_a_while(self, db: None) -> None:
        mapping = say(CHOL, "total_cholesterol")
        now = timezone.now()
        assert due_replays(now=now) == [mapping.pk]
        assert due_replays(now=now + mapping_replay.PATIENCE / 2) == []
        assert due_replays(now=now + mapping_replay.PATIENCE) == [mapping.pk]
        replay_mapping(mapping.pk, now=now)
        assert due_replays(now=now + 3 * mapping_replay.PATIENCE) == []

    def test_an_end_while_it_runs_is_replayed_too(
        self, ehr_client: Client, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        arrives(ehr_client, fhir.patient(), local("a"))
        mapping = say(CHOL, "total_cholesterol")

        def ended_meanwhile(keys: list[int], now: Any) -> set[int]:
            found = rebuild_batch(keys, now)
            end_mapping(mapping.pk, by=mapping.made_by, now=now, reason="at once")
            return found

        rebuild_batch = mapping_replay.rebuild_batch
        monkeypatch.setattr(mapping_replay, "rebuild_batch", ended_meanwhile)
        replay_mapping(mapping.pk, now=timezone.now())
        mapping.refresh_from_db()
        assert mapping.replayed_at is None, "the end waits for its own replay"
        monkeypatch.setattr(mapping_replay, "rebuild_batch", rebuild_batch)
        replay_all()
        assert facts() == []

    def test_the_workers_hear_of_it_after_the_commit(
        self, django_capture_on_commit_callbacks: Any
    ) -> None:
        heard: list[list[int]] = []

        def listen(*, mapping_ids: list[int], **_: Any) -> None:
            heard.append(mapping_ids)

        mappings_changed.connect(listen)
        try:
            with django_capture_on_commit_callbacks(execute=True):
                mapping = say(CHOL, "total_cholesterol")
                assert heard == []
        finally:
            mappings_changed.disconnect(listen)
        assert heard == [[mapping.pk]]


class TestRefusals:
    def wish(self, key: Key = CHOL, target: str = "total_cholesterol", **more: Any) -> Wish:
        return Wish(key, target, **({"reason": "because"} | more))

    @pytest.mark.parametrize(
        ("how", "words"),
        [
            ({"key": Key(MappingKind.OBSERVATION, "", fhir.LOINC, "2093-3")}, "Our own tables"),
            (
                {"key": unit_key("total_cholesterol", "", "server"), "target": "mg/dL"},
                "never guessed",
            ),
            ({"target": "furlongs"}, "Choose"),
            ({"reason": " "}, "Say why"),
            ({"replaces": 12345}, "meanwhile"),
        ],
    )
    def test_with_words(self, how: dict[str, Any], words: str) -> None:
        with pytest.raises(MappingRefusedError, match=words):
            make_mapping(self.wish(**how), by=steward(), now=timezone.now())
        assert not Mapping.objects.exists()

    def test_whoever_did_not_see_the_one_in_force(self) -> None:
        first = say(CHOL, "total_cholesterol")
        with pytest.raises(MappingRefusedError, match="meanwhile"):
            make_mapping(self.wish(), by=first.made_by, now=timezone.now())
        end_mapping(first.pk, by=first.made_by, now=timezone.now(), reason="no")
        with pytest.raises(MappingRefusedError, match="not in force"):
            end_mapping(first.pk, by=first.made_by, now=timezone.now(), reason="no")

    def test_a_mapping_stands_whoever_tries(self) -> None:
        mapping = say(CHOL, "total_cholesterol")
        attempts = [
            lambda: Mapping.objects.update(target="hba1c"),
            lambda: Mapping.objects.update(reason="another"),
            lambda: Mapping.objects.all().delete(),
        ]
        end_mapping(mapping.pk, by=mapping.made_by, now=timezone.now(), reason="no")
        attempts.append(lambda: Mapping.objects.update(ended_at=None))
        for attempt in attempts:
            with pytest.raises(IntegrityError), transaction.atomic():
                attempt()
        assert Mapping.objects.get().target == "total_cholesterol"

    def test_who_did_what_is_in_the_log(self) -> None:
        mapping = say(CHOL, "total_cholesterol")
        replay_all()
        end_mapping(mapping.pk, by=mapping.made_by, now=timezone.now(), reason="no")
        found = AuditEvent.objects.filter(what="mapping").order_by("pk")
        assert [(e.actor_kind, e.action) for e in found] == [
            ("user", "create"),
            ("system", "replay"),
            ("user", "end"),
        ]
        assert all(f"mapping {mapping.pk}" in e.detail for e in found)


class TestPreview:
    def seen(self, key: Key, target: str) -> Any:
        return preview_of(Wish(key, target, "because"))

    def test_it_stores_nothing(self, ehr_client: Client) -> None:
        arrives(ehr_client, *record_without_cholesterol())
        before = list(Fact.objects.order_by("pk").values())
        found = self.seen(CHOL, "total_cholesterol")
        assert (found.resources, found.patients, found.facts) == (1, 1, 1)
        assert found.qualities == {"usable": 1} and found.doubts == []
        (values,) = found.values
        assert values.low == values.high == pytest.approx(5.51, abs=0.01)
        assert list(Fact.objects.order_by("pk").values()) == before
        assert not Mapping.objects.exists()

    def test_a_wrong_concept_is_doubted(self, ehr_client: Client) -> None:
        arrives(ehr_client, *record_without_cholesterol())
        doubts = " ".join(self.seen(CHOL, "hdl_cholesterol").doubts)
        assert "outside the usual" in doubts

    def test_a_wrong_unit_is_doubted(self, ehr_client: Client) -> None:
        odd = fhir.quantity("odd", "2093-3", 213, "MGD")
        arrives(ehr_client, fhir.patient(), odd)
        key = unit_key("total_cholesterol", "MGD", sender())
        assert self.seen(key, "mg/dL").doubts == []
        wrong = self.seen(key, "mmol/L")
        assert wrong.qualities == {"impossible": 1}
        assert any("impossible" in words for words in wrong.doubts)

    def test_a_middle_that_is_far_from_what_the_record_has(self, ehr_client: Client) -> None:
        known = [fhir.quantity(f"k{n}", "2093-3", 180 + n, "mg/dL") for n in range(25)]
        far = [local(f"f{n}", 320 + n) for n in range(5)]
        arrives(ehr_client, fhir.patient(), *known, *far)
        doubts = self.seen(CHOL, "total_cholesterol").doubts
        assert len(doubts) == 1 and "unlike those" in doubts[0]

    def test_what_would_be_lost_is_said(self, ehr_client: Client) -> None:
        both = fhir.quantity("a", "2085-9", 50, "mg/dL")
        both["code"]["coding"] += coded("CHOL")["coding"]
        arrives(ehr_client, fhir.patient(), both)
        found = self.seen(CHOL, "total_cholesterol")
        assert found.lost == 1 and "would not be used any more" in found.doubts[-1]
        mapping = say(CHOL, "total_cholesterol")
        replay_all()
        assert facts() == [("hdl_cholesterol", "unclassified", [mapping.pk])]

    def test_of_many_some_are_looked_at(
        self, ehr_client: Client, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("patients.services.mapping_preview.MOST", 5)
        arrives(ehr_client, fhir.patient(), *(local(f"o{n}") for n in range(12)))
        found = self.seen(CHOL, "total_cholesterol")
        assert (found.resources, found.looked_at, found.facts) == (12, 4, 4)


def test_an_ingest_asks_once_for_the_mappings_and_reads_them_seldom(ehr_client: Client) -> None:
    say(CHOL, "total_cholesterol")
    put(ehr_client, fhir.patient())
    put(ehr_client, local("first"))
    with connection.execute_wrapper(counting := Counting()):
        put(ehr_client, local("second"))
    asked = [sql for sql in counting.statements if "patients_mapping" in sql]
    assert len(asked) == 1 and "pg_advisory_xact_lock_shared" in asked[0]
    with connection.execute_wrapper(counting := Counting()):
        put(ehr_client, fhir.practitioner())
    assert not any("patients_mapping" in sql for sql in counting.statements), "it makes no fact"
    assert touched_by(CHOL) == set(Fact.objects.values_list("resource_id", flat=True))


class Counting:
    """Every statement that goes out."""

    def __init__(self) -> None:
        self.statements: list[str] = []

    def __call__(self, execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        self.statements.append(sql)
        return execute(sql, params, many, context)
