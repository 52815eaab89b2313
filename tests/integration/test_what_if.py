"""What-if: nothing written until it is saved, nobody else's, told in the audit log, stored as FHIR."""

import json
import re
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from django.apps import apps
from django.db import InternalError, connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext

from explain.wording.numbers import percent
from explain.wording.phrases import LEVELS
from models_engine.catalogue.what_if.interventions import Intervention
from models_engine.models import Forecast, Prediction
from patients.fhir.validation import validate
from patients.models import AuditEvent, Patient, Resource, ResourceVersion
from tests.factories import fhir
from tests.factories.people import NOW, clinician, patient_user, push, signed_in
from tests.factories.what_if import history, smoker
from tests.readability import flesch_kincaid_grade
from twinportal import pipeline
from twinportal.what_if.apps import effects_are_sound
from twinportal.what_if.models import Scenario
from twinportal.what_if.presenters import Answer
from twinportal.what_if.services import MOST_OF_ONE_OWNER, MOST_SCENARIOS

pytestmark = pytest.mark.django_db
PART = {"HX-Request": "true"}
MUCH = (
    Intervention("set", "smoking_status", 0.0),
    Intervention("set", "weight", 84.0),
    Intervention("treatment", "atorvastatin_20"),
    Intervention("treatment", "bp_one_standard"),
)
ASKED = {
    "stop_smoking": "1",
    "set_weight": "84",
    "statin": "atorvastatin_20",
    "blood_pressure": "bp_one_standard",
}
# what the page of a smoker shows
STARTS = {"start_weight": "92.0", "start_systolic_bp": "152"}


@dataclass
class Ward:
    """One patient with a doctor and an account."""

    mine: Patient
    doctor: Client
    patient: Client
    ehr: Client

    def path(self, patient: Patient, more: str = "") -> str:
        return f"/twins/{patient.public_id}/what-if/{more}"

    def save(self, **more: str) -> Scenario:
        said = {**STARTS, **ASKED, "name": "Stop and lose", **more}
        answer = self.doctor.post(self.path(self.mine, "save/"), said)
        assert answer.status_code == 302
        return Scenario.objects.latest("pk")


@pytest.fixture
def ward(ehr_client: Client) -> Ward:
    mine = smoker(ehr_client)
    return Ward(mine, signed_in(clinician("dr1")), signed_in(patient_user(mine)), ehr_client)


@pytest.fixture
def predicted(ward: Ward, settings: Any) -> Ward:
    """The same with stored, released predictions."""
    settings.RELEASE_POLICY = "auto"
    pipeline.refresh_twin(ward.mine.pk, now=NOW)
    return ward


@pytest.fixture
def heading(ward: Ward, settings: Any) -> Ward:
    """The same with a height, and pressure, weight and LDL cholesterol of three more years."""
    settings.RELEASE_POLICY = "auto"
    push(ward.ehr, *history())
    pipeline.refresh_twin(ward.mine.pk, now=NOW)
    return ward


def current(concept: str) -> Forecast:
    return Forecast.objects.get(concept=concept, status="current")


def cells(page: str, concept: str) -> list[list[str]]:
    """The rows of one forecast's table: middle and range before, middle and range after."""
    table = page[page.index(f'data-forecast="{concept}"') :].split("</table>")[0]
    rows = re.findall(r"<tr>(.*?)</tr>", table.split("<tbody>")[1], re.DOTALL)
    found = []
    for row in rows:
        texts = [re.sub(r"<[^>]+>", " ", c).split() for c in re.findall(r"<td.*?</td>", row)]
        found.append([part for text in texts for part in (text[0], " ".join(text[1:]))])
    return found


def rows() -> dict[str, int]:
    return {model.__name__: model._default_manager.count() for model in apps.get_models()}


def test_simulate_writes_nothing(heading: Ward) -> None:
    ward, before = heading, rows()
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SAVEPOINT one")
        cursor.execute("SET TRANSACTION READ ONLY")
        answer = pipeline.simulate(ward.mine.pk, MUCH, now=NOW)
        with pytest.raises(InternalError, match="read-only"), transaction.atomic():
            Scenario.objects.update(name="a write is refused here")
        cursor.execute("ROLLBACK TO SAVEPOINT one")
    assert answer.propagation.accepted == tuple(sorted(MUCH))
    assert {f.standing.concept for f in answer.forecasts if f.after is not None} == {
        "systolic_bp",
        "weight",
        "ldl_cholesterol",
    }
    assert rows() == before


def test_before_is_the_stored_prediction_and_no_change_moves_nothing(predicted: Ward) -> None:
    answer = pipeline.simulate(predicted.mine.pk, [], now=NOW)
    stored = {
        (p.model_id, p.outcome): p.value
        for p in Prediction.objects.filter(
            patient=predicted.mine, status="current", value__isnull=False
        )
    }
    compared = 0
    for one in answer.comparisons:
        for found in one.outcomes:
            compared += 1
            assert found.before == found.after == stored[one.model.id, found.outcome]
    assert compared >= 10


def test_everything_moves_together(ward: Ward) -> None:
    answer = pipeline.simulate(ward.mine.pk, MUCH, now=NOW)
    by_id = {one.model.id: one for one in answer.comparisons}
    for model_id in ("prevent_base_10y", "prevent_base_30y", "pce"):
        if model_id not in by_id:
            continue
        found = by_id[model_id]
        assert not found.refusals
        assert all(o.difference is not None and o.difference < 0 for o in found.outcomes)
        assert {"smoking_status", "systolic_bp", "total_cholesterol"} <= set(found.moved_by)
        assert not {"statin", "antihypertensive"} & set(found.moved_by)
    assert not by_id["prevent_base_10y"].model.quiet


def test_who_takes_a_statin_already_is_told_so(heading: Ward) -> None:
    ward = heading
    push(
        ward.ehr,
        {
            "resourceType": "MedicationStatement",
            "id": "p1-statin",
            "status": "active",
            "subject": {"reference": "Patient/p1"},
            "effectivePeriod": {"start": "2026-01-01"},
            "medicationCodeableConcept": {
                "coding": [{"system": "http://www.whocc.no/atc", "code": "C10AA05"}]
            },
        },
    )
    answer = pipeline.simulate(ward.mine.pk, [MUCH[2]], now=NOW)
    assert "no statin is taken already" in answer.propagation.refused[0][1]
    assert not answer.propagation.shifts and not answer.forecasts


def test_the_page_answers_without_javascript(ward: Ward) -> None:
    page = ward.doctor.post(ward.path(ward.mine), ASKED)
    text = page.content.decode()
    assert page.status_code == 200 and "<html" in text
    assert 'value="84.0"' in text and "data-after=" in text
    assert "Total cardiovascular disease, 10 years" in text
    assert "Neter JE" in text and "/what-if/effects/#weight_sbp" in text
    assert "If the estimated effects hold" in text
    assert "hazard ratio 0.61" in text and "marks treated people" in text


def test_the_page_answers_a_drag_with_the_answer_alone(ward: Ward) -> None:
    answer = ward.doctor.post(ward.path(ward.mine), {"set_systolic_bp": "130"}, headers=PART)
    text = answer.content.decode()
    assert "<html" not in text and "<form" not in text
    assert 'hx-swap-oob="innerHTML:#said"' in text
    assert "152.0 mmHg to <strong>130.0 mmHg</strong>" in text


def test_a_wrong_value_is_named_and_does_nothing(ward: Ward) -> None:
    for wrong, said in (("500", "from 90 to 200"), ("abc", "no number"), ("nan", "no number")):
        answer = ward.doctor.post(ward.path(ward.mine), {"set_systolic_bp": wrong}, headers=PART)
        assert answer.status_code == 200
        assert said in answer.content.decode()
        assert "data-after=" not in answer.content.decode()
    answer = ward.doctor.post(ward.path(ward.mine), {"statin": "magic"}, headers=PART)
    assert "Nothing is changed yet" in answer.content.decode()
    assert "none of the choices" in answer.content.decode()


def test_out_of_a_models_range_the_page_gives_the_reason(ward: Ward) -> None:
    push(ward.ehr, fhir.quantity("p1-bmi2", "39156-5", 39.0, "kg/m2", subject="p1"))
    answer = ward.doctor.post(ward.path(ward.mine), {"set_weight": "100"}, headers=PART)
    text = answer.content.decode()
    assert "No number after the change" in text and "after the change; the model is for" in text


@pytest.mark.parametrize("more", ["", "save/", "compare/"])
def test_nobody_else_gets_in(ward: Ward, more: str) -> None:
    strangers = (ward.patient, signed_in(clinician("dr2", "second")), Client())
    path = ward.path(ward.mine, more)
    before = Scenario.objects.count()
    for who in strangers:
        for answer in (who.get(path), who.post(path, {**ASKED, "name": "x"})):
            assert answer.status_code in (302, 403, 404, 405)
            assert "/accounts/login/" in answer.get("Location", "/accounts/login/")
    assert Scenario.objects.count() == before


def test_another_patients_scenario_is_not_there(ward: Ward) -> None:
    other, theirs = smoker(ward.ehr, "p2", doctor="dr2"), signed_in(clinician("dr2", "second"))
    theirs.post(ward.path(other, "save/"), {**STARTS, **ASKED, "name": "theirs"})
    kept = Scenario.objects.get()
    mine = f"{ward.path(ward.mine)}?scenario={kept.public_id}"
    assert ward.doctor.get(mine).status_code == 404
    side = ward.doctor.get(f"{ward.path(ward.mine, 'compare/')}?scenario={kept.public_id}")
    assert "theirs" not in side.content.decode()
    for path in (ward.path(ward.mine), ward.path(other)):
        assert ward.doctor.post(f"{path}{kept.public_id}/delete/").status_code == 404
    assert ward.doctor.get(f"{ward.path(ward.mine)}?scenario=nonsense").status_code == 404
    assert Scenario.objects.count() == 1


def test_anybody_of_the_care_team_withdraws_a_scenario_and_it_is_told_who(ward: Ward) -> None:
    kept = ward.save()
    colleague = signed_in(clinician("dr1", "colleague"))
    path = ward.path(ward.mine, f"{kept.public_id}/delete/")
    assert path in colleague.get(ward.path(ward.mine)).content.decode()
    assert ward.doctor.get(path).status_code == 405
    assert colleague.post(path).status_code == 302
    assert not Scenario.objects.exists()
    told = AuditEvent.objects.get(action="delete", what="scenario")
    assert told.actor == colleague.session["_auth_user_id"] and told.detail == str(kept.public_id)
    # and once is enough
    assert ward.doctor.post(path).status_code == 404


def test_readings_and_savings_are_in_the_audit_log(ward: Ward) -> None:
    AuditEvent.objects.all().delete()
    ward.doctor.get(ward.path(ward.mine))
    for value in ("140", "139", "138"):
        ward.doctor.post(ward.path(ward.mine), {"set_systolic_bp": value}, headers=PART)
    kept = ward.save()
    ward.doctor.get(f"{ward.path(ward.mine, 'compare/')}?scenario={kept.public_id}")
    ward.doctor.post(ward.path(ward.mine, f"{kept.public_id}/delete/"))
    said = AuditEvent.objects.order_by("pk").values_list("action", "what", "patient_ids")
    assert list(said) == [
        ("read", "what-if", [ward.mine.pk]),
        ("create", "scenario", [ward.mine.pk]),
        ("read", "what-if scenarios", [ward.mine.pk]),
        ("delete", "scenario", [ward.mine.pk]),
    ]
    assert "Stop and lose" not in str(list(AuditEvent.objects.values()))
    compared = AuditEvent.objects.get(what="what-if scenarios")
    assert compared.detail == str(kept.public_id)


def test_which_scenario_was_opened_is_in_the_audit_log(ward: Ward) -> None:
    kept = ward.save()
    AuditEvent.objects.all().delete()
    ward.doctor.get(f"{ward.path(ward.mine)}?scenario={kept.public_id}")
    assert AuditEvent.objects.get().detail == f"scenario {kept.public_id}"


def test_a_change_that_nobody_opened_the_page_for_is_a_reading_too(ward: Ward) -> None:
    AuditEvent.objects.all().delete()
    ward.doctor.post(ward.path(ward.mine), {"set_systolic_bp": "140"}, headers=PART)
    assert AuditEvent.objects.filter(action="read", what="what-if").count() == 1


def contents(scenario: Scenario) -> dict[str, list[dict[str, Any]]]:
    found: dict[str, list[dict[str, Any]]] = {}
    for resource in scenario.resources.order_by("pk"):
        version = ResourceVersion.objects.get(resource=resource, version=resource.version)
        found.setdefault(resource.type, []).append(json.loads(version.content))
    return found


def test_a_saved_scenario_is_in_the_record_as_a_proposal(ward: Ward) -> None:
    kept = ward.save()
    stored = contents(kept)
    (plan,), goals, (said,) = stored["CarePlan"], stored["Goal"], stored["Provenance"]
    assert (plan["status"], plan["intent"], plan["title"]) == ("draft", "proposal", "Stop and lose")
    assert [g["reference"] for g in plan["goal"]] == [f"Goal/{g['id']}" for g in goals]
    assert {g["lifecycleStatus"] for g in goals} == {"proposed"}
    assert {g["subject"]["reference"] for g in [*goals, plan]} == {"Patient/p1"}
    weight = next(g for g in goals if "weight" in g["description"]["text"])
    assert weight["target"][0]["detailQuantity"] == {
        "value": 84.0,
        "unit": "kg",
        "system": "http://unitsofmeasure.org",
        "code": "kg",
    }
    codes = [a["detail"]["code"].get("coding", [{}])[0].get("code") for a in plan["activity"]]
    assert codes == ["C10AA05", None]
    assert {a["detail"]["status"] for a in plan["activity"]} == {"not-started"}
    assert "before" in plan["note"][0]["text"] and "after" in plan["note"][0]["text"]
    versions = {f"{r}/{c['id']}/_history/1" for r in ("CarePlan", "Goal") for c in stored[r]}
    assert {t["reference"] for t in said["target"]} == versions
    assert said["agent"][0]["onBehalfOf"] == {"reference": "Practitioner/dr1"}
    for content in [plan, *goals, said]:
        assert not [i for i in validate(content) if i.severity in ("error", "fatal")]


def test_it_can_be_read_back_at_the_fhir_door_and_nobody_rewrites_it(ward: Ward) -> None:
    kept = ward.save()
    plan = contents(kept)["CarePlan"][0]
    found = ward.ehr.get("/fhir/CarePlan?subject=Patient/p1&status=draft").json()
    assert [e["resource"]["id"] for e in found["entry"]] == [plan["id"]]
    goals = ward.ehr.get("/fhir/Goal?subject=Patient/p1").json()
    assert goals["total"] == 2
    forged = {**plan, "status": "active", "intent": "order"}
    answer = ward.ehr.put(
        f"/fhir/CarePlan/{plan['id']}", json.dumps(forged), content_type="application/fhir+json"
    )
    assert answer.status_code in (403, 422)
    said = contents(kept)["Provenance"][0]
    answer = ward.ehr.put(
        f"/fhir/Provenance/{said['id']}", json.dumps(said), content_type="application/fhir+json"
    )
    assert answer.status_code in (403, 422)


def test_saving_makes_no_twin_stale_and_no_fact(ward: Ward) -> None:
    before = rows()
    ward.save()
    after = rows()
    grown = {name for name in after if after[name] != before[name]}
    assert grown <= {"Scenario", "Resource", "ResourceVersion", "AuditEvent", "Session"} | {
        "Scenario_resources"
    }


def test_a_deleted_scenario_is_withdrawn_in_the_record(ward: Ward) -> None:
    kept = ward.save()
    ids = list(kept.resources.values_list("pk", flat=True))
    ward.doctor.post(ward.path(ward.mine, f"{kept.public_id}/delete/"))
    for resource in Resource.objects.filter(pk__in=ids):
        version = ResourceVersion.objects.get(resource=resource, version=resource.version)
        content = json.loads(version.content)
        if resource.type == "CarePlan":
            assert (resource.version, content["status"]) == (2, "revoked")
        elif resource.type == "Goal":
            assert (resource.version, content["lifecycleStatus"]) == (2, "rejected")
        else:
            assert resource.version == 1
    said = latest(Resource.objects.filter(type="Provenance").exclude(pk__in=ids).latest("pk"))
    versions = {
        f"{r.type}/{r.fhir_id}/_history/2"
        for r in Resource.objects.filter(pk__in=ids).exclude(type="Provenance")
    }
    assert {t["reference"] for t in said["target"]} == versions
    assert said["agent"][0]["onBehalfOf"] == {"reference": "Practitioner/dr1"}
    assert said["activity"]["coding"][0]["code"] == "UPDATE"
    assert "withdrawn" in said["reason"][0]["text"]


def latest(resource: Resource) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(
        ResourceVersion.objects.get(resource=resource, version=resource.version).content
    )
    return found


@pytest.mark.parametrize(
    "said",
    [
        {"name": ""},
        {"name": "x", "set_weight": "9999"},
        {"name": "x", "stop_smoking": "", "set_weight": "", "statin": "", "blood_pressure": ""},
    ],
)
def test_what_is_wrong_is_not_saved(ward: Ward, said: dict[str, str]) -> None:
    before = Resource.objects.count()
    ward.doctor.post(ward.path(ward.mine, "save/"), {**STARTS, **ASKED, **said})
    assert not Scenario.objects.exists() and Resource.objects.count() == before


def test_what_is_for_nobody_here_is_not_saved(ward: Ward) -> None:
    """Semaglutide without type 2 diabetes: nothing is left to save."""
    path = ward.path(ward.mine, "save/")
    answer = ward.doctor.post(path, {"glp1": "semaglutide_10", "name": "x"}, follow=True)
    assert "Not saved" in answer.content.decode()
    assert not Scenario.objects.exists()


def test_there_is_an_end_to_the_number_of_scenarios(ward: Ward) -> None:
    kept = ward.save()
    Scenario.objects.bulk_create(
        Scenario(
            patient=kept.patient,
            owner=kept.owner,
            name=f"n{n}",
            interventions=kept.interventions,
            result={},
            created_at=NOW,
        )
        for n in range(MOST_SCENARIOS - 1)
    )
    said = {**STARTS, **ASKED, "name": "one too many"}
    colleague = signed_in(clinician("dr1", "colleague"))
    assert "at most 50" in colleague.post(ward.path(ward.mine, "save/"), said).content.decode()
    assert Scenario.objects.count() == MOST_SCENARIOS
    # and before that an end to those of one person
    Scenario.objects.filter(name__in=[f"n{n}" for n in range(MOST_OF_ONE_OWNER - 1, 49)]).delete()
    assert Scenario.objects.count() == MOST_OF_ONE_OWNER
    assert "of one person" in ward.doctor.post(ward.path(ward.mine, "save/"), said).content.decode()
    colleague.post(ward.path(ward.mine, "save/"), said)
    assert Scenario.objects.count() == MOST_OF_ONE_OWNER + 1


def test_a_saved_scenario_opens_as_it_was_and_keeps_its_result(ward: Ward) -> None:
    kept = ward.save(set_systolic_bp="130")
    text = ward.doctor.get(f"{ward.path(ward.mine)}?scenario={kept.public_id}").content.decode()
    assert 'value="84.0"' in text and 'value="130"' in text
    assert re.search(r'name="stop_smoking" value="1" checked', text)
    assert re.search(r'value="atorvastatin_20" selected', text)
    outcome = next(
        o
        for o in kept.result["outcomes"]
        if (o["model"], o["outcome"]) == ("prevent_base_10y", "cvd")
    )
    assert f'data-after="{outcome["after"]}"' in text


def test_up_to_three_scenarios_are_set_beside_each_other(ward: Ward) -> None:
    saved = [
        ward.save(name="all"),
        ward.save(name="weight", stop_smoking="", statin="", blood_pressure=""),
        ward.save(name="statin", stop_smoking="", set_weight="", blood_pressure=""),
        ward.save(name="fourth", stop_smoking="", set_weight="90"),
    ]
    query = "&".join(f"scenario={s.public_id}" for s in saved[:3])
    page = ward.doctor.get(f"{ward.path(ward.mine, 'compare/')}?{query}").content.decode()
    assert all(f"<bdi>{name}</bdi>" in page for name in ("all", "weight", "statin"))
    assert "<bdi>fourth</bdi>" not in page
    assert "Total cardiovascular disease, 10 years" in page
    assert "Stop smoking" in page


def test_a_page_costs_the_same_however_much_is_asked(heading: Ward) -> None:
    ward = heading

    def queries(said: dict[str, str]) -> int:
        with CaptureQueriesContext(
            connection,
        ) as seen:
            assert ward.doctor.post(ward.path(ward.mine), said, headers=PART).status_code == 200
        return len(seen)

    queries({})
    assert queries(ASKED) == queries({}) <= 12


# --- the forecasts ----------------------------------------------------------------------------


def test_forecasts_before_and_after_are_on_the_page(heading: Ward) -> None:
    said = {"set_systolic_bp": "130", "set_weight": "84", "by_months": "12"}
    answer = heading.doctor.post(heading.path(heading.mine), said, headers=PART)
    page = re.sub(r"\s+", " ", answer.content.decode())
    pressure = cells(page, "systolic_bp")
    stored = {row["years"]: row for row in current("systolic_bp").bands}
    assert len(pressure) == 4
    for years, found in zip((0.5, 1.0, 2.0, 5.0), pressure, strict=True):
        row = stored[years]
        assert found[:2] == [f"{row['median']:.3g}", f"{row['low90']:.3g} to {row['high90']:.3g}"]
    # half the way after half a year, then what was set and nothing beyond it
    assert float(pressure[0][2]) > 131
    assert [found[2] for found in pressure[1:]] == ["130", "130", "130"]
    assert [found[2] for found in cells(page, "weight")[1:]] == ["84", "84", "84"]
    assert page.count('class="before-outer"') == page.count('class="after-median"') == 3
    assert "Validated: 1,008 people" in page and "Not validated: no real series" in page
    assert re.search(r"\d+ kcal a day less than the \d+ kcal .* lead to 84.0 kg in 12 months", page)
    # and those that move without a forecast say why
    assert "<li>HDL cholesterol: measured on 1 day; a forecast needs 3 days at least.</li>" in page


def test_without_a_height_or_the_time_for_a_weight_the_page_says_so(heading: Ward) -> None:
    said = {"set_weight": "69", "by_months": "3"}
    page = heading.doctor.post(heading.path(heading.mine), said, headers=PART).content.decode()
    assert "Not in this time." in page and "cannot be reached in 3 months" in page
    assert "data-forecast" not in page
    heading.ehr.delete("/fhir/Observation/p1-height")
    page = heading.doctor.post(heading.path(heading.mine), said, headers=PART).content.decode()
    assert "in a straight line (no path of weight: Height" in page
    assert cells(page, "weight")[0][2] == "69", "half a year"


def test_a_forecast_that_a_newer_value_waits_for_says_so_and_is_not_for_the_patient(
    heading: Ward,
) -> None:
    date = f"{NOW + timedelta(hours=1):%Y-%m-%dT%H:%M:%SZ}"
    push(heading.ehr, fhir.blood_pressure("p1-bp9", 149, 90, subject="p1", date=date))
    said = {"set_weight": "84"}
    page = heading.doctor.post(heading.path(heading.mine), said, headers=PART).content.decode()
    assert page.count("A newer value has arrived since this forecast was made") == 1
    assert "data-forecast" not in heading.patient.post("/my/what-if/", said).content.decode()


def test_a_forecast_on_corrected_data_does_not_move(heading: Ward) -> None:
    heading.ehr.delete("/fhir/Observation/p1-bp2023")
    said = {"set_systolic_bp": "130"}
    page = heading.doctor.post(heading.path(heading.mine), said, headers=PART).content.decode()
    assert "rested on data that have since been corrected" in page
    assert 'data-forecast="systolic_bp"' not in page
    assert (
        'data-forecast="systolic_bp"'
        not in heading.patient.post("/my/what-if/", said).content.decode()
    )


def test_a_scenario_keeps_its_forecasts_and_the_time_it_was_given(heading: Ward) -> None:
    kept = heading.save(by_months="12", blood_pressure="", set_systolic_bp="130")
    found = kept.result["forecasts"]
    by_concept = {row["concept"]: row for row in found["rows"]}
    pressure, stored = by_concept["systolic_bp"], current("systolic_bp")
    assert pressure["before"]["median"] == [row["median"] for row in stored.bands]
    at = pressure["years"].index(2.0)
    assert pressure["after"]["median"][at] == pytest.approx(130.0)
    assert found["weight_course"]["weight"][-1] == pytest.approx(84.0, abs=0.01)
    assert by_concept["total_cholesterol"]["reason"]
    opened = f"{heading.path(heading.mine)}?scenario={kept.public_id}"
    assert '<option value="12" selected>' in heading.doctor.get(opened).content.decode()
    beside = f"{heading.path(heading.mine, 'compare/')}?scenario={kept.public_id}"
    page = heading.doctor.get(beside).content.decode()
    assert "Systolic blood pressure, mmHg, 2 years" in page and "When it was saved" not in page
    then = Scenario.objects.get().result
    then["forecasts"]["rows"][list(by_concept).index("systolic_bp")]["after"]["median"][at] = 141.0
    Scenario.objects.update(result=then)
    page = heading.doctor.get(beside).content.decode()
    assert re.search(r"When it was saved: \d+ to 141 \(", page)


def test_a_patient_sees_what_is_validated_and_released(heading: Ward) -> None:
    numbers, said = set(), {**ASKED, "statin": "atorvastatin_20", "salt": "less_salt"}
    for level in LEVELS:
        heading.patient.post("/my/level/", {"level": level})
        page = heading.patient.post("/my/what-if/", said).content.decode()
        assert re.findall(r'data-forecast="(\w+)"', page) == ["systolic_bp"]
        assert page.count("With these changes: 9 out of 10 will be between") >= 1
        numbers.add(tuple(re.findall(r'data-(?:years|was|then)="([^"]+)"', page)))
    assert len(numbers) == 1 and len(next(iter(numbers))) == 9
    theirs = heading.doctor.post(heading.path(heading.mine), said).content.decode()
    ((_, was, then),) = [next(iter(numbers))[:3]]
    row = cells(theirs, "systolic_bp")[1]
    assert [row[0], row[2]] == [was.split()[1], then.split()[1]]
    # who stops smoking and sets no weight is told no pressure that the average gain would raise
    alone = heading.patient.post("/my/what-if/", {"stop_smoking": "1"}).content.decode()
    assert "data-forecast" not in alone and 'class="after-median"' not in alone
    for change in ({"released_at": None}, {"validated": False}):
        kept = Forecast.objects.filter(pk=current("systolic_bp").pk)
        before = kept.values(*change).get()
        kept.update(**change)
        hidden = heading.patient.post("/my/what-if/", said).content.decode()
        assert "data-forecast" not in hidden
        kept.update(**before)


# --- the patient ------------------------------------------------------------------------------


def test_the_patient_tries_what_was_released(predicted: Ward) -> None:
    text = predicted.patient.post("/my/what-if/", ASKED).content.decode()
    stored = Prediction.objects.get(
        patient=predicted.mine, model_id="prevent_base_10y", outcome="cvd", status="current"
    )
    assert f'data-before="{stored.value}"' in text and "data-after=" in text
    assert "With these changes:" in text and "fewer out of 100" in text
    assert "PREVENT" not in text and "mdrd" not in text.lower()


def test_the_patients_numbers_are_the_clinicians(predicted: Ward) -> None:
    said = {"set_weight": "84", "statin": "atorvastatin_20"}
    mine = predicted.patient.post("/my/what-if/", said).content.decode()
    theirs = predicted.doctor.post(predicted.path(predicted.mine), said).content.decode()
    after = re.search(r'data-outcome="cvd"[^>]*data-after="([0-9.]+)"', mine)
    assert after and f'data-after="{after[1]}"' in theirs


def test_the_patient_sees_nothing_that_was_not_released(predicted: Ward) -> None:
    Prediction.objects.filter(patient=predicted.mine).update(released_at=None)
    text = predicted.patient.post("/my/what-if/", ASKED).content.decode()
    assert "data-before" not in text and "out of 100" not in text
    assert "no result to try this with" in text


def test_a_number_that_is_being_made_anew_is_not_shown(predicted: Ward) -> None:
    push(
        predicted.ehr,
        fhir.blood_pressure("p1-bp9", 171, 90, subject="p1", date="2026-11-19T09:00:00Z"),
    )
    text = predicted.patient.post("/my/what-if/", ASKED).content.decode()
    assert "data-before" not in text
    assert "We are working out your numbers" in text


def test_all_levels_say_the_same_numbers_in_their_own_words(predicted: Ward) -> None:
    numbers, pages = set(), []
    for level in LEVELS:
        predicted.patient.post("/my/level/", {"level": level})
        text = predicted.patient.post("/my/what-if/", ASKED).content.decode()
        numbers.add(tuple(re.findall(r'data-(?:before|after|filled)="([^"]+)"', text)))
        pages.append(text)
    assert len(numbers) == 1
    assert len(set(pages)) == len(LEVELS)


def test_the_page_reads_as_easily_as_its_level_promises(heading: Ward) -> None:
    predicted = heading
    for level, grade in (("plain", 6), ("standard", 8)):
        predicted.patient.post("/my/level/", {"level": level})
        text = predicted.patient.post("/my/what-if/", ASKED).content.decode()
        main = text[text.index("<main") : text.index("</main>")]
        parts = re.findall(r"<(p|li|label|figcaption)\b[^>]*>(.*?)</\1>", main, re.DOTALL)
        said = [re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", part)).strip() for _, part in parts]
        words = " ".join(f"{one.rstrip('.')}." for one in said if one)
        assert len(words.split()) >= 100 and "9 out of 10" in words
        assert flesch_kincaid_grade(words) <= grade, level
        longest = max(re.split(r"(?<=[.!?])\s+", words), key=lambda s: len(s.split()))
        assert len(longest.split()) <= 20, longest


def test_a_patient_has_no_address_of_anybody_elses_what_if(ward: Ward) -> None:
    assert ward.patient.get(ward.path(ward.mine)).status_code == 403
    assert ward.doctor.get("/my/what-if/").status_code == 403
    assert Client().get("/my/what-if/").status_code == 302
    AuditEvent.objects.all().delete()
    ward.patient.get("/my/what-if/")
    event = AuditEvent.objects.get()
    assert (event.action, event.what) == ("read", "own what-if")


def test_the_table_of_paths_is_one_click_away(ward: Ward) -> None:
    for who in (ward.doctor, ward.patient):
        text = who.get("/what-if/effects/").content.decode()
        assert 'id="weight_sbp"' in text and "Neter JE" in text and "published, not" in text.lower()
    assert Client().get("/what-if/effects/").status_code == 302


def test_a_scenario_says_what_it_said_when_the_twin_has_changed(ward: Ward) -> None:
    kept = ward.save()
    path = f"{ward.path(ward.mine, 'compare/')}?scenario={kept.public_id}"
    assert "When it was saved" not in ward.doctor.get(path).content.decode()
    push(
        ward.ehr,
        fhir.quantity("p1-hdl9", "2085-9", 38, "mg/dL", subject="p1", date="2026-11-19T09:00:00Z"),
    )
    then = next(
        o
        for o in kept.result["outcomes"]
        if (o["model"], o["outcome"]) == ("prevent_base_10y", "cvd")
    )
    said = f"When it was saved: {percent(then['before'])} to {percent(then['after'])}"
    assert said in ward.doctor.get(path).content.decode()


def test_a_merged_twin_keeps_its_scenarios(ward: Ward) -> None:
    other, theirs = smoker(ward.ehr, "p2", doctor="dr2"), signed_in(clinician("dr2", "second"))
    theirs.post(ward.path(other, "save/"), {**STARTS, **ASKED, "name": "from before"})
    Patient.objects.filter(pk=other.pk).update(merged_into=ward.mine)
    assert "from before" in ward.doctor.get(ward.path(ward.mine)).content.decode()


def test_a_wrong_table_stops_every_command(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken() -> None:
        raise ValueError("effects, row 'weight_sbp': citation must say something")

    assert effects_are_sound() == []
    monkeypatch.setattr("twinportal.what_if.apps.effects", broken)
    assert [e.id for e in effects_are_sound()] == ["what_if.E001"]


def test_an_association_that_works_against_a_statin_is_told_and_not_shown_to_patients(
    predicted: Ward,
) -> None:
    """At 60, PREVENT gives a little more cardiovascular disease with less cholesterol, not ASCVD."""
    said = {"statin": "atorvastatin_20"}
    answer = pipeline.simulate(
        predicted.mine.pk, [Intervention("treatment", "atorvastatin_20")], now=NOW
    )
    prevent = next(c for c in answer.comparisons if c.model.id == "prevent_base_10y")
    by_id = {o.outcome: o for o in prevent.outcomes}
    assert by_id["cvd"].against == ("total_cholesterol",)
    assert (by_id["ascvd"].difference or 0) < 0 < (by_id["cvd"].difference or 0)
    theirs = predicted.doctor.post(predicted.path(predicted.mine), said, headers=PART)
    assert "Works against it here: total cholesterol." in theirs.content.decode()
    mine = predicted.patient.post("/my/what-if/", said).content.decode()
    assert "cannot tell what this change does for you" in mine
    assert "data-after" not in mine


# --- for whom there is no what-if, and what the record speaks against ---------------------------


def medicine(text: str, **coding: str) -> dict[str, Any]:
    concept = {"text": text, **({"coding": [coding]} if coding else {})}
    return {
        "resourceType": "MedicationStatement",
        "id": "p1-medicine",
        "status": "active",
        "subject": {"reference": "Patient/p1"},
        "effectivePeriod": {"start": "2026-01-01"},
        "medicationCodeableConcept": concept,
    }


def allergy(text: str) -> dict[str, Any]:
    return {
        "resourceType": "AllergyIntolerance",
        "id": "p1-allergy",
        "clinicalStatus": {
            "coding": [
                {
                    "system": "http://terminology.hl7.org/CodeSystem/allergyintolerance-clinical",
                    "code": "active",
                }
            ]
        },
        "code": {"text": text},
        "patient": {"reference": "Patient/p1"},
        "recordedDate": "2020-01-01",
    }


def refuses(ward: Ward, said: dict[str, str]) -> str:
    """The page that follows a save which left nothing."""
    before = rows()
    page = ward.doctor.post(ward.path(ward.mine, "save/"), {**said, "name": "x"}, follow=True)
    after = rows()
    assert {n for n in after if after[n] != before[n]} <= {"AuditEvent", "Session"}
    text = page.content.decode()
    assert "Not saved" in text and not Scenario.objects.exists()
    return text


@pytest.mark.parametrize(
    ("resource", "said", "word"),
    [
        (
            {**fhir.patient("p1", practitioner="dr1"), "deceasedDateTime": "2026-11-01"},
            "has died",
            "died",
        ),
        (fhir.patient("p1", birth_date="2016-05-04", practitioner="dr1"), "below 18", "18"),
        (fhir.condition("p1-preg", "77386006", onset="2026-09-01"), "pregnancy", "pregnancy"),
    ],
)
def test_whom_no_trial_studied_gets_no_what_if(
    ward: Ward, resource: dict[str, Any], said: str, word: str
) -> None:
    push(ward.ehr, resource)
    assert said in refuses(ward, ASKED)
    text = ward.doctor.post(ward.path(ward.mine), ASKED, headers=PART).content.decode()
    assert "No what-if:" in text and said in text and word in text
    assert "data-after=" not in text
    assert said in ward.doctor.get(ward.path(ward.mine)).content.decode()
    mine = ward.patient.post("/my/what-if/", ASKED).content.decode()
    assert "data-after" not in mine and "page is not made for you right now" in mine


def test_a_recorded_allergy_refuses_the_class_and_is_named(ward: Ward) -> None:
    push(ward.ehr, allergy("Simvastatin (muscle pain)"))
    said = "An allergy or intolerance is recorded: Simvastatin (muscle pain)."
    assert said in refuses(ward, {"statin": "rosuvastatin_10"})
    answer = ward.doctor.post(ward.path(ward.mine), ASKED, headers=PART).content.decode()
    assert said in answer and "data-after=" in answer
    assert 'name="statin"' not in ward.patient.get("/my/what-if/").content.decode()
    # nothing is saved without the refused part unless somebody takes it out
    page = ward.doctor.post(
        ward.path(ward.mine, "save/"), {**STARTS, **ASKED, "name": "Stop and lose"}
    ).content.decode()
    assert "Not saved." in page and said in page and not Scenario.objects.exists()
    kept = ward.save(statin="")
    assert "atorvastatin_20" not in {i["target"] for i in kept.interventions}
    plan = contents(kept)["CarePlan"][0]
    assert "C10AA05" not in json.dumps(plan)


def test_what_is_said_of_allergies_that_tell_nothing(ward: Ward) -> None:
    said = {"statin": "rosuvastatin_10"}
    answer = ward.doctor.post(ward.path(ward.mine), said, headers=PART).content.decode()
    assert "Allergies are not recorded" in answer
    push(ward.ehr, allergy("strawberries"))
    answer = ward.doctor.post(ward.path(ward.mine), said, headers=PART).content.decode()
    assert "match no treatment of this page: strawberries" in answer
    notes = [n["text"] for n in contents(ward.save())["CarePlan"][0]["note"]]
    assert any("strawberries" in note for note in notes)


def test_a_text_that_nobody_knows_may_be_the_medicine(ward: Ward) -> None:
    push(ward.ehr, medicine("the white pill"))
    answer = pipeline.simulate(ward.mine.pk, [MUCH[2]], now=NOW)
    assert [d for _, d in answer.propagation.doubts] == ["May be taken already: the white pill."]
    text = ward.doctor.post(ward.path(ward.mine), ASKED, headers=PART).content.decode()
    assert "May be taken already: the white pill." in text
    notes = [n["text"] for n in contents(ward.save())["CarePlan"][0]["note"]]
    assert any("May be taken already: the white pill." in note for note in notes)
    assert 'name="statin"' not in ward.patient.get("/my/what-if/").content.decode()


@pytest.mark.parametrize(
    ("resource", "treatment"),
    [
        (medicine("x", system="http://www.whocc.no/atc", code="C10BA06"), "atorvastatin_20"),
        (medicine("x", system="http://www.whocc.no/atc", code="C10AX09"), "ezetimibe_10"),
        (medicine("x", system="http://www.whocc.no/atc", code="A10BK03"), "sglt2_inhibitor"),
        (medicine("Jardiance (empagliflozin)"), "sglt2_inhibitor"),
        (medicine("x", system="http://www.whocc.no/atc", code="A10BX16"), "semaglutide_10"),
    ],
)
def test_an_effect_is_not_counted_again_however_the_drug_is_coded(
    ward: Ward, resource: dict[str, Any], treatment: str
) -> None:
    push(ward.ehr, resource, fhir.condition("p1-dm", "44054006"))
    chosen = [Intervention("treatment", treatment)]
    done = pipeline.simulate(ward.mine.pk, chosen, now=NOW).propagation
    assert "is taken already" in done.refused[0][1] and not done.after


def test_what_moves_no_model_is_not_saved(ward: Ward) -> None:
    """A model that reads the value and refuses it, or no model at all: nothing to propose."""
    low = fhir.blood_pressure("p1-bp9", 112, 70, date="2026-11-19T09:00:00Z")
    push(ward.ehr, low)
    assert "Not saved" in refuses(ward, {"blood_pressure": "bp_two_standard", "salt": "less_salt"})


def test_values_have_their_day_and_their_source(ward: Ward) -> None:
    text = ward.doctor.get(ward.path(ward.mine)).content.decode()
    assert "Now 92.0 kg, of 2 Oct 2026." in text
    assert re.search(r'href="[^"]*Observation/p1-weight/1/?"', text)
    mine = ward.patient.get("/my/what-if/").content.decode()
    assert "Observation/p1-weight" not in mine


def test_an_ldl_that_does_not_fit_moves_no_total_cholesterol(ward: Ward) -> None:
    push(
        ward.ehr,
        fhir.quantity("p1-ldl2", "13457-7", 5.2, "mmol/L", date="2026-11-01T09:00:00Z"),
    )
    text = ward.doctor.post(ward.path(ward.mine), {"statin": "atorvastatin_20"}, headers=PART)
    assert "the values do not fit" in text.content.decode()
    assert "data-after=" not in text.content.decode()


def test_the_summary_says_first_what_the_leading_models_refuse(ward: Ward) -> None:
    push(ward.ehr, fhir.quantity("p1-bmi2", "39156-5", 39.0, "kg/m2"))
    answer = pipeline.simulate(ward.mine.pk, [Intervention("set", "weight", 100.0)], now=NOW)
    found = Answer(answer)
    assert any(not drawn.row.has_number for drawn in found.main)
    assert found.summary.startswith("No number after the change for: ")


def test_the_words_of_a_difference_agree_with_it(ward: Ward) -> None:
    answer = Answer(pipeline.simulate(ward.mine.pk, MUCH, now=NOW))
    shown = [d.row for d in (*answer.main, *answer.further) if d.row.has_number]
    assert len(shown) >= 4
    for row in shown:
        exact = (row.found.difference or 0.0) * 100
        told = re.match(r"(less than 1|\d+) in 100 (fewer|more)", row.people)
        assert told and told[2] == ("fewer" if exact < 0 else "more")
        assert (
            (abs(exact) < 1) if told[1] == "less than 1" else abs(int(told[1]) - abs(exact)) <= 0.5
        )
