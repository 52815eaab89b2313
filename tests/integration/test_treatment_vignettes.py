"""Some vignettes through the FHIR door and the record: the same answer as without a database."""

import pytest
from django.test import Client
from django.urls import reverse

from models_engine.catalogue.treatment.ranking.results import Ranking
from patients.models import Patient
from tests.factories import fhir
from tests.factories.people import NOW, clinician, push, signed_in
from tests.spec.treatment.answers import answer_from, answer_of
from tests.spec.treatment.expectations import complaints
from tests.spec.treatment.resources import resources_of
from tests.spec.treatment.vignette import Vignette, vignettes
from twinportal import pipeline

pytestmark = pytest.mark.django_db
BY_ID = {one.id: one for one in vignettes()}
# a dose by the kidney, an allergy with its reaction, genes, what is taken with its dose, a pregnancy
THROUGH_THE_DOOR = (
    "af_apixaban_three_criteria",
    "htn_allergy_angioedema",
    "lp_slco1b1_poor",
    "lp_simvastatin_clarithromycin_75",
    "htn_pregnancy_on_lisinopril",
)


def pushed(ehr: Client, vignette: Vignette) -> Patient:
    patient, *about = resources_of(vignette.person, "p1", NOW)
    patient["generalPractitioner"] = [{"reference": "Practitioner/dr1"}]
    push(ehr, fhir.practitioner("dr1"), patient, *about)
    return Patient.objects.get(fhir_id="p1")


def said(ranking: Ranking | None) -> list[tuple[object, ...]]:
    assert ranking is not None
    return [
        (
            (one.key, one.tier, one.dose, round(one.score, 9)),
            *((f.level, f.table, f.row, f.message) for f in one.safety.findings),
        )
        for one in (*ranking.candidates, *ranking.excluded)
    ]


@pytest.mark.parametrize("name", THROUGH_THE_DOOR)
def test_a_pushed_person_gets_the_same_answer(ehr_client: Client, name: str) -> None:
    vignette = BY_ID[name]
    mine = pushed(ehr_client, vignette)
    stored = answer_from(vignette, *pipeline.treatment_start(mine.pk, now=NOW))
    assert complaints(vignette.expect, stored) == []
    pure = answer_of(vignette)
    assert said(stored.ranking) == said(pure.ranking)
    assert [f.message for f in stored.together] == [f.message for f in pure.together]


def test_in_pregnancy_the_page_tells_what_must_not_be_taken(ehr_client: Client) -> None:
    mine = pushed(ehr_client, BY_ID["htn_pregnancy_on_lisinopril"])
    url = reverse("treatment-ranking", args=[mine.public_id, 1])
    page = signed_in(clinician()).get(url)
    text = page.content.decode()
    assert "No ranking:" in text and "injure and can kill the fetus" in text
    assert "Options, best first" not in text
