"""From pushed resources to a ranking: read from the record, written nowhere."""

from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.db import InternalError, connection, transaction
from django.test import Client

from patients.models import Patient
from tests.factories import fhir
from tests.factories.people import NOW, push
from tests.factories.what_if import DAY, smoker
from tests.unit.models_engine.catalogue.treatment.builders import write_tables
from twinportal import pipeline

pytestmark = pytest.mark.django_db


def prescribed(fhir_id: str, rxnorm: str, mg: float) -> dict[str, Any]:
    """An active order of one tablet a day."""
    return {
        "resourceType": "MedicationRequest",
        "id": fhir_id,
        "status": "active",
        "intent": "order",
        "subject": {"reference": "Patient/p1"},
        "authoredOn": "2026-06-01T09:00:00Z",
        "medicationCodeableConcept": {"coding": [{"system": fhir.RXNORM, "code": rxnorm}]},
        "dosageInstruction": [
            {
                "timing": {"repeat": {"frequency": 1, "period": 1, "periodUnit": "d"}},
                "doseAndRate": [{"doseQuantity": {"value": mg, "unit": "mg", "system": fhir.UCUM,
                                                  "code": "mg"}}],
            }
        ],
    }  # fmt: skip


@pytest.fixture
def treated(ehr_client: Client) -> Patient:
    """Takes atorvastatin 20 mg; LDL cholesterol 3.6 mmol/L, weight 92 kg, a smoker."""
    mine = smoker(ehr_client)
    push(
        ehr_client,
        fhir.quantity("p1-alt", "1742-6", 20, "U/L", date=DAY),
        prescribed("p1-statin", fhir.ATORVASTATIN_INGREDIENT, 20),
    )
    return mine


def rows() -> dict[str, int]:
    return {model.__name__: model._default_manager.count() for model in apps.get_models()}


def test_a_ranking_reads_the_record_and_writes_nothing(treated: Patient) -> None:
    before = rows()
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SAVEPOINT one")
        cursor.execute("SET TRANSACTION READ ONLY")
        found = pipeline.treatment_indications(treated.pk, now=NOW)
        ranking = pipeline.treatment_ranking(treated.pk, "ldl_primary", now=NOW, with_models=True)
        with pytest.raises(InternalError, match="read-only"), transaction.atomic():
            Patient.objects.update(active=True)
        cursor.execute("ROLLBACK TO SAVEPOINT one")
    assert rows() == before
    assert "ldl_primary" in [one.indication for one in found]
    keys = {one.key: one for one in (*ranking.candidates, *ranking.excluded)}
    keep = keys["keep:atorvastatin_1"]
    assert keep.option is not None and keep.option.daily_mg == 20
    # 3.6 mmol/L under a statin that takes 42.3 %
    (ldl,) = [one for one in keep.brings_values if one.concept == "ldl_cholesterol"]
    assert ldl.before == pytest.approx(3.6 / (1 - 0.423)) and ldl.after == 3.6
    higher = next(
        one for key, one in keys.items() if key.startswith("change_dose:lp_atorvastatin_80")
    )
    assert higher.values[0].after < 3.6 and higher.comparisons
    mve = next(one for one in higher.benefits if one.outcome == "major_vascular_event")
    (told,) = [c for c in higher.comparisons if c.model.id == mve.model.partition(":")[0]]
    assert mve.before in [outcome.before for outcome in told.outcomes]
    # nothing of a statin is added to a statin
    assert not any(key.startswith("add:lp_rosuvastatin") for key in keys)


def test_without_the_indication_it_says_why(treated: Patient) -> None:
    ranking = pipeline.treatment_ranking(treated.pk, "hfref", now=NOW)
    assert ranking.barred == "No heart failure is recorded." and not ranking.candidates
    with pytest.raises(KeyError):
        pipeline.treatment_ranking(treated.pk, "gout", now=NOW)  # type: ignore[arg-type]


def test_the_tables_of_the_site_are_asked_too(
    treated: Patient, tmp_path: Path, settings: Any
) -> None:
    site = {"id": "site_house_rule", "applies_to": "class:statin", "when": "age>=18"}
    settings.KNOWLEDGE_DIR = write_tables(
        tmp_path, contraindications=[{**site, "severity": "X", "says": "Not in this house."}]
    )
    ranking = pipeline.treatment_ranking(treated.pk, "ldl_primary", now=NOW)
    statins = [one for one in ranking.excluded if one.option and one.option.main_class == "statin"]
    assert statins
    for one in statins:
        assert "site_house_rule" in {finding.row for finding in one.safety.findings}
    settings.KNOWLEDGE_DIR = None
    ranking = pipeline.treatment_ranking(treated.pk, "ldl_primary", now=NOW)
    assert any(one.option and one.option.main_class == "statin" for one in ranking.candidates)
