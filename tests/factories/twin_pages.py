"""The twin page as a clinician reads it from its first part to its last."""

from django.test import Client

from patients.models import Patient

PARTS = ("", "predictions/", "trends/", "record/", "tools/")


def whole_twin(client: Client, patient: Patient) -> str:
    """The HTML of all parts, one after the other."""
    answers = [client.get(f"/twins/{patient.public_id}/{part}") for part in PARTS]
    assert {answer.status_code for answer in answers} == {200}
    return "".join(answer.content.decode() for answer in answers)
