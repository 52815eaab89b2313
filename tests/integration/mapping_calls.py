"""How the tests of mappings speak: a local laboratory, a steward, and the services."""

from datetime import timedelta
from typing import Any

from django.test import Client
from django.utils import timezone
from oauth2_provider.models import get_access_token_model, get_application_model

from patients.models import Fact, Mapping, Patient
from patients.services.mapping import Wish, in_force, make_mapping
from patients.services.mapping_replay import replay_mapping
from patients.terminology.meanings import Key, MappingKind
from tests.factories import fhir
from tests.factories.people import PASSWORD, push
from twinportal.accounts.models import User

Json = dict[str, Any]
LAB = "urn:hospital:lab"
CHOL = Key(MappingKind.OBSERVATION, "", LAB, "CHOL")


def sender() -> str:
    """Of the tests' client that sends."""
    return f"client {get_application_model().objects.earliest('pk').pk}"


def another_ehr() -> tuple[Client, str]:
    """A second client that sends, and its name as a sender."""
    application = get_application_model().objects.create(
        name="Another EHR",
        client_type="confidential",
        authorization_grant_type="client-credentials",
    )
    token = get_access_token_model().objects.create(
        application=application,
        token="test-token-of-another",
        expires=timezone.now() + timedelta(hours=1),
        scope="system/*.rs system/*.cud",
    )
    bearer = Client(headers={"Authorization": f"Bearer {token.token}"})
    return bearer, f"client {application.pk}"


def steward(username: str = "steward") -> User:
    return User.objects.create_user(username, password=PASSWORD, role="steward")


def coded(*codes: str, system: str = LAB, display: str = "") -> Json:
    shown = {"display": display} if display else {}
    return {"coding": [{"system": system, "code": code, **shown} for code in codes]}


def local(fhir_id: str, value: float = 213, unit: str = "mg/dL", **how: Any) -> Json:
    """A cholesterol under the laboratory's own code."""
    code = how.pop("code", "CHOL")
    return fhir.quantity(fhir_id, "2093-3", value, unit, **how) | {
        "code": coded(code, display=f"{code} of the lab")
    }


def record_without_cholesterol(subject: str = "p1", **how: Any) -> list[Json]:
    """All that PREVENT needs, the cholesterol under a local code."""
    whole = fhir.complete_record(subject, **how)
    kept = [resource for resource in whole if not resource["id"].endswith("-tc")]
    return [*kept, local(f"{subject}-tc", subject=subject)]


def say(key: Key, target: str, by: User | None = None, **how: Any) -> Mapping:
    """Make a mapping as one does who has looked."""
    current = in_force(key)
    wish = Wish(key, target, how.pop("reason", "the laboratory's list of 2026"), **how)
    wish = Wish(**{**_fields(wish), "replaces": current.pk if current else None})
    return make_mapping(wish, by=by or someone(), now=timezone.now())


def _fields(wish: Wish) -> dict[str, Any]:
    return {name: getattr(wish, name) for name in Wish.__dataclass_fields__}


def someone() -> User:
    return User.objects.filter(role="steward").first() or steward()


def replay_all() -> int:
    """As the workers would; how many twins changed."""
    waiting = list(Mapping.objects.filter(replayed_at=None).values_list("pk", flat=True))
    return sum(replay_mapping(pk, now=timezone.now()) for pk in waiting)


def facts(**wanted: Any) -> list[tuple[str, str, list[int]]]:
    rows = Fact.objects.filter(**wanted).order_by("resource_fhir_id", "concept")
    return [(f.concept, f.quality, f.mappings) for f in rows]


def arrives(ehr: Client, *resources: Json) -> Patient:
    push(ehr, *resources)
    return Patient.objects.get(fhir_id="p1")
