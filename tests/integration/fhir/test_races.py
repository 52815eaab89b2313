"""Many at once: no duplicates, no lost versions, no half-stored requests."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import connections
from django.test import Client

from patients.models import Patient, ResourceVersion
from tests.factories import fhir
from tests.integration.fhir.calls import post, put

pytestmark = pytest.mark.django_db
Json = dict[str, Any]


@pytest.mark.django_db(transaction=True)
class TestRaces:
    def in_threads(self, work: Callable[[int], int], n: int = 8) -> list[int]:
        def run(i: int) -> int:
            try:
                return work(i)
            finally:
                connections.close_all()

        with ThreadPoolExecutor(n) as pool:
            return list(pool.map(run, range(n)))

    def test_racing_conditional_creates_make_one(self, ehr: Client) -> None:
        token = ehr.defaults["HTTP_AUTHORIZATION"]

        def create(_: int) -> int:
            client = Client(headers={"Authorization": token})
            query = f"identifier={fhir.MRN}|MRN-p1"
            return post(client, "/Patient", fhir.patient(), **{"If-None-Exist": query}).status_code

        statuses = self.in_threads(create)
        assert sorted(statuses) == [200] * 7 + [201]
        assert Patient.objects.count() == 1

    def test_racing_updates_lose_no_version(self, ehr: Client) -> None:
        token = ehr.defaults["HTTP_AUTHORIZATION"]
        put(ehr, fhir.patient())

        def update(i: int) -> int:
            client = Client(headers={"Authorization": token})
            resources = [fhir.patient(family=f"F{i}"), fhir.practitioner("d")]
            return post(
                client, "", fhir.transaction(resources if i % 2 else resources[::-1])
            ).status_code

        assert set(self.in_threads(update)) == {200}
        versions = ResourceVersion.objects.filter(resource__fhir_id="p1").order_by("version")
        assert [v.version for v in versions] == list(range(1, len(versions) + 1))
        assert len(versions) == 9
