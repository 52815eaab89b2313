"""What `make demo` puts into an empty installation: people, a client, a synthetic cohort."""

import hashlib
import json
import secrets
import time
import urllib.parse
import urllib.request
import uuid
from datetime import timedelta
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from jwcrypto.jwk import JWK
from jwcrypto.jwt import JWT
from oauth2_provider.models import AccessToken, Application

from models_engine.models import MonitoringReference
from patients.models import CareTeamMember, ClientProfile, Patient, StaleTwin
from patients.sign_on import clients
from patients.sign_on.assertions import ASSERTION_TYPE
from patients.sign_on.token_address import token_address
from twinportal import monitoring
from twinportal.accounts.models import User

SEED = 20261120
CLIENT_NAME = "Demo EHR"
SCOPE = "system/*.cruds"
# an EHR's token ends after five minutes; that of the demo is to be copied and pasted for as long
# as the demo is there
TOKEN_LIFE = timedelta(days=365)
PATIENCE_SECONDS = 30
Record = dict[str, Any]


def ehr_key(path: Path) -> JWK:
    """The demo EHR's key pair, made at the first start. Readable by its owner only."""
    try:
        return JWK.from_json(path.read_text())
    except FileNotFoundError:
        key = JWK.generate(kty="EC", crv="P-384", kid="demo-ehr", use="sig", alg="ES384")
    path.touch(mode=0o600)
    path.write_text(key.export_private() + "\n")
    return key


@transaction.atomic
def register_ehr(key: JWK) -> ClientProfile:
    """The demo EHR as a client that signs with this key; the same one at every start."""
    practitioner = demo_practitioner_id()
    wanted: Record = {
        "jwks": {"keys": [key.export_public(as_dict=True)]},
        "allowed_scopes": SCOPE,
        "token_seconds": min(int(TOKEN_LIFE.total_seconds()), settings.MOST_TOKEN_SECONDS),
        # whatever is pushed into the demo can be looked at, also with practitioners of its own
        "default_care_team": [practitioner] if practitioner else [],
        "default_team_always": True,
        "match_directory": True,
    }
    application = Application.objects.filter(name=CLIENT_NAME).first()
    if application is None:
        return clients.register(CLIENT_NAME, **wanted)
    profile, _ = ClientProfile.objects.update_or_create(application=application, defaults=wanted)
    return profile


def is_good(token: str) -> bool:
    """Whether the token of an earlier start is valid for another day."""
    return AccessToken.objects.filter(
        token_checksum=hashlib.sha256(token.encode()).hexdigest(),
        application__name=CLIENT_NAME,
        expires__gt=timezone.now() + timedelta(days=1),
    ).exists()


def ask_for_token(token_url: str, client_id: str, key: JWK) -> str:
    """What any EHR does: sign an assertion, send it to the token endpoint, take the token."""
    claims = {"iss": client_id, "sub": client_id, "aud": token_url, "jti": str(uuid.uuid4())}
    assertion = JWT(
        header={"alg": "ES384", "typ": "JWT", "kid": key["kid"]},
        claims=claims | {"exp": int(time.time()) + 240},
    )
    assertion.make_signed_token(key)
    form = {
        "grant_type": "client_credentials",
        "scope": SCOPE,
        "client_assertion_type": ASSERTION_TYPE,
        "client_assertion": assertion.serialize(),
    }
    request = urllib.request.Request(token_url, urllib.parse.urlencode(form).encode())  # noqa: S310
    with urllib.request.urlopen(request, timeout=PATIENCE_SECONDS) as answer:  # noqa: S310 our own
        return str(json.load(answer)["access_token"])


def ehr_sign_on(base_url: str, key_path: Path, known: Record) -> Record:
    """What `demo.json` says of the EHR: its token (that of an earlier start if it is good still),
    and what it takes to get another.
    """
    key = ehr_key(key_path)
    client_id = register_ehr(key).application.client_id
    token_url = token_address(base_url)
    token = known.get("ehr_token", "")
    if not is_good(token):
        token = ask_for_token(token_url, client_id, key)
    return {
        "ehr_token": token,
        "ehr_client": {
            "client_id": client_id,
            "token_url": token_url,
            "scope": SCOPE,
            "key": str(key_path),
        },
    }


def demo_practitioner_id() -> str:
    """The practitioner with the largest care team."""
    ids: dict[str, int] = {}
    for practitioner in CareTeamMember.objects.values_list("practitioner_id", flat=True):
        ids[practitioner] = ids.get(practitioner, 0) + 1
    return max(ids, key=lambda key: (ids[key], key)) if ids else ""


def create_people(known: list[Record]) -> list[Record]:
    """One clinician, two patients and a data steward; passwords of an earlier start are kept."""
    passwords = {entry["username"]: entry["password"] for entry in known}
    practitioner = demo_practitioner_id()
    in_team = Patient.objects.filter(
        care_team__practitioner_id=practitioner, active=True, deceased=False
    )
    patients = list(in_team.order_by("fhir_id").distinct()[:2])
    wanted: list[tuple[str, str, Patient | None]] = [("clinician", "clinician", None)]
    wanted += [("patient", f"patient{n}", patient) for n, patient in enumerate(patients, 1)]
    wanted.append(("steward", "steward", None))
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


def monitor_models() -> None:
    """A reference at the first start, a snapshot at each, so that the pages have what to show."""
    now = timezone.now()
    if MonitoringReference.objects.exists():
        monitoring.take(now=now)
    else:
        monitoring.freeze(actor_kind="system", actor="demo", now=now)


def write_summary(path: Path, *, base_url: str, users: list[Record], ehr: Record) -> Record:
    """`demo.json`: what a script needs to use the running demo. Readable by its owner only."""
    summary = {
        "base_url": base_url,
        "fhir_base_url": f"{base_url}/fhir",
        "users": users,
        **ehr,
        "patients": list(
            Patient.objects.filter(active=True)
            .order_by("fhir_id")
            .values_list("fhir_id", flat=True)
        ),
    }
    path.touch(mode=0o600, exist_ok=True)
    path.write_text(json.dumps(summary, indent=2) + "\n")
    return summary


def read_summary(path: Path) -> Record:
    """That of an earlier start, for its passwords and token; empty when there was none."""
    try:
        return dict(json.loads(path.read_text()))
    except (FileNotFoundError, json.JSONDecodeError):
        return {}
