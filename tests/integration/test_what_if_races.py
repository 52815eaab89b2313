"""Scenarios of one twin, saved and withdrawn by several at the same moment."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import uuid4

import pytest
from django.db import connections
from django.test import Client

from patients.models import AuditEvent, Patient, Resource
from tests.factories.people import NOW, clinician, signed_in
from tests.factories.what_if import smoker
from twinportal.accounts.models import User
from twinportal.what_if.models import Scenario
from twinportal.what_if.services import MOST_OF_ONE_OWNER

pytestmark = pytest.mark.django_db(transaction=True)
PAGE = {"start_weight": "92.0", "set_weight": "84", "name": "Eight kilos"}


def at_once(works: list[Callable[[], Any]]) -> list[Any]:
    start = threading.Barrier(len(works))

    def run(work: Callable[[], Any]) -> Any:
        try:
            start.wait()
            return work()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(len(works)) as pool:
        return list(pool.map(run, works))


@pytest.fixture
def mine(ehr_client: Client) -> Patient:
    return smoker(ehr_client)


@pytest.fixture
def owner(mine: Patient) -> User:
    return clinician("dr1")


def test_one_page_sent_at_once_is_one_and_the_end_is_the_end(mine: Patient, owner: User) -> None:
    path = f"/twins/{mine.public_id}/what-if/save/"
    doctors = [signed_in(owner) for _ in range(4)]
    token = str(uuid4())
    answers = at_once([lambda d=d: d.post(path, {**PAGE, "token": token}) for d in doctors])
    assert [a.status_code for a in answers] == [302] * 4
    kept = Scenario.objects.get()
    assert Resource.objects.filter(type="CarePlan").count() == 1
    # all but one of the places taken: of four at once one is kept
    Scenario.objects.bulk_create(
        Scenario(
            patient=mine,
            owner=owner,
            name=f"n{n}",
            interventions=kept.interventions,
            result={},
            created_at=NOW,
        )
        for n in range(MOST_OF_ONE_OWNER - 2)
    )
    answers = at_once([lambda d=d: d.post(path, {**PAGE, "token": str(uuid4())}) for d in doctors])
    assert sorted(a.status_code for a in answers) == [200, 200, 200, 302]
    assert Scenario.objects.count() == MOST_OF_ONE_OWNER


def test_of_those_who_withdraw_at_once_one_did(mine: Patient, owner: User) -> None:
    base = f"/twins/{mine.public_id}/what-if/"
    signed_in(owner).post(f"{base}save/", PAGE)
    kept = Scenario.objects.get()
    clients = [signed_in(clinician("dr1", f"doctor{n}")) for n in range(4)]
    path = f"{base}{kept.public_id}/delete/"
    at_once([lambda c=c: c.post(path) for c in clients])
    assert AuditEvent.objects.filter(what="scenario", action="delete").count() == 1
    assert set(
        Resource.objects.filter(type__in=["Goal", "CarePlan"]).values_list("version", flat=True)
    ) == {2}
    assert Resource.objects.filter(type="Provenance", tokens__contains=[WHAT_IF]).count() == 2


WHAT_IF = "_tag\x1furn:twinportal:prediction|what-if"
