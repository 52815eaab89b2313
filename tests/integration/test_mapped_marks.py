"""Beside every value that a data steward's mapping has read, a clinician sees that it was."""

import re
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from models_engine.models import Prediction
from patients.models import Patient
from patients.terminology.meanings import Key, MappingKind, unit_key
from tests.factories import fhir
from tests.factories.people import NOW, clinician, push, signed_in
from tests.factories.twin_pages import whole_twin
from tests.integration.mapping_calls import (
    CHOL,
    LAB,
    coded,
    record_without_cholesterol,
    replay_all,
    say,
    sender,
)
from twinportal import pipeline

pytestmark = pytest.mark.django_db
DIALYSIS = Key(MappingKind.CONDITION, "", LAB, "DIA")


@pytest.fixture
def patient(ehr_client: Client) -> Patient:
    push(ehr_client, fhir.practitioner("dr1"), *record_without_cholesterol(practitioner="dr1"))
    return Patient.objects.get()


@pytest.fixture
def doctor(db: None) -> Client:
    return signed_in(clinician("dr1"))


def html(answer: Any) -> str:
    assert answer.status_code == 200
    return re.sub(r"\s+", " ", answer.content.decode())


def refreshed(patient: Patient) -> str:
    replay_all()
    pipeline.refresh_twin(patient.pk, now=NOW)
    return f"/twins/{patient.public_id}/"


def whole(doctor: Client, patient: Patient) -> str:
    return re.sub(r"\s+", " ", whole_twin(doctor, patient))


def mark(number: int) -> str:
    return f'href="#mapping-{number}">read by mapping {number}</a>'


def section(page: str, heading: str) -> str:
    return page.split(heading, 1)[1].split("</section>", 1)[0]


class TestMeasurements:
    def test_newest_value_trend_and_prediction(self, patient: Patient, doctor: Client) -> None:
        number = say(CHOL, "total_cholesterol", reason="their list").pk
        base = refreshed(patient)
        twin = whole(doctor, patient)
        trend = section(twin, "trends/total_cholesterol/")
        assert mark(number) in trend and "1 of 1 read by a data steward" in trend
        assert "read by mapping" not in section(twin, "trends/systolic_bp/")
        assert re.search(rf'<li id="mapping-{number}">Mapping {number}: code .* their list', twin)
        assert mark(number) in twin.split("Some of its inputs:")[1].split("</dd>")[0]
        page = html(doctor.get(f"{base}trends/total_cholesterol/"))
        summary, table = page.split("<table>")
        assert mark(number) in summary and mark(number) in table
        assert f'<li id="mapping-{number}">' in page
        assert "read by mapping" not in html(doctor.get(f"{base}trends/systolic_bp/"))

    def test_a_calculated_body_mass_index_says_from_what(
        self, ehr_client: Client, patient: Patient, doctor: Client
    ) -> None:
        push(
            ehr_client,
            fhir.quantity("h", "8302-2", 170, "cm", date="2026-10-01"),
            fhir.quantity("w", "29463-7", 421, "PFUND", date="2026-10-02"),
        )
        number = say(unit_key("weight", "PFUND", sender()), "[lb_av]").pk
        base = refreshed(patient)
        for path in (f"{base}trends/", f"{base}trends/bmi/"):
            page = html(doctor.get(path))
            said = page[page.index("Calculated: 66.1 kg/m²") :][:600]
            assert "191 kg of 2 Oct 2026" in said and "170 cm of 1 Oct 2026" in said
            assert "models use it" in said and mark(number) in said
        row = Prediction.objects.get(
            patient=patient, model_id="prevent_base_10y", outcome="cvd", status="current"
        )
        (refusal,) = [r for r in row.refusals if r["concept"] == "bmi"]
        assert refusal["mappings"] == [number]
        assert "191 kg of 2 Oct 2026 and" in refusal["message"]
        page = html(doctor.get(f"{base}predictions/{row.pk}/"))
        assert mark(number) in page and f'<li id="mapping-{number}">' in page


class TestConditions:
    @pytest.fixture
    def number(self, ehr_client: Client, patient: Patient) -> int:
        push(ehr_client, fhir.condition("dia", "1") | {"code": coded("DIA", display="Dialyse")})
        return say(DIALYSIS, "dialysis").pk

    def test_timeline_and_refusals(self, number: int, patient: Patient, doctor: Client) -> None:
        base = refreshed(patient)
        twin = whole(doctor, patient)
        assert mark(number) in section(twin, "<h2>Timeline</h2>")
        refused = re.findall(r"<li data-refusal=\"not_applicable.dialysis\">.*?</li>", twin)
        assert refused and all(mark(number) in one for one in refused)
        assert mark(number) in twin.split("Derived values")[1].split("</ul>")[0]
        row = Prediction.objects.get(
            patient=patient, model_id="ckd_epi_2021", outcome="egfr", status="current"
        )
        page = html(doctor.get(f"{base}predictions/{row.pk}/"))
        assert "dialysis is recorded" in page and mark(number) in page
        assert f'<li id="mapping-{number}">Mapping {number}: code DIA read as' in page

    def test_scores_for_clinicians(
        self, ehr_client: Client, patient: Patient, doctor: Client
    ) -> None:
        push(ehr_client, fhir.condition("af", "1") | {"code": coded("AF", display="Vorhof")})
        number = say(Key(MappingKind.CONDITION, "", LAB, "AF"), "atrial_fibrillation").pk
        base = refreshed(patient)
        scores = html(doctor.get(f"{base}predictions/")).split("Scores and natural history")[1]
        row = Prediction.objects.get(
            patient=patient, model_id="cha2ds2_vasc", outcome="cha2ds2_vasc", status="current"
        )
        assert mark(number) in scores.split(f"predictions/{row.pk}/")[0].split("<li>")[-1]
        answer = doctor.post(f"{base}release/", {"prediction": row.pk, "action": "release"})
        assert answer.status_code == 404, "the patient never sees a score"
        row.refresh_from_db()
        assert row.released_at is None

    def test_not_where_another_record_says_it_too(
        self, number: int, ehr_client: Client, patient: Patient, doctor: Client
    ) -> None:
        push(ehr_client, fhir.condition("dia2", "265764009"))
        refreshed(patient)
        twin = whole(doctor, patient)
        refused = re.findall(r"<li data-refusal=\"not_applicable.dialysis\">.*?</li>", twin)
        assert refused and not any("read by mapping" in one for one in refused)


def test_any_number_of_marks_takes_one_query(
    ehr_client: Client, patient: Patient, doctor: Client
) -> None:
    say(CHOL, "total_cholesterol")
    base = refreshed(patient)
    with CaptureQueriesContext(connection) as few:
        doctor.get(f"{base}predictions/")
    for code, target in (("A", "hypertension"), ("B", "stroke"), ("C", "diabetes_type_2")):
        push(ehr_client, fhir.condition(code, "1") | {"code": coded(code)})
        say(Key(MappingKind.CONDITION, "", LAB, code), target)
    refreshed(patient)
    with CaptureQueriesContext(connection) as many:
        page = html(doctor.get(f"{base}predictions/"))
    assert page.count('<li id="mapping-') > 1
    told = re.findall(r'<li id="mapping-(\d+)', whole(doctor, patient))
    assert len(set(told)) == 4
    assert len(many) <= len(few)


class TestUnread:
    def test_what_is_not_read_is_counted_and_listed(
        self, ehr_client: Client, patient: Patient, doctor: Client
    ) -> None:
        odd = fhir.quantity("odd", "1", 1, "g") | {"code": {"text": "Wordless <b>"}}
        push(ehr_client, odd)
        twin = html(doctor.get(f"/twins/{patient.public_id}/record/"))
        part = section(twin, "<h2>Kept, not used</h2>")
        # the cholesterol of the laboratory's own code is the other one
        assert "2 more resources of this patient have codes that are not read here" in part
        assert "Wordless &lt;b&gt;" in part and "CHOL of the lab" in part
        assert "resources/Observation/odd/1/" in part

    def test_nothing_is_said_where_everything_is_read(
        self, patient: Patient, doctor: Client
    ) -> None:
        say(CHOL, "total_cholesterol")
        assert "not read here" not in html(doctor.get(f"{refreshed(patient)}record/"))
