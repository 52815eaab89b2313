"""Every page of a patient, rendered once at every level and in every language."""

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from typing import NamedTuple

from django.db import transaction
from django.test import Client, override_settings
from django.utils import timezone
from oauth2_provider.models import AccessToken, Application

from explain.wording.language import LANGUAGES
from explain.wording.phrases import LEVELS, Level
from tests.factories import fhir
from tests.factories.people import NOW, clinician, patient_user, push, signed_in
from tests.factories.similar import past_people
from tests.factories.treatment import DAY, order
from tests.factories.what_if import history, smoker
from twinportal import pipeline
from twinportal.my_record.models import CorrectionRequest
from twinportal.treatment.models import TreatmentProposal
from twinportal.visits.models import VisitQuestion

ASKED = {
    "stop_smoking": "1",
    "set_weight": "84",
    "statin": "atorvastatin_20",
    "blood_pressure": "bp_one_standard",
}
# three answers in the middle of their scales
ANSWERED = {"help": "3", "forms": "3", "problems": "3"}
WRONG = r'href="(/my/record/facts/\d+/wrong/)"'
PATHS = {
    "outlook": "/my/outlook/",
    "what-if": "/my/what-if/",
    "choices": "/my/choices/",
    "numbers": "/my/numbers/",
    "visit": "/my/visit/",
    "visit summary": "/my/visit/summary/",
    "reading": "/my/reading/",
    "record": "/my/record/",
    "access": "/my/record/access/",
    "own access": "/my/record/access/?who=me",
    "consents": "/my/record/consents/",
    "download": "/my/record/download/",
    "explanation": "/my/record/download/estimates.html",
    "about": "/my/about/",
    "lower": "/my/lower/",
    "people-like-me": "/my/people-like-me/",
}
# of these the address is only known when another page was read, or something was said before
NAMES = (
    *("home", "result", *PATHS, "what-if asked", "choice", "reading answered"),
    *("facts", "fact-wrong", "people-like-me offer", "hidden", "hidden home"),
)
OPTIONS = ("add:htn_amlodipine_5", "add:htn_chlorthalidone_12_5")
# pages of clinicians of the same record, read for causes only
CLINICIAN_PATHS = (
    "/worklist/",
    "/twins/{}/",
    "/twins/{}/trajectories/",
    "/twins/{}/what-if/",
    "/twins/{}/medicines/",
)


class Key(NamedTuple):
    """`name` of a page, its level and language."""

    name: str
    level: Level
    language: str


@contextmanager
def rolled_back() -> Iterator[None]:
    """A transaction that leaves nothing."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def patient_pages() -> Mapping[Key, str]:
    """The HTML of every page. The record: a smoker with treated high blood pressure,
    results, forecasts, a comparison that was shared, a question, a wish for a correction and choices
    about the data; and a hundred others to compare with."""
    with override_settings(RELEASE_POLICY="auto"):
        ehr = _ehr()
        mine = smoker(ehr)
        push(
            ehr,
            *history(),
            fhir.condition("p1-htn", "59621000", subject="p1"),
            fhir.quantity("p1-k", "2823-3", 4.2, "mmol/L", subject="p1", date=DAY),
            fhir.quantity("p1-na", "2951-2", 140, "mmol/L", subject="p1", date=DAY),
            fhir.quantity("p1-ca", "17861-6", 9.4, "mg/dL", subject="p1", date=DAY),
            order("p1-acei", "314076", "lisinopril 10 MG Oral Tablet"),
        )
        past_people(100, events=40, died=20, values={"smoking": 1.0})
        pipeline.refresh_twin(mine.pk, now=NOW)
        now = pipeline.treatment_ranking(mine.pk, "hypertension", now=timezone.now())
        kept = next(one.key for one in now.candidates if one.kind == "keep")
        doctor = signed_in(clinician())
        answer = doctor.post(
            f"/twins/{mine.public_id}/treatment/1/keep/",
            {"keep": (kept, *OPTIONS), "share": "on"},
        )
        assert answer.status_code == 302, "not shared"
        shared = TreatmentProposal.objects.get()
        user = patient_user(mine)
        patient = signed_in(user)
        _asked_and_chosen(patient)
        found = {
            Key(f"clinician {path}", "detailed", "en"): _html(
                doctor.get(path.format(mine.public_id))
            )
            for path in CLINICIAN_PATHS
        }
        return found | {
            Key(name, level, language): html
            for language in LANGUAGES
            for level in LEVELS
            for name, html in _rendered(patient, user.pk, level, language, shared)
        }


def _asked_and_chosen(patient: Client) -> None:
    """What somebody has said on these pages before."""
    patient.post("/my/visit/questions/", {"text": "Hola / hello?"})
    patient.post(_first(_html(patient.get("/my/record/facts/")), WRONG), {"reason": "wrong-date"})
    patient.post("/my/people-like-me/choice/", {"answer": "yes"})
    patient.get("/my/about/")
    assert VisitQuestion.objects.count() == CorrectionRequest.objects.count() == 1


def _rendered(
    patient: Client, user_pk: int, level: Level, language: str, shared: TreatmentProposal
) -> Iterator[tuple[str, str]]:
    patient.post("/my/level/", {"level": level})
    patient.post("/my/language/", {"language": language})
    home = _html(patient.get("/my/"))
    yield "home", home
    yield "result", _html(patient.get(_first(home, r'href="(/my/results/\d+/)"')))
    for name, path in PATHS.items():
        yield name, _html(patient.get(path))
    yield "what-if asked", _html(patient.post("/my/what-if/", ASKED))
    yield "choice", _html(patient.get(f"/my/choices/{shared.public_id}/"))
    yield "reading answered", _html(patient.post("/my/reading/", ANSWERED))
    facts = _html(patient.get("/my/record/facts/"))
    yield "facts", facts
    yield "fact-wrong", _html(patient.get(_first(facts, WRONG)))
    patient.post("/my/people-like-me/choice/", {"answer": "no"})
    yield "people-like-me offer", _html(patient.get("/my/people-like-me/"))
    patient.post("/my/people-like-me/choice/", {"answer": "yes"})
    chosen = {"purpose": "see-predictions"}
    patient.post("/my/record/consents/choose/", chosen | {"granted": "no"})
    yield "hidden", _html(patient.get("/my/lower/"))
    yield "hidden home", _html(patient.get("/my/"))
    patient.post("/my/record/consents/choose/", chosen | {"granted": "yes"})
    # what it answered is in this language and for this page
    patient.get("/my/about/")


def _first(page: str, pattern: str) -> str:
    return str(re.findall(pattern, page)[0])


def _html(answer: object) -> str:
    status, content = answer.status_code, answer.content  # type: ignore[attr-defined]
    assert status == 200, status
    return str(content.decode())


def _ehr() -> Client:
    application = Application.objects.create(
        name="North Clinic",
        client_type=Application.CLIENT_CONFIDENTIAL,
        authorization_grant_type=Application.GRANT_CLIENT_CREDENTIALS,
    )
    token = AccessToken.objects.create(
        application=application,
        token="token-of-the-pages",
        expires=timezone.now() + timedelta(hours=1),
        scope="system/*.rs system/*.cud",
    )
    return Client(headers={"Authorization": f"Bearer {token.token}"})
