"""Pages of forecasts: who may read them, what they say, and that patients see what was released."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from models_engine.catalogue.trajectory.specs import specs
from models_engine.models import Forecast, ForecastCheck
from patients.models import AuditEvent, Patient
from tests.factories import fhir
from tests.factories.people import clinician, patient_user, push, signed_in
from twinportal import pipeline

pytestmark = pytest.mark.django_db
DAYS = (1500, 1300, 1000, 700, 400, 200, 40)


def ago(days: float) -> str:
    return f"{timezone.now() - timedelta(days=days):%Y-%m-%dT%H:%M:%SZ}"


def pressures(who: str, *days: int) -> list[dict[str, Any]]:
    return [
        fhir.blood_pressure(f"{who}-bp{d}", 130 + d % 7, 80, subject=who, date=ago(d)) for d in days
    ]


def sugars(who: str, *days: int) -> list[dict[str, Any]]:
    return [
        fhir.quantity(f"{who}-a{d}", "4548-4", 7 + d % 5 / 10, "%", subject=who, date=ago(d))
        for d in days
    ]


def refresh(patient: Patient, days_ago: float = 0.0) -> None:
    pipeline.refresh_twin(patient.pk, now=timezone.now() - timedelta(days=days_ago))


@dataclass
class Ward:
    mine: Patient
    other: Patient
    doctor: Client
    patient: Client
    ehr: Client

    @property
    def base(self) -> str:
        return f"/twins/{self.mine.public_id}/trajectories/"

    def page(self, path: str = "") -> str:
        answer = self.doctor.get(self.base + path)
        assert answer.status_code == 200
        return re.sub(r"\s+", " ", answer.content.decode())


@pytest.fixture
def ward(ehr_client: Client, settings: Any) -> Ward:
    """Measured until 40 days ago and refreshed 30 days ago; then one more of each."""
    settings.RELEASE_POLICY = "auto"
    push(ehr_client, fhir.practitioner("dr1"), fhir.practitioner("dr2"))
    people = []
    for who, doctor in (("p1", "dr1"), ("p2", "dr2")):
        rows = [*pressures(who, *DAYS), *sugars(who, *DAYS)]
        push(ehr_client, fhir.patient(who, practitioner=doctor), *rows)
        people.append(Patient.objects.get(fhir_id=who))
        refresh(people[-1], 30)
    mine, other = people
    late = fhir.blood_pressure("p1-late", 182, 90, date=ago(2))
    metformin = {
        "resourceType": "MedicationRequest",
        "id": "m1",
        "status": "active",
        "intent": "order",
        "medicationCodeableConcept": {"coding": [{"system": fhir.RXNORM, "code": "6809"}]},
        "subject": {"reference": "Patient/p1"},
        "authoredOn": ago(500)[:10],
    }
    diabetes = fhir.condition("c1", "44054006", onset=ago(600)[:10])
    push(ehr_client, late, metformin, diabetes)
    refresh(mine)
    ward = Ward(mine, other, signed_in(clinician("dr1")), signed_in(patient_user(mine)), ehr_client)
    # so far off that a clinician has to look first
    assert Forecast.objects.filter(patient=mine, status="current", released_at=None).count() == 3
    ward.doctor.post(f"{ward.base}systolic_bp/release/", {"action": "release"})
    return ward


def test_the_fan_its_table_and_what_was_expected(ward: Ward) -> None:
    page = ward.page()
    assert (
        page.index("Systolic blood pressure")
        < page.index("HbA1c")
        < page.index("Other measurements")
    )
    assert page.index("Other measurements") < page.index("Diastolic")
    check = ForecastCheck.objects.get(concept="systolic_bp", forecast__replayed=False)
    said = f"we expected {check.low90:.3g} to {check.high90:.3g}, it was <strong>182 mmHg</strong>"
    assert said in page and "above the band" in page
    one = ward.page("systolic_bp/")
    assert "before, replayed</td>" in one
    assert said in one and "look at the value itself" in one
    row = next(r for r in Forecast.objects.get(
        concept="systolic_bp", status="current", patient=ward.mine
    ).bands if r["years"] == 5.0)  # fmt: skip
    cell = f'<td class="number">{row["low90"]:.3g} to {row["high90"]:.3g}</td>'
    assert cell in one and cell in page
    assert one.count('class="outer"') == 2, "one figure for each width"
    assert "Validated: 1,008 people" in one


def test_treatments_and_events_are_on_the_axis_and_in_a_table(ward: Ward) -> None:
    page = ward.page("hba1c/")
    assert '<g class="lane">' in page and '<g class="pole">' in page
    assert "<td>metformin</td>" in page and "going on" in page
    assert "1 change of treatment between the measurements" in page
    assert "Not validated" in page and "it is not validated" in page
    assert "metformin" not in ward.page("systolic_bp/")


def test_no_history_is_told_in_words(ward: Ward) -> None:
    push(ward.ehr, fhir.quantity("p1-ldl", "18262-6", 120, "mg/dL", date=ago(5)))
    refresh(ward.mine)
    assert "LDL cholesterol: measured on 1 day; a forecast needs 3 days at least." in ward.page()
    one = ward.page("ldl_cholesterol/")
    assert "No forecast." in one and 'class="outer"' not in one and "<circle" in one


def test_a_forecast_on_corrected_data_is_not_shown_before_any_worker_ran(ward: Ward) -> None:
    assert "released" not in ward.page("systolic_bp/") and "The patient can see it" in ward.page(
        "systolic_bp/"
    )
    ward.ehr.delete("/fhir/Observation/p1-bp700")
    page = ward.page("systolic_bp/")
    assert "corrected, deleted or moved to another patient" in page
    assert 'class="outer"' not in page
    assert "systolic_bp" not in ward.patient.get("/my/outlook/").content.decode()


def test_a_value_that_grew_too_old_ends_the_forecast_on_the_page(ward: Ward) -> None:
    yesterday = timezone.now().date() - timedelta(days=1)
    Forecast.objects.filter(concept="systolic_bp").update(valid_until=yesterday)
    assert "the newest value is too old by now" in ward.page("systolic_bp/")
    assert "systolic_bp" not in ward.patient.get("/my/outlook/").content.decode()


def test_systematic_misses_raise_a_flag(ward: Ward) -> None:
    check = ForecastCheck.objects.get(concept="systolic_bp", forecast__replayed=False)
    for days in (3, 4):
        check.pk = None
        check.fingerprint, check.effective_at = f"x{days}", timezone.now() - timedelta(days=days)
        check.save()
    page = ward.page()
    assert "Forecasts that keep missing" in page
    assert "3 or more of the last 5 values were outside the 90 % band" in page
    assert "in 2.4 % of right forecasts" in page
    twin = ward.doctor.get(f"/twins/{ward.mine.public_id}/trends/").content.decode()
    assert "3 or more of the last 5 values" in twin
    ForecastCheck.objects.filter(fingerprint="x3").update(withdrawn_at=timezone.now())
    assert "keep missing" not in ward.page()


def test_only_the_care_team_reads_and_every_read_is_audited(ward: Ward) -> None:
    others = f"/twins/{ward.other.public_id}/trajectories/"
    for path in ("", "systolic_bp/"):
        assert ward.doctor.get(others + path).status_code == 404
        assert ward.patient.get(ward.base + path).status_code == 403
        assert Client().get(ward.base + path).status_code == 302
    assert ward.doctor.get(ward.base + "shoe_size/").status_code == 404
    ward.page(), ward.page("systolic_bp/"), ward.patient.get("/my/outlook/")
    what = set(AuditEvent.objects.values_list("what", flat=True))
    assert {"trajectories", "trajectory", "own forecasts"} <= what


def test_release_is_the_clinicians_and_of_validated_forecasts_only(ward: Ward) -> None:
    path = f"{ward.base}systolic_bp/release/"
    assert ward.doctor.post(path, {"action": "withhold"}).status_code == 302
    assert "nothing to show you here" in ward.patient.get("/my/outlook/").content.decode()
    assert ward.doctor.post(path, {"action": "release"}).status_code == 302
    assert "Your blood pressure" in ward.patient.get("/my/outlook/").content.decode()
    assert AuditEvent.objects.filter(action="release", detail="systolic_bp").exists()
    assert ward.doctor.post(f"{ward.base}hba1c/release/", {"action": "release"}).status_code == 404
    assert ward.patient.post(path, {"action": "release"}).status_code == 403
    others = f"/twins/{ward.other.public_id}/trajectories/systolic_bp/release/"
    assert ward.doctor.post(others, {"action": "release"}).status_code == 404
    assert ward.doctor.get(path).status_code == 405


def test_a_patient_reads_the_same_numbers_at_every_level(ward: Ward) -> None:
    pages = {}
    for level in ("plain", "standard", "detailed"):
        ward.patient.post("/my/level/", {"level": level})
        pages[level] = ward.patient.get("/my/outlook/").content.decode()
    numbers = {
        tuple(re.findall(r'data-(years|low|high)="([^"]*)"', page)) for page in pages.values()
    }
    assert len(numbers) == 1 and len(next(iter(numbers))) == 6
    low, high = re.findall(r'data-low="([^"]*)" data-high="([^"]*)"', pages["plain"])[0]
    assert f"will be between {low} and {high} mmHg" in pages["plain"]
    assert len({re.sub(r"csrf.*?>", "", page) for page in pages.values()}) == 3
    assert "HbA1c" not in pages["detailed"], "not validated: for clinicians"


def test_the_number_of_queries_does_not_grow(ward: Ward) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            ward.page()
        return len(captured)

    before = queries()
    push(ward.ehr, *pressures("p1", 1400, 1200, 900, 600), *sugars("p1", 900, 600))
    push(ward.ehr, fhir.quantity("p1-k", "2823-3", 4.1, "mmol/L", date=ago(5)))
    refresh(ward.mine)
    assert queries() == before


def test_every_forecast_has_a_facts_page(ward: Ward) -> None:
    index = ward.doctor.get("/models/").content.decode()
    for concept, spec in specs().items():
        assert f"/models/forecast_{concept}/" in index
        page = ward.doctor.get(f"/models/forecast_{concept}/")
        assert page.status_code == 200 and spec.version in page.content.decode()
    said = ward.doctor.get("/models/forecast_systolic_bp/").content.decode()
    assert "Last value carried forward" in said and "Linear mixed model" in said
    assert "636 changes between examinations" in said
    unvalidated = ward.doctor.get("/models/forecast_hba1c/").content.decode()
    assert "Not measured here" in unvalidated and "assumed by the same rule" in unvalidated
    disease = ward.doctor.get("/models/forecast_albumin/").content.decode()
    assert "Filter with this disease" in disease and "Checked in one disease only" in disease
    assert ward.doctor.get("/models/forecast_height/").status_code == 404


def test_the_moment_of_a_forecast_is_when_it_was_made(ward: Ward) -> None:
    made = Forecast.objects.get(concept="hba1c", patient=ward.other, status="current")
    assert made.as_of == made.made_at < datetime.now(UTC) - timedelta(days=29)
