"""A patient's newest choice counts; without one the default does."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from patients.access.consent import DEFAULTS, Purpose, permits, permitting
from patients.models import ConsentChoice, Patient
from tests.factories.people import twin

pytestmark = pytest.mark.django_db


@pytest.fixture
def one(ehr_client: Client) -> Patient:
    return twin(ehr_client, "p1")


@pytest.mark.parametrize("purpose", list(Purpose))
def test_without_a_choice_the_default_counts(one: Patient, purpose: Purpose) -> None:
    assert permits(one, purpose) is DEFAULTS[purpose]
    assert permitting(purpose).filter(pk=one.pk).exists() is DEFAULTS[purpose]


@pytest.mark.parametrize("purpose", list(Purpose))
@pytest.mark.parametrize("last", [True, False])
def test_the_newest_choice_counts(one: Patient, purpose: Purpose, last: bool) -> None:
    # given somebody who changed their mind
    now = timezone.now()
    for day, granted in ((2, not last), (1, last)):
        ConsentChoice.objects.create(
            patient=one, purpose=purpose, granted=granted, at=now - timedelta(days=day), by="1"
        )
    # then the last word counts, for one patient and for all
    assert permits(one, purpose) is last
    assert permitting(purpose).filter(pk=one.pk).exists() is last


def test_a_choice_of_another_patient_or_purpose_says_nothing(
    one: Patient, ehr_client: Client
) -> None:
    now = timezone.now()
    other = twin(ehr_client, "p2")
    ConsentChoice.objects.create(
        patient=other, purpose=Purpose.SEE_SIMILAR, granted=True, at=now, by="1"
    )
    assert not permits(one, Purpose.SEE_SIMILAR)
    assert list(permitting(Purpose.SEE_SIMILAR)) == [other]
