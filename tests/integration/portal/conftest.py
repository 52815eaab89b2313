"""A patient, their doctor and the EHR; made once for the tests of a module, each test undone."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest
from django.db import transaction
from django.test import Client, override_settings

from patients.models import Patient
from tests.conftest import ehr_system
from tests.factories.people import clinician, patient_user, signed_in, twin
from twinportal.accounts.models import User


@dataclass
class Portal:
    """`me` is signed in as the patient `mine`; `doctor` is of their care team."""

    mine: Patient
    user: User
    doctor_user: User
    ehr: Client
    me: Client = field(init=False)
    doctor: Client = field(init=False)

    def __post_init__(self) -> None:
        self.me, self.doctor = signed_in(self.user), signed_in(self.doctor_user)

    def page(self, path: str) -> str:
        answer = self.me.get(path)
        assert answer.status_code == 200, path
        return str(answer.content.decode())

    def again(self) -> "Portal":
        """As it was made: nothing of another test is in the objects or in the browsers."""
        return Portal(
            Patient.objects.get(pk=self.mine.pk),
            User.objects.get(pk=self.user.pk),
            User.objects.get(pk=self.doctor_user.pk),
            self.ehr,
        )


@contextmanager
def _made(blocker: Any, policy: str) -> Iterator[Portal]:
    with blocker.unblock(), transaction.atomic():
        with override_settings(RELEASE_POLICY=policy):
            ehr = ehr_system()
            mine = twin(ehr, "p1", family="Mine")
        yield Portal(mine, patient_user(mine), clinician(), ehr)
        transaction.set_rollback(True)


@pytest.fixture(scope="module")
def released(django_db_setup: None, django_db_blocker: Any) -> Iterator[Portal]:
    with _made(django_db_blocker, "auto") as made:
        yield made


@pytest.fixture(scope="module")
def waiting(django_db_setup: None, django_db_blocker: Any) -> Iterator[Portal]:
    with _made(django_db_blocker, "review") as made:
        yield made


@pytest.fixture
def portal(released: Portal, db: None, settings: Any) -> Portal:
    """Every number is released."""
    settings.RELEASE_POLICY = "auto"
    return released.again()


@pytest.fixture
def unreviewed(waiting: Portal, db: None, settings: Any) -> Portal:
    """Every number waits."""
    settings.RELEASE_POLICY = "review"
    return waiting.again()
