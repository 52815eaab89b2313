"""Who sees whom: care teams in their time, and default teams where nothing else is said."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser
from django.test import Client
from oauth2_provider.models import Application

from patients.access.policy import can_read_patient, visible_patients, visible_resources
from patients.models import CareTeamMember, ClientProfile, Patient
from tests.factories import fhir
from tests.factories.people import clinician, patient_user
from tests.integration.fhir.calls import post, put
from twinportal.accounts.models import User

pytestmark = pytest.mark.django_db
Json = dict[str, Any]


def seen_by(practitioner_id: str) -> set[str]:
    user = User.objects.filter(practitioner_id=practitioner_id).first()
    user = user or clinician(practitioner_id, username=practitioner_id)
    return set(visible_patients(user).values_list("fhir_id", flat=True))


def day(offset: int) -> str:
    return (datetime.now(UTC) + timedelta(days=offset)).date().isoformat()


def care_team(*members: tuple[str, Json], **more: Any) -> Json:
    return {
        "resourceType": "CareTeam",
        "id": "team",
        "subject": {"reference": "Patient/p1"},
        "participant": [
            {"member": {"reference": member}, **({"period": period} if period else {})}
            for member, period in members
        ],
        **more,
    }


def role(practitioner: str) -> Json:
    return {
        "resourceType": "PractitionerRole",
        "id": "role",
        "practitioner": {"reference": f"Practitioner/{practitioner}"},
    }


def visit(participant: str) -> Json:
    return {
        "resourceType": "Encounter",
        "id": "e",
        "status": "finished",
        "class": {"code": "AMB"},
        "subject": {"reference": "Patient/p1"},
        "period": {"start": "2026-01-01T10:00:00Z", "end": "2026-01-01T11:00:00Z"},
        "participant": [{"individual": {"reference": participant}}],
    }


def naming_a_role() -> dict[str, list[Json]]:
    """By the type of who names it."""
    person, name = fhir.patient(), "PractitionerRole/role"
    return {
        "Patient": [person | {"generalPractitioner": [{"reference": name}]}],
        "CareTeam": [person, care_team((name, {}))],
        "Encounter": [person, visit(name)],
    }


class TestCareTeams:
    def test_a_general_practitioner_comes_and_goes(self, ehr: Client) -> None:
        put(ehr, fhir.patient(practitioner="dr1"))
        assert seen_by("dr1") == {"p1"}
        assert seen_by("dr2") == set()
        put(ehr, fhir.patient(practitioner="dr2"))
        assert (seen_by("dr1"), seen_by("dr2")) == (set(), {"p1"})

    def test_membership_has_its_time(self, ehr: Client) -> None:
        put(ehr, fhir.patient())
        put(
            ehr,
            care_team(
                ("Practitioner/past", {"start": day(-9), "end": day(-2)}),
                ("Practitioner/now", {"start": day(-9), "end": day(9)}),
                ("Practitioner/open", {}),
                ("Practitioner/future", {"start": day(2)}),
            ),
        )
        assert [len(seen_by(who)) for who in ("past", "now", "open", "future")] == [0, 1, 1, 0]

    @pytest.mark.parametrize("status", ["entered-in-error", "proposed"])
    def test_a_team_that_does_not_stand_opens_nothing(self, ehr: Client, status: str) -> None:
        put(ehr, fhir.patient())
        put(ehr, care_team(("Practitioner/dr1", {}), status=status))
        assert seen_by("dr1") == set()

    def test_a_role_stands_for_its_practitioner(self, ehr: Client) -> None:
        put(ehr, fhir.patient())
        put(ehr, role("dr1"))
        put(ehr, care_team(("PractitionerRole/role", {}), ("Patient/p1", {})))
        assert seen_by("dr1") == {"p1"}
        ehr.delete("/fhir/CareTeam/team")
        assert seen_by("dr1") == set()

    @pytest.mark.parametrize("together", [True, False])
    def test_a_role_that_arrives_later_counts(self, ehr: Client, together: bool) -> None:
        team = care_team(("PractitionerRole/role", {}))
        if together:
            post(ehr, "", fhir.transaction([fhir.patient(), team, role("dr1")]))
        else:
            post(ehr, "", fhir.transaction([fhir.patient(), team]))
            assert seen_by("dr1") == set()
            put(ehr, role("dr1"))
        assert seen_by("dr1") == {"p1"}

    @pytest.mark.parametrize("kind", ["Patient", "CareTeam", "Encounter"])
    def test_who_leaves_a_role_sees_the_patient_no_more(self, ehr: Client, kind: str) -> None:
        put(ehr, role("dr1"))
        post(ehr, "", fhir.transaction(naming_a_role()[kind]))
        put(ehr, fhir.patient("p2", practitioner="dr1"))
        assert seen_by("dr1") == {"p1", "p2"}
        put(ehr, role("dr2"))
        assert (seen_by("dr1"), seen_by("dr2")) == ({"p2"}, {"p1"})
        ehr.delete("/fhir/PractitionerRole/role")
        assert (seen_by("dr1"), seen_by("dr2")) == ({"p2"}, set())
        put(ehr, role("dr2"))
        assert seen_by("dr2") == {"p1"}

    def test_a_role_changes_while_a_resource_stops_naming_it(self, ehr: Client) -> None:
        put(ehr, role("dr1"))
        post(ehr, "", fhir.transaction(naming_a_role()["Patient"]))
        post(ehr, "", fhir.transaction([role("dr2"), fhir.patient(practitioner="dr3")]))
        assert [len(seen_by(who)) for who in ("dr1", "dr2", "dr3")] == [0, 0, 1]

    def test_a_role_that_says_more_moves_nobody(self, ehr: Client) -> None:
        put(ehr, role("dr1"))
        post(ehr, "", fhir.transaction(naming_a_role()["Patient"]))
        member = CareTeamMember.objects.get()
        put(ehr, role("dr1") | {"active": True})
        assert CareTeamMember.objects.get().pk == member.pk

    def test_a_visit_opens_the_record_to_who_was_there(self, ehr: Client) -> None:
        seen = visit("Practitioner/dr1")
        post(ehr, "", fhir.transaction([fhir.patient(), fhir.practitioner(), seen]))
        assert seen_by("dr1") == {"p1"}
        put(ehr, seen | {"status": "entered-in-error"})
        assert seen_by("dr1") == set()

    def test_the_senders_default_team_counts_while_nobody_is_named(self, ehr: Client) -> None:
        ClientProfile.objects.create(
            application=Application.objects.get(), default_care_team=["ward"]
        )
        put(ehr, fhir.patient())
        assert seen_by("ward") == {"p1"}
        put(ehr, care_team(("Practitioner/dr1", {})))
        assert (seen_by("ward"), seen_by("dr1")) == (set(), {"p1"})
        ehr.delete("/fhir/CareTeam/team")
        assert seen_by("ward") == {"p1"}

    def test_a_default_team_may_count_always(self, ehr: Client) -> None:
        ClientProfile.objects.create(
            application=Application.objects.get(),
            default_care_team=["ward"],
            default_team_always=True,
        )
        put(ehr, fhir.patient(practitioner="dr1"))
        assert (seen_by("ward"), seen_by("dr1")) == ({"p1"}, {"p1"})


class TestNobodyElse:
    def test_roles_that_see_no_patient(self, ehr: Client) -> None:
        put(ehr, fhir.patient(practitioner="dr1"))
        root = User.objects.create_superuser("root", password="x")
        steward = User.objects.create_user("steward", role="steward")
        suspended = clinician("dr1", username="suspended")
        suspended.is_active = False
        for user in (root, steward, suspended, AnonymousUser(), None):
            assert not visible_patients(user).exists()
            assert not can_read_patient(user, Patient.objects.get())

    def test_a_steward_with_a_practitioners_id_is_still_a_steward(self, ehr: Client) -> None:
        put(ehr, fhir.patient(practitioner="dr1"))
        user = User.objects.create_user("steward", role="steward", practitioner_id="dr1")
        assert not visible_patients(user).exists()

    def test_a_patient_sees_themself_alone(self, ehr: Client) -> None:
        put(ehr, fhir.patient("p1"))
        put(ehr, fhir.patient("p2"))
        user = patient_user(Patient.objects.get(fhir_id="p1"))
        assert [p.fhir_id for p in visible_patients(user)] == ["p1"]
        ehr.delete("/fhir/Patient/p1")
        assert not visible_patients(user).exists()

    def test_no_token_sees_no_resource(self, ehr: Client) -> None:
        put(ehr, fhir.patient(practitioner="dr1"))
        assert CareTeamMember.objects.exists()
        assert not visible_resources(None).exists()
        assert not visible_resources(object()).exists()
