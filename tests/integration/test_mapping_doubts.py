"""What is doubted before a mapping is put in force, by example; and what is not."""

import random
import re
from typing import Any

import pytest
from django.test import Client

from patients.models import Mapping
from patients.services.mapping import Wish
from patients.services.mapping_preview import Preview, preview_of
from patients.terminology.meanings import Key, MappingKind, unit_key
from patients.terminology.units import resembling
from tests.factories import fhir
from tests.factories.people import push, signed_in
from tests.integration.mapping_calls import CHOL, LAB, coded, sender, steward

pytestmark = pytest.mark.django_db
Json = dict[str, Any]
KALIUM = Key(MappingKind.OBSERVATION, "", LAB, "K")
GLUKOSE = Key(MappingKind.OBSERVATION, "", LAB, "GLU")
PEOPLE = range(30)
CHOLESTEROL, GLUCOSE, ACR = "2093-3", "15074-8", "9318-7"


def under(key: Key, observation: Json, display: str = "") -> Json:
    return observation | {"code": coded(key.code, display=display)}


def spread(low: float, high: float, seed: int) -> list[float]:
    chosen = random.Random(seed)
    return [round(chosen.uniform(low, high), 2) for _ in PEOPLE]


def people(ehr: Client, code: str, values: list[float], unit: str) -> None:
    """One usable value of a concept for each person."""
    for n, value in zip(PEOPLE, values, strict=True):
        known = fhir.quantity(f"known{n}", code, value, unit, subject=f"p{n}", date="2026-09-01")
        push(ehr, fhir.patient(f"p{n}"), known)


def arrive(ehr: Client, key: Key, values: list[float], unit: str, code: str, name: str) -> None:
    rows = [
        fhir.quantity(f"new{n}", code, value, unit, subject=f"p{n}")
        for n, value in zip(PEOPLE, values, strict=True)
    ]
    is_code = key.kind == MappingKind.OBSERVATION
    push(ehr, *(under(key, row, name) if is_code else row for row in rows))


def seen(key: Key, target: str, display: str) -> Preview:
    return preview_of(Wish(key, target, "because", display=display))


class TestValues:
    def test_potassium_onto_total_cholesterol(self, ehr_client: Client) -> None:
        people(ehr_client, CHOLESTEROL, spread(3.4, 7.6, 1), "mmol/L")
        arrive(ehr_client, KALIUM, spread(3.6, 4.9, 2), "mmol/L", "2823-3", "Kalium")
        found = seen(KALIUM, "total_cholesterol", "Kalium")
        doubts = " ".join(found.doubts)
        # every value is usual, and every fact could be used
        assert found.qualities == {"usable": 30}
        assert "unlike those of the record" in doubts
        assert "“Kalium”, which has no word in common with “Total cholesterol”" in doubts

    def test_a_right_mapping_of_glucose_is_not_doubted(self, ehr_client: Client) -> None:
        before = spread(4.2, 7.5, 3)
        people(ehr_client, GLUCOSE, before, "mmol/L")
        later = [value * 1.03 for value in before]
        arrive(ehr_client, GLUKOSE, later, "mmol/L", GLUCOSE, "Glucose nüchtern")
        found = seen(GLUKOSE, "glucose", "Glucose nüchtern")
        assert found.doubts == [] and found.consequences == []
        (values,) = found.values
        assert (values.count, values.known, values.people) == (30, 30, 30)
        assert values.ratio == pytest.approx(1.03, abs=0.01)

    def test_milligrams_of_cholesterol_onto_hba1c(self, ehr_client: Client) -> None:
        push(ehr_client, *(fhir.patient(f"p{n}") for n in PEOPLE))
        arrive(ehr_client, CHOL, spread(150, 250, 4), "mg/dL", CHOLESTEROL, "Cholesterin")
        doubts = " ".join(seen(CHOL, "hba1c", "Cholesterin").doubts)
        assert "Only 0 of 30 facts could be used" in doubts

    def test_a_ratio_of_albumin_in_another_unit(self, ehr_client: Client) -> None:
        per_gram = [10 * 1.12**n for n in PEOPLE]
        people(ehr_client, ACR, per_gram, "mg/g")
        per_mmol = [round(value / 8.84, 3) for value in per_gram]
        krea = unit_key("urine_acr", "mg/mmolKrea", sender())
        arrive(ehr_client, krea, per_mmol, "mg/mmolKrea", ACR, "")
        right = seen(krea, "mg/mmol", "mg/mmolKrea")
        assert right.doubts == []
        wrong = seen(krea, "mg/g", "mg/mmolKrea")
        assert {q for q in wrong.qualities} == {"usable"}
        doubts = " ".join(wrong.doubts)
        assert "unlike those of the record" in doubts
        assert "0.11 times what they were" in doubts
        assert "“mg/mmolKrea” begins like mg/mmol" in doubts
        by_unit = {c.unit: c for c in wrong.values[0].candidates}
        assert by_unit["mg/g"].is_chosen and not by_unit["mg/mmol"].is_chosen
        assert by_unit["mg/mmol"].middle == pytest.approx(8.84 * by_unit["mg/g"].middle)
        assert set(by_unit) >= {"mg/g", "mg/mmol", "g/g", "mg/mg"}


@pytest.mark.parametrize(
    ("concept", "spelling", "unit"),
    [
        ("urine_acr", "mg/mmolKrea", "mg/mmol"),
        ("urine_acr", "MG / G creat.", "mg/g"),
        ("urine_acr", "furlong", None),
        ("total_cholesterol", "mg/mmolKrea", None),
    ],
)
def test_what_a_spelling_begins_like(concept: str, spelling: str, unit: str | None) -> None:
    assert resembling(concept, spelling) == unit


class TestWhatNoValueShows:
    @pytest.fixture
    def desk(self, db: None) -> Client:
        return signed_in(steward())

    def given(self, kind: str, code: str, target: str, **more: str) -> dict[str, str]:
        return {"kind": kind, "system": LAB, "code": code, "target": target, "reason": "x"} | more

    def test_people_and_models_of_a_condition(self, ehr_client: Client, desk: Client) -> None:
        for n in range(3):
            dia = fhir.condition(f"c{n}", "1", subject=f"p{n}") | {"code": coded("DIA")}
            push(ehr_client, fhir.patient(f"p{n}"), dia)
        given = self.given("condition_code", "DIA", "dialysis")
        page = re.sub(r"\s+", " ", desk.post("/steward/mappings/new/", given).content.decode())
        assert "3 people would count as: Dialysis" in page
        assert "Models that do not apply then:" in page and "Kidney failure risk" in page
        refused = desk.post("/steward/mappings/new/", given | {"confirm": "yes"})
        assert refused.status_code == 400 and not Mapping.objects.exists()
        given |= {"confirm": "yes", "checked": "yes"}
        assert desk.post("/steward/mappings/new/", given).status_code == 302
        assert any("do not apply" in w for w in Mapping.objects.get().preview["consequences"])

    @pytest.mark.parametrize(
        ("kind", "target", "more", "words"),
        [
            ("medication_code", "rxnorm|83367", {}, "Models that count with it"),
            ("answer_code", "current", {"concept": "smoking_status"}, "Models that count with it"),
            ("condition_code", "diabetes_type_2", {}, "Models that count with it"),
        ],
    )
    def test_they_always_want_an_answer(
        self, desk: Client, kind: str, target: str, more: dict[str, str], words: str
    ) -> None:
        given = self.given(kind, "X1", target, **more)
        page = desk.post("/steward/mappings/new/", given).content.decode()
        assert "Nobody whose record has it is known yet" in page
        assert words in page and 'name="checked"' in page

    def test_units_side_by_side(self, ehr_client: Client, desk: Client) -> None:
        push(ehr_client, fhir.patient(), fhir.quantity("a", ACR, 3, "mg/mmolKrea"))
        given = {"kind": "unit", "concept": "urine_acr", "code": "mg/mmolKrea", "source": sender()}
        given |= {"target": "mg/g", "reason": "x"}
        page = desk.post("/steward/mappings/new/", given).content.decode()
        assert "under every unit of Urine albumin/creatinine ratio" in page
        assert "<code>mg/g</code> <strong>as you say</strong>" in page
        assert "26.5 to 26.5" in page and "begins like mg/mmol" in page
