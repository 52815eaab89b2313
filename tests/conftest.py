"""Fixtures that every kind of test shares."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone
from oauth2_provider.models import AccessToken, Application


@pytest.fixture
def ehr_client(db: None) -> Client:
    """A client with the bearer token of an EHR that may read and write everything."""
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
