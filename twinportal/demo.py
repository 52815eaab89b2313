"""What `make demo` puts into an empty installation: people, a client, a synthetic cohort."""

import json
import secrets
from datetime import timedelta
from pathlib import Path
from typing import Any

from django.db import transaction
from django.utils import timezone
from oauth2_provider.models import AccessToken, Application

from patients.models import CareTeamMember, ClientProfile, Patient, StaleTwin
from twinportal.accounts.models import User

SEED = 20261120
CLIENT_NAME = "Demo EHR"
TOKEN_LIFE = timedelta(days=365)
Record = dict[str, Any]


@transaction.atomic
def client_token() -> str:
    """The demo EHR's bearer token; the same for as long as it is valid."""
    application, _ = Application.objects.get_or_create(
        name=CLIENT_NAME,
        defaults={
            "client_type": Application.CLIENT_CONFIDENTIAL,
            "authorization_grant_type": Application.GRANT_CLIENT_CREDENTIALS,
        },
    )
    practitioner = demo_practitioner_id()
    ClientProfile.objects.update_or_create(
        application=application,
        # whatever is pushed into the demo can be looked at, also with practitioners of its own
        defaults={
            "default_care_team": [practitioner] if practitioner else [],
            "default_team_always": True,
            "match_directory": True,
        },
    )
    token = AccessToken.objects.filter(
        application=application, expires__gt=timezone.now() + timedelta(days=1)
    ).first()
    if token is None:
        token = AccessToken.objects.create(
            application=application,
            token=secrets.token_urlsafe(32),
            expires=timezone.now() + TOKEN_LIFE,
            scope="system/*.rs system/*.cud",
        )
    return str(token.token)


def demo_practitioner_id() -> str:
    """The practitioner with the largest care team."""
    ids: dict[str, int] = {}
    for practitioner in CareTeamMember.objects.values_list("practitioner_id", flat=True):
        ids[practitioner] = ids.get(practitioner, 0) + 1
    return max(ids, key=lambda key: (ids[key], key)) if ids else ""


def create_people(known: list[Record]) -> list[Record]:
    """One clinician and two patients; passwords of an earlier start are kept."""
    passwords = {entry["username"]: entry["password"] for entry in known}
    practitioner = demo_practitioner_id()
    in_team = Patient.objects.filter(
        care_team__practitioner_id=practitioner, active=True, deceased=False
    )
    patients = list(in_team.order_by("fhir_id").distinct()[:2])
    wanted: list[tuple[str, str, Patient | None]] = [("clinician", "clinician", None)]
    wanted += [("patient", f"patient{n}", patient) for n, patient in enumerate(patients, 1)]
    return [
        _create_user(role, username, patient, practitioner, passwords.get(username))
        for role, username, patient in wanted
    ]


def _create_user(
    role: str, username: str, patient: Patient | None, practitioner: str, password: str | None
) -> Record:
    password = password or secrets.token_urlsafe(9)
    user, _ = User.objects.get_or_create(
        username=username,
        defaults={
            "role": role,
            "practitioner_id": practitioner if role == "clinician" else "",
            "patient": patient,
        },
    )
    if not user.check_password(password):
        user.set_password(password)
        user.save(update_fields=["password"])
    return {
        "role": role,
        "username": username,
        "password": password,
        "patient": patient.fhir_id if patient else None,
    }


def waiting_twins() -> int:
    """How many twins have no up-to-date predictions yet."""
    return StaleTwin.objects.count()


def write_summary(path: Path, *, base_url: str, users: list[Record], token: str) -> Record:
    """`demo.json`: what a script needs to use the running demo. Readable by its owner only."""
    summary = {
        "base_url": base_url,
        "fhir_base_url": f"{base_url}/fhir",
        "users": users,
        "ehr_token": token,
        "patients": list(
            Patient.objects.filter(active=True)
            .order_by("fhir_id")
            .values_list("fhir_id", flat=True)
        ),
    }
    path.touch(mode=0o600, exist_ok=True)
    path.write_text(json.dumps(summary, indent=2) + "\n")
    return summary


def read_users(path: Path) -> list[Record]:
    """The users of an earlier start, for their passwords; none when there was no such start."""
    try:
        users = json.loads(path.read_text())["users"]
    except (FileNotFoundError, KeyError, json.JSONDecodeError):
        return []
    return list(users)
