"""The steward's admin: people, clients and the audit log, and no patient's data."""

from typing import Any

import pytest
from django.contrib import admin
from django.test import Client
from django.urls import reverse

from patients import audit
from patients.models import AuditEvent
from tests.factories.people import signed_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def steward(django_user_model: Any) -> Client:
    return signed_in(django_user_model.objects.create_superuser("steward", password="x"))


def test_people_and_clients_can_be_made(steward: Client, django_user_model: Any) -> None:
    form = {
        "username": "doctor",
        "password1": "correct horse battery",
        "password2": "correct horse battery",
        "usable_password": "true",
        "role": "clinician",
        "practitioner_id": "dr1",
        "literacy_level": "plain",
    }
    assert steward.post(reverse("admin:accounts_user_add"), form).status_code == 302
    made = django_user_model.objects.get(username="doctor")
    assert (made.role, made.practitioner_id) == ("clinician", "dr1")
    for name in ("patients_clientprofile", "oauth2_provider_application"):
        assert steward.get(reverse(f"admin:{name}_add")).status_code == 200


def test_the_audit_log_can_be_read_and_not_changed(steward: Client) -> None:
    audit.record(actor_kind="system", actor="1", action="read", what="Patient")
    event = AuditEvent.objects.get()
    assert steward.get(reverse("admin:patients_auditevent_changelist")).status_code == 200
    change = reverse("admin:patients_auditevent_change", args=[event.pk])
    assert steward.get(change).status_code == 200
    assert steward.post(change, {"what": "x"}).status_code == 403
    delete = reverse("admin:patients_auditevent_delete", args=[event.pk])
    assert steward.post(delete, {"post": "yes"}).status_code == 403
    assert steward.get(reverse("admin:patients_auditevent_add")).status_code == 403


def test_no_table_with_patient_data_is_in_the_admin() -> None:
    shown = {model._meta.label for model in admin.site._registry}
    private = {"Patient", "Fact", "Resource", "ResourceVersion", "Prediction", "Attribution"}
    assert not {label for label in shown if label.split(".")[1] in private}
