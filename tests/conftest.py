"""Fixtures that every kind of test shares."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone
from hypothesis import settings as hypothesis_settings
from oauth2_provider.models import AccessToken, Application

# a slow machine is no fault of the code: speed lives in benchmarks/
hypothesis_settings.register_profile("untimed", deadline=None)
hypothesis_settings.load_profile("untimed")


@pytest.fixture
def ehr_client(db: None) -> Client:
    """A client with the bearer token of an EHR that may read and write everything."""
    return ehr_system()


def ehr_system() -> Client:
    """The same for a fixture that several tests share."""
    application = Application.objects.create(
        name="Test EHR",
        client_type=Application.CLIENT_CONFIDENTIAL,
        authorization_grant_type=Application.GRANT_CLIENT_CREDENTIALS,
    )
    token = AccessToken.objects.create(
        application=application,
        token="test-token-of-an-ehr",
        expires=timezone.now() + timedelta(hours=1),
        scope="system/*.rs system/*.cud",
    )
    return Client(headers={"Authorization": f"Bearer {token.token}"})
