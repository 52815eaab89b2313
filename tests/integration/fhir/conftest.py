import pytest
from django.test import Client


@pytest.fixture
def ehr(ehr_client: Client) -> Client:
    return ehr_client
