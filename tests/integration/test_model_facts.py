"""The facts pages: what they say is what the model is, and whoever may read them can check it."""

import html
import json
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from models_engine import registry
from models_engine.catalogue.facts import CalibrationPoint, SubgroupRow
from models_engine.catalogue.facts_document import facts_document
from models_engine.catalogue.trained.additive import read_performance
from models_engine.models import ModelRun, Prediction
from models_engine.registry import all_models, model, research_ids
from patients.terminology.codings import code_in
from patients.terminology.conditions import condition_of
from patients.terminology.measurements import observation_of
from patients.terminology.medications import medication_of
from tests.factories.people import clinician, patient_user, signed_in, twin
from twinportal.accounts.models import User

pytestmark = pytest.mark.django_db
ROOT = Path(__file__).resolve().parents[2]
IDS = [m.id for m in all_models()]


@pytest.fixture
def doctor() -> Client:
    return signed_in(clinician())


@pytest.fixture
def steward() -> Client:
    return signed_in(User.objects.create_user("steward", password="x", role="steward"))


def page(client: Client, path: str) -> str:
    answer = client.get(path)
    assert answer.status_code == 200, path
    return answer.content.decode()


def words(text: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", text).split())


def interval(row: dict[str, float], times: float, digits: int, unit: str = "") -> str:
    low, high = (f"{times * row[end]:.{digits}f}{unit}" for end in ("low", "high"))
    return f"{low} to {high}"


class TestAccess:
    PATHS = ("/models/", "/models/kfre_4v/", "/models/kfre_4v/facts.json")

    @pytest.mark.parametrize("path", PATHS)
    def test_clinicians_and_stewards_read_it(
        self, doctor: Client, steward: Client, path: str
    ) -> None:
        assert doctor.get(path).status_code == 200
        assert steward.get(path).status_code == 200

    @pytest.mark.parametrize("path", PATHS)
    def test_nobody_else_does(self, ehr_client: Client, path: str) -> None:
        assert Client().get(path).status_code == 302
        user = patient_user(twin(ehr_client, "p1"))
        assert signed_in(user).get(path).status_code == 403
        assert ehr_client.get(path).status_code == 302, "a token of an EHR is no session"

    def test_it_is_found_from_the_navigation_and_from_a_prediction(
        self, ehr_client: Client, doctor: Client, steward: Client
    ) -> None:
        mine = twin(ehr_client, "p1")
        assert 'href="/models/"' in page(doctor, "/worklist/")
        assert 'href="/models/"' in page(steward, "/steward/")
        link = 'href="/models/prevent_base_10y/2023.1/"'
        assert link in page(doctor, f"/twins/{mine.public_id}/predictions/")
        row = Prediction.objects.get(model_id="prevent_base_10y", outcome="cvd", status="current")
        assert link in page(doctor, f"/twins/{mine.public_id}/predictions/{row.pk}/")
        assert "prevent_base_10y" in page(doctor, "/models/prevent_base_10y/2023.1/")

    def test_no_patient_is_on_it(self, ehr_client: Client, doctor: Client) -> None:
        mine = twin(ehr_client, "p1", family="Unmistakable")
        for path in (
            "/models/",
            "/models/prevent_base_10y/",
            "/models/prevent_base_10y/facts.json",
        ):
            text = page(doctor, path)
            assert "Unmistakable" not in text
            assert str(mine.public_id) not in text

    def test_odd_addresses_are_nowhere(self, doctor: Client) -> None:
        for path in ("crystal_ball/", "crystal_ball/facts.json", "crystal_ball/1/", "kfre_4v/9/"):
            assert doctor.get(f"/models/{path}").status_code == 404, path


class TestPage:
    def test_the_list_says_what_for_whom_from_what_and_how_sure(self, doctor: Client) -> None:
        text = words(page(doctor, "/models/"))
        for each in all_models():
            for part in (each.title, each.version, each.facts.predicts, each.facts.evidence_text):
                assert part in text
            assert each.facts.intended_population in text
            assert ", ".join(i.label for i in each.inputs) in text

    @pytest.mark.parametrize("model_id", IDS)
    def test_every_fact_is_on_the_page(self, doctor: Client, model_id: str) -> None:
        """UX E13"""
        shown = html.unescape(words(page(doctor, f"/models/{model_id}/")))
        document = facts_document(model(model_id))
        assert all(str(text).strip() for text in document["facts"].values())
        missing = [
            key
            for key, text in document["facts"].items()
            if " ".join(str(text).split()) not in shown
        ]
        assert missing == []
        for declared in model(model_id).inputs:
            assert declared.label in shown
            assert declared.order in shown
        for row in document["inputs"]:
            assert row["range"] in shown and row["when_missing"] in shown
            assert all(code["code"] in shown for code in row["codes"])
        for part in (*document["references"], *document["performance"]):
            assert part["evidence"]["text"] in shown
        assert all(" ".join(r["citation"].split()) in shown for r in document["references"])
        assert all(c["what"] in shown for c in document["change_log"])
        assert all(o["definition"] in shown for o in document["outcomes"])
        assert document["artefact_hash"] in shown

    @pytest.mark.parametrize("model_id", IDS)
    def test_our_value_stands_beside_the_published_one(self, doctor: Client, model_id: str) -> None:
        text = page(doctor, f"/models/{model_id}/")
        section = text[text.index('id="vectors"') :].partition("</table>")[0]
        rows = re.findall(
            r'<td class="number">([\d.e-]+)</td><td class="number">([\d.]+)</td><td>(yes|no)</td>',
            section,
        )
        expected = [e for v in model(model_id).vectors for e in v.expected.values()]
        assert [float(published) for published, _, _ in rows] == pytest.approx(expected)
        widest = max(v.tolerance for v in model(model_id).vectors)
        assert all(abs(float(a) - float(b)) <= widest * 1.01 for a, b, _ in rows)
        assert {agrees for _, _, agrees in rows} == {"yes"}

    def test_the_value_is_computed_and_not_copied(
        self, doctor: Client, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        good = model("ckd_epi_2021")
        drifted = replace(good, predict=lambda arrays: good.predict(arrays) * 1.1)
        self.put(monkeypatch, drifted)
        text = words(page(doctor, "/models/ckd_epi_2021/"))
        assert "do not use this model" in text
        first = drifted.predict_one(good.vectors[0].inputs)["egfr"]
        assert f"91.69 {first:.4f} no" in text

    def put(self, monkeypatch: pytest.MonkeyPatch, changed: Any) -> None:
        from twinportal.dashboards.model_facts import views

        models = {**registry.registered(), changed.id: changed}
        monkeypatch.setattr(views, "registered", lambda *regions: models)

    def test_what_nobody_has_measured_is_said(self, doctor: Client) -> None:
        text = words(page(doctor, "/models/kfre_4v/"))
        assert text.count("Not measured here.") == 3

    def test_measured_tables_are_drawn_and_written(
        self, doctor: Client, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        points = tuple(
            CalibrationPoint("cvd", 100 + n, 0.02 * n, 0.021 * n, 0.01 * n, 0.03 * n, "Cohort X")
            for n in range(1, 11)
        )
        rows = (
            SubgroupRow("cvd", "Sex", "female", 500, 40, "C statistic", 0.71, 0.65, 0.77, "X"),
            SubgroupRow("cvd", "Sex", "male", 510, 61, "C statistic", 0.73, 0.68, 0.78, "X"),
        )
        good = model("prevent_base_10y")
        facts = replace(good.facts, calibration_points=points, subgroup_rows=rows)
        self.put(monkeypatch, replace(good, facts=facts))
        text = page(doctor, "/models/prevent_base_10y/")
        assert text.count("Not measured here") == 1, "net benefit"
        plot = text[text.index('<svg class="calibration"') : text.index("</svg>")]
        assert plot.count("<circle") == plot.count('class="interval"') == 10
        assert 'role="img" aria-label="Calibration: Total cardiovascular disease, 10 years.' in plot
        for point in points:
            assert f"{100 * point.predicted:.2f} %" in text
            assert f"{100 * point.low:.2f} % to {100 * point.high:.2f} %" in text
        assert "0.710" in text and "0.650 to 0.770" in text and "Sex: male" in text

    @pytest.mark.parametrize("model_id", sorted(research_ids()))
    def test_what_was_measured_in_training_stands_on_the_page_and_in_json(
        self, doctor: Client, model_id: str
    ) -> None:
        """Every value of the training run's tables is in the tables beside the figures."""
        text = page(doctor, f"/models/{model_id}/")
        document = doctor.get(f"/models/{model_id}/facts.json").json()
        outcomes = document["outcomes"]
        assert text.count("<svg") == 2 * len(outcomes)
        measured = read_performance(model_id)["held_out"].values()
        found = [(key, row) for tables in measured for key in tables for row in tables[key]]
        keys = {
            "calibration": "calibration_points",
            "subgroups": "subgroup_rows",
            "net_benefit": "net_benefit_rows",
        }
        for key, in_json in keys.items():
            rows = [row for of, row in found if of == key]
            stored = [{k: v for k, v in r.items() if k in rows[0]} for r in document[in_json]]
            assert stored == rows
        for key, row in found:
            if key == "calibration":
                expected = [f"{100 * row['observed']:.2f} %", interval(row, 100, 2, " %")]
            elif key == "subgroups":
                expected = [f"{row['value']:.3f}", interval(row, 1, 3), str(row["events"])]
            else:
                expected = [
                    f"{100 * row['threshold']:.2f} %",
                    f"{100 * row['share']:.2f} %",
                    f"{row['value']:.4f}",
                    interval(row, 1, 4),
                    f"{row['treat_all']:.4f}",
                ]
            for each in expected:
                assert f'<td class="number">{each}</td>' in text, (key, row)
        assert "Not measured here." not in text

    def test_a_horizon_of_less_than_a_year_is_told_in_days(self, doctor: Client) -> None:
        text = page(doctor, "/models/readmission_30d/")
        assert "<h3>Readmission to hospital, 30 days</h3>" in text
        assert "Calibration: Readmission to hospital, 30 days" in text
        assert "0.08" not in words(text[text.index("<h2>Outcomes") : text.index("How it was")])

    def test_the_number_of_queries_does_not_grow_with_runs(
        self, ehr_client: Client, doctor: Client
    ) -> None:
        def queries(path: str) -> int:
            with CaptureQueriesContext(connection) as captured:
                page(doctor, path)
            return len(captured)

        paths = ("/models/", "/models/kfre_4v/")
        before = [queries(path) for path in paths]
        twin(ehr_client, "p1")
        twin(ehr_client, "p2")
        assert [queries(path) for path in paths] == before


class TestVersions:
    @pytest.fixture
    def retired(self, ehr_client: Client) -> Iterator[ModelRun]:
        """A run of a version before the present one, and one of a model that is gone."""
        twin(ehr_client, "p1")
        runs = ModelRun.objects.filter(model_id="kfre_4v")
        runs.update(model_version="2009.1", artefact_hash="a" * 64)
        ModelRun.objects.filter(model_id="prevent_full_30y").update(model_id="old_score")
        run = runs.first()
        assert run is not None
        yield run

    def test_a_version_that_is_gone_shows_what_the_runs_know(
        self, doctor: Client, retired: ModelRun
    ) -> None:
        text = words(page(doctor, "/models/kfre_4v/2009.1/"))
        assert "This version is not registered any more" in text
        assert "a" * 64 in text and "change log" in text
        count = ModelRun.objects.filter(model_id="kfre_4v").count()
        assert f"Runs {count} First {retired.made_at:%-d %b %Y, %H:%M} UTC" in text

    def test_it_is_listed_and_linked(self, doctor: Client, retired: ModelRun) -> None:
        link = 'href="/models/kfre_4v/2009.1/"'
        assert link in page(doctor, "/models/")
        assert link in page(doctor, "/models/kfre_4v/")
        assert 'href="/models/old_score/2023.1/"' in page(doctor, "/models/")

    def test_a_model_that_is_gone_lists_its_versions(
        self, doctor: Client, retired: ModelRun
    ) -> None:
        text = page(doctor, "/models/old_score/")
        assert "No version of this model is registered here any more" in text
        assert 'href="/models/old_score/2023.1/"' in text
        assert doctor.get("/models/old_score/2023.1/").status_code == 200
        assert doctor.get("/models/old_score/facts.json").status_code == 404

    def test_a_prediction_of_a_model_that_is_gone_can_still_be_read(
        self, ehr_client: Client, doctor: Client
    ) -> None:
        mine = twin(ehr_client, "p1")
        ModelRun.objects.filter(model_id="ckd_epi_2021").update(model_id="old_score")
        Prediction.objects.filter(model_id="ckd_epi_2021").update(model_id="old_score")
        row = Prediction.objects.filter(model_id="old_score", status="current").get()
        assert "old_score" not in page(doctor, "/worklist/")
        assert "Egfr" in page(doctor, f"/twins/{mine.public_id}/predictions/")
        text = page(doctor, f"/twins/{mine.public_id}/predictions/{row.pk}/")
        assert "The model is no longer registered here." in text
        assert 'href="/models/old_score/2021.1/"' in text


class TestJson:
    @pytest.mark.parametrize("model_id", IDS)
    def test_it_holds_what_the_page_holds(self, doctor: Client, model_id: str) -> None:
        answer = doctor.get(f"/models/{model_id}/facts.json")
        assert answer["Content-Type"] == "application/json"
        expected = json.loads(json.dumps(facts_document(model(model_id))))
        assert answer.json() == expected

    def test_unchanged_facts_are_not_sent_again(self, doctor: Client) -> None:
        first = doctor.get("/models/kfre_4v/facts.json")
        again = doctor.get("/models/kfre_4v/facts.json", headers={"If-None-Match": first["ETag"]})
        assert (again.status_code, again.content) == (304, b"")
        assert again["ETag"] == first["ETag"]
        assert first["Cache-Control"] == "private, no-cache"
        other = doctor.get("/models/ckd_epi_2021/facts.json")
        assert other["ETag"] != first["ETag"]
        refused = Client().get(
            "/models/kfre_4v/facts.json", headers={"If-None-Match": first["ETag"]}
        )
        assert refused.status_code == 302

    def test_the_region_of_the_kidney_equation_is_the_hospitals(
        self, doctor: Client, settings: Any
    ) -> None:
        settings.KFRE_REGION = "elsewhere"
        assert doctor.get("/models/kfre_4v/facts.json").json()["version"] == "2016-non-na.1"

    def test_every_key_is_documented(self) -> None:
        document = facts_document(model("prevent_full_10y"))
        text = (ROOT / "docs" / "model-facts.md").read_text()
        documented = set(re.findall(r"^\| `([a-z_]+)` \|", text, re.MULTILINE))
        assert documented == set(document)
        for part in ("inputs", "outcomes", "vectors"):
            for key in document[part][0]:
                assert f"`{key}`" in text, key

    def test_the_codes_are_those_that_the_terminology_reads(self) -> None:
        """Each listed code, asked back, means the concept that it is listed for."""
        readers = {
            "measurement": lambda code: [observation_of(code).concept.id],
            "coded": lambda code: [observation_of(code).concept.id],
            "derived": lambda code: [observation_of(code).concept.id],
            "condition": lambda code: [c.id for c in condition_of(code).concepts],
            "medication": lambda code: medication_of(code).classes,
        }
        seen = 0
        for each in all_models():
            for row in facts_document(each)["inputs"]:
                for listed in row["codes"]:
                    code = code_in(listed["system"], listed["code"])
                    if listed["meaning"] or (row["role"] == "medication" and listed["and_below"]):
                        continue
                    assert listed["concept"] in readers[row["role"]](code), listed
                    seen += 1
        assert seen > 500
