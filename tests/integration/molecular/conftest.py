"""Two patients of two doctors, and what they do with molecular data."""

import re
from dataclasses import dataclass
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from patients.models import Patient
from tests.factories import fhir
from tests.factories import molecular as toy
from tests.factories.people import clinician, patient_user, push, signed_in
from twinportal.accounts.models import User
from twinportal.molecular.models import (
    DrugTargetTable,
    ExpressionSet,
    InteractionNetwork,
    RankingRun,
)

ABOUT = {"name": "Blood, ill against well", "system": "symbol", "sampled_on": "2026-10-01"}


@dataclass
class Ward:
    """Two patients of two doctors, one of them with an account."""

    mine: Patient
    other: Patient
    doctor_user: User
    doctor: Client
    colleague: Client
    patient: Client
    ehr: Client

    def path(self, more: str = "", of: Patient | None = None) -> str:
        return f"/twins/{(of or self.mine).public_id}/molecular/{more}"

    def upload(self, text: str = "", **more: Any) -> Any:
        file = SimpleUploadedFile("de.tsv", (text or toy.expression_text()).encode())
        return self.doctor.post(self.path("upload/"), {**ABOUT, "file": file, **more})

    def attached(self) -> ExpressionSet:
        assert self.upload().status_code == 302
        return ExpressionSet.objects.latest("pk")

    def ask(self, row: ExpressionSet, centralities: str = "", **more: Any) -> Any:
        network, drugs = InteractionNetwork.objects.get(), DrugTargetTable.objects.get()
        sent = {"network": network.public_id, "drugs": drugs.public_id, "draws": 200, "seed": 1}
        if centralities:
            more["centralities"] = SimpleUploadedFile("c.csv", centralities.encode())
        return self.doctor.post(self.path(f"data/{row.public_id}/run/"), {**sent, **more})

    def asked(self, row: ExpressionSet, centralities: str = "", **more: Any) -> RankingRun:
        assert self.ask(row, centralities, **more).status_code == 302
        return RankingRun.objects.latest("pk")


@pytest.fixture
def ward(ehr_client: Client) -> Ward:
    push(ehr_client, fhir.practitioner("dr1"), fhir.practitioner("dr2"))
    push(ehr_client, fhir.patient("p1", practitioner="dr1", family="Mine"))
    push(ehr_client, fhir.patient("p2", practitioner="dr2", family="Otherone"))
    mine, other = (Patient.objects.get(fhir_id=name) for name in ("p1", "p2"))
    doctor = clinician("dr1", "doctor")
    return Ward(
        mine,
        other,
        doctor,
        signed_in(doctor),
        signed_in(clinician("dr2", "colleague")),
        signed_in(patient_user(mine)),
        ehr_client,
    )


def text_of(answer: Any) -> str:
    assert answer.status_code == 200
    return " ".join(re.sub(r"<[^>]+>", " ", answer.content.decode()).split())
