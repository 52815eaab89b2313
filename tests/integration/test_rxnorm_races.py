"""A release of RxNorm comes while orders come in: no fact is left as it was read before."""

import json
import threading
from concurrent.futures import ThreadPoolExecutor
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connections, transaction
from django.test import Client
from django.utils import timezone

from patients.models import Fact, RxNormConcept, RxNormRelease
from patients.services import local_meanings
from patients.services.rebuild import rebuild_facts
from tests.factories import fhir, rxnorm
from tests.factories.people import push

pytestmark = pytest.mark.django_db(transaction=True)


def order(name: str, patient: str) -> dict[str, Any]:
    code = {"coding": [{"system": fhir.RXNORM, "code": rxnorm.TABLET}]}
    return {
        "resourceType": "MedicationRequest",
        "id": name,
        "status": "active",
        "intent": "order",
        "authoredOn": "2026-01-01",
        "subject": {"reference": f"Patient/{patient}"},
        "medicationCodeableConcept": code,
    }


def load(path: Path) -> None:
    call_command("import_rxnorm", str(path), release="one", stdout=StringIO(), stderr=StringIO())


def test_orders_that_come_during_an_import_are_read_by_it(
    ehr_client: Client, tmp_path: Path
) -> None:
    token = ehr_client.defaults["HTTP_AUTHORIZATION"]
    push(ehr_client, *(fhir.patient(f"p{n}") for n in range(3)))
    path = rxnorm.folder(tmp_path / "release")
    done = threading.Event()

    def ingest(n: int) -> int:
        client, sent = Client(headers={"Authorization": token}), 0
        while not done.is_set() or sent < 5:
            body = json.dumps(fhir.transaction([order(f"r{n}-{sent}", f"p{n}")]))
            answer = client.post("/fhir", body, content_type="application/fhir+json")
            assert answer.status_code == 200, answer.content
            sent += 1
        return sent

    def work(n: int) -> int:
        try:
            if n < 3:
                return ingest(n)
            load(path)
            return 0
        finally:
            if n == 3:
                done.set()
            connections.close_all()

    with ThreadPoolExecutor(4) as pool:
        sent = sum(pool.map(work, range(4)))

    found = Fact.objects.filter(kind="medication").values_list("concept", flat=True)
    assert list(found) == ["antihypertensive"] * sent
    assert rebuild_facts(now=timezone.now()) == set()


def test_an_import_that_is_kept_waiting_leaves_nothing(
    ehr_client: Client, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(local_meanings, "LONGEST_WAIT", "100ms")
    path = rxnorm.folder(tmp_path / "release")
    holds, may_end = threading.Event(), threading.Event()

    def project() -> None:
        try:
            with transaction.atomic():
                local_meanings.hold()
                holds.set()
                may_end.wait(30)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(project)
        assert holds.wait(30)
        with pytest.raises(CommandError, match="Nothing was loaded"):
            load(path)
        assert not RxNormRelease.objects.exists() and not RxNormConcept.objects.exists()
        may_end.set()
        waiting.result()
    load(path)
    assert RxNormRelease.objects.count() == 1
