"""Why a number is what it is: whom it is compared with, and what stands behind each bar."""

import re
from datetime import UTC, datetime
from typing import Any

import pytest
from django.test import Client

from explain.models import Attribution
from models_engine.models import ModelRun, Prediction
from patients.models import Patient
from tests.factories import fhir
from tests.factories.people import NOW, clinician, patient_user, push, signed_in, twin
from twinportal import pipeline
from twinportal.attention.models import WorklistEntry
from twinportal.comparisons import NotShown, values_of
from twinportal.dashboards.clinician.against import SAMPLES, Why
from twinportal.dashboards.clinician.blocks import PredictionView
from twinportal.dashboards.portal.results import released_results

pytestmark = pytest.mark.django_db
LATER = datetime(2026, 11, 20, 18, tzinfo=UTC)


@pytest.fixture
def patient(ehr_client: Client, settings: Any) -> Patient:
    settings.RELEASE_POLICY = "auto"
    return twin(ehr_client, "p1")


@pytest.fixture
def doctor() -> Client:
    return signed_in(clinician())


def current(patient: Patient, model_id: str = "prevent_base_10y") -> Prediction:
    return Prediction.objects.select_related("run").get(
        patient=patient, model_id=model_id, outcome="cvd", status="current"
    )


def page_of(client: Client, row: Prediction, against: str = "") -> str:
    asked = f"?against={against}" if against else ""
    answer = client.get(f"/twins/{row.patient.public_id}/predictions/{row.pk}/{asked}")
    assert answer.status_code == 200
    return answer.content.decode()


def points_on(page: str) -> list[float]:
    return [float(v) for v in re.findall(r'data-contribution="([^"]+)"', page)]


def why_of(row: Prediction, against: str) -> Why:
    stored = {(a.prediction_id, a.baseline): a for a in row.attributions.all()}
    return Why(PredictionView(row, stored), stored, against)


def newer_values(ehr: Client, patient: Patient) -> Prediction:
    """Higher pressure, and an HbA1c where there was none; then a refresh."""
    push(
        ehr,
        fhir.blood_pressure("p1-bp2", 168, 84, date="2026-11-20T15:00:00Z"),
        fhir.quantity("p1-a1c", "4548-4", 6.9, "%", date="2026-11-20T15:00:00Z"),
    )
    pipeline.refresh_twin(patient.pk, now=LATER)
    return current(patient)


class TestComparedWith:
    def test_each_sample_by_a_link(self, patient: Patient, doctor: Client) -> None:
        row = current(patient)
        for key in SAMPLES:
            page = page_of(doctor, row, key)
            chosen = re.findall(r'href="\?against=(\w+)#why" aria-current="true"', page)
            assert chosen == [key]
            told = why_of(row, key).told
            assert told is not None and told.comparison is not None
            # UX E2: what is on the page adds up to the number
            bars = sum(points_on(page)) + told.bars.rest
            assert told.comparison.baseline_value + bars == pytest.approx(row.value, abs=1e-6)
        assert 'href="?against=optimal#why" aria-current="true"' in page_of(doctor, row)

    def test_what_is_stored_is_what_is_shown(self, patient: Patient) -> None:
        row = current(patient)
        for stored in row.attributions.all():
            told = why_of(row, stored.baseline).told
            assert told is not None
            shown = {r["concept"]: r["contribution"] for r in told.rows}
            assert shown == {c["concept"]: c["contribution"] for c in stored.contributions}

    def test_every_explained_run_is_recomputed_to_its_stored_number(
        self, patient: Patient, ehr_client: Client
    ) -> None:
        """UX E14, of all models and past moments of a twin: stored inputs give the stored value."""
        newer_values(ehr_client, patient)
        explained = Attribution.objects.select_related("prediction__run").filter(
            prediction__patient=patient
        )
        assert len({a.prediction.model_id for a in explained}) > 2
        for stored in explained:
            pipeline.reasons_against(stored.prediction, stored.baseline, stored)  # type: ignore[arg-type]

    @pytest.mark.parametrize("against", ["nobody", "0", "²", "earlier", "-1"])
    def test_no_other_comparison(self, patient: Patient, doctor: Client, against: str) -> None:
        row = current(patient)
        path = f"/twins/{patient.public_id}/predictions/{row.pk}/"
        assert doctor.get(path, {"against": against}).status_code == 404

    def test_nor_with_somebody_else(
        self, patient: Patient, doctor: Client, ehr_client: Client
    ) -> None:
        other = current(twin(ehr_client, "p2", doctor="dr1"))
        path = f"/twins/{patient.public_id}/predictions/{current(patient).pk}/"
        assert doctor.get(path, {"against": other.pk}).status_code == 404

    def test_modifiable_apart(self, patient: Patient, doctor: Client) -> None:
        """UX E5: two lists; what stands in one is in no other."""
        page = page_of(doctor, current(patient), "population")
        lists = page.split('class="bars" data-list="')[1:]
        assert [part.partition('"')[0] for part in lists] == ["Modifiable", "Not modifiable"]
        assert "Systolic blood pressure:" in lists[0]
        assert "Age:" in lists[1] and "Age:" not in lists[0]

    def test_one_scale_and_it_is_named(self, patient: Patient, doctor: Client) -> None:
        """UX E3: percentage points on every page with reasons; no log-odds for anybody."""
        reader = signed_in(patient_user(patient))
        pages = [page_of(doctor, current(patient), against) for against in ("", "population")]
        assert all("Percentage points" in page for page in pages)
        pages += [reader.get(path).content.decode() for path in ("/my/", "/my/numbers/")]
        assert not [page for page in pages if re.search(r"(?i)log.?odds|logit|margin of", page)]

    def test_a_value_with_its_unit(self, patient: Patient, doctor: Client) -> None:
        """UX E6, E11: as measured, not as the equation scales it; and nothing was caused."""
        page = page_of(doctor, current(patient))
        assert re.search(r"Systolic blood pressure: \d+ mmHg", page)
        assert "What the model used; not what caused it." in page
        assert "caused by" not in page

    def test_what_was_missing_or_assumed_has_a_range(
        self, patient: Patient, doctor: Client
    ) -> None:
        """UX E7: labelled, and how much it could change the number."""
        row = current(patient)
        assumed = {i["label"] for i in row.inputs if i["status"] == "assumed_absent"}
        assert assumed
        page = page_of(doctor, row)
        assert set(re.findall(r'data-effect="([^"]+)"', page)) == assumed
        for effect in pipeline.effects_of_missing(row):
            assert effect.low <= row.value <= effect.high  # type: ignore[operator]
        assert any(effect.high > effect.low for effect in pipeline.effects_of_missing(row))


class TestSinceThen:
    def test_why_the_number_moved(
        self, patient: Patient, doctor: Client, ehr_client: Client
    ) -> None:
        # given a number, and newer values with another
        before = current(patient)
        row = newer_values(ehr_client, patient)
        before.refresh_from_db()
        assert row.pk != before.pk and before.value is not None and row.value is not None

        # when one asks what changed since
        page = page_of(doctor, row, str(before.pk))

        # then the bars are the change, and nothing else is drawn
        told = why_of(row, str(before.pk)).told
        assert told is not None
        moved = sum(points_on(page)) + told.bars.rest
        assert moved == pytest.approx(row.value - before.value, abs=1e-6)
        assert "mmHg then, 168 mmHg now" in page
        assert "now: <a" in page and "then: <a" in page
        assert {r["concept"] for r in told.rows} >= {"systolic_bp"}
        assert "Sex" in told.unchanged

    def test_what_was_missing_then_is_told(self, patient: Patient, ehr_client: Client) -> None:
        row = newer_values(ehr_client, patient)
        full = Prediction.objects.select_related("run").get(
            patient=patient, model_id="prevent_full_10y", outcome="cvd", status="current"
        )
        earlier = (
            Prediction.objects.filter(model_id=full.model_id, outcome="cvd", value__isnull=False)
            .exclude(pk=full.pk)
            .order_by("-as_of")[0]
        )
        assert row.as_of == full.as_of

        told = why_of(full, str(earlier.pk)).told

        assert told is not None
        (a1c,) = [r for r in told.rows if r["concept"] == "hba1c"]
        assert a1c["then"] == "missing" and "6.9" in a1c["now"]

    def test_the_links_name_the_number_before_and_a_year_before(
        self, patient: Patient, doctor: Client
    ) -> None:
        page = page_of(doctor, current(patient))
        assert "the number before" in page
        withdrawn = Prediction.objects.filter(patient=patient, status="past")
        withdrawn.update(status="superseded")
        assert "There is no earlier number" in page_of(doctor, current(patient))

    def test_another_version_is_not_compared(
        self, patient: Patient, doctor: Client, ehr_client: Client
    ) -> None:
        before = current(patient)
        row = newer_values(ehr_client, patient)
        ModelRun.objects.filter(pk=before.run_id).update(artefact_hash="of another version")

        page = page_of(doctor, row, str(before.pk))

        assert "The reasons cannot be shown." in page
        assert "the model itself has changed between them" in page
        assert not points_on(page)


class TestWhatCannotBeShown:
    def test_reasons_that_differ_from_those_stored(self, patient: Patient, doctor: Client) -> None:
        row = current(patient)
        stored = row.attributions.get(baseline="optimal")
        stored.contributions[0]["contribution"] += 1e-5
        stored.save()

        page = page_of(doctor, row)

        assert "The reasons cannot be shown." in page
        assert not points_on(page)

    def test_a_number_that_its_inputs_do_not_give(self, patient: Patient, doctor: Client) -> None:
        row = current(patient)
        Prediction.objects.filter(pk=row.pk).update(value=(row.value or 0) + 1e-5)

        assert "another number for the same inputs" in page_of(doctor, row, "peers")

    def test_a_model_that_is_gone_keeps_what_was_stored(
        self, patient: Patient, doctor: Client
    ) -> None:
        row = current(patient)
        ModelRun.objects.filter(pk=row.run_id).update(artefact_hash="an older one")

        page = page_of(doctor, row)
        assert "As stored, without what inputs do together." in page
        assert points_on(page)
        assert not points_on(page_of(doctor, row, "peers"))
        row.run.refresh_from_db()
        with pytest.raises(NotShown):
            pipeline.effects_of_missing(row)


class TestUncertain:
    def test_unstable_reasons_are_not_told_as_if_they_were_sure(
        self, patient: Patient, doctor: Client
    ) -> None:
        """UX E9: stored when made, and said wherever the reasons are."""
        stored = Attribution.objects.filter(prediction__patient=patient)
        assert all(a.overlap == 1.0 and a.is_stable for a in stored.filter(baseline="optimal"))
        drawn = stored.filter(baseline="population", prediction__status="current")
        shaky = drawn.filter(overlap__lt=0.8, far=[])
        steady = drawn.filter(overlap__gte=0.8, far=[])
        assert shaky.exists() and steady.exists()
        for rows, uncertain in ((shaky, True), (steady, False)):
            one = rows.select_related("prediction__patient")[0]
            assert one.is_uncertain is uncertain
            page = page_of(doctor, one.prediction, "population")
            assert ('data-reasons="uncertain"' in page) is uncertain

    def test_a_value_far_from_the_sample_is_said_everywhere(
        self, doctor: Client, ehr_client: Client, settings: Any
    ) -> None:
        """UX E8: in range, so there is a number; but no confident reasons."""
        settings.RELEASE_POLICY = "auto"
        patient = twin(ehr_client, "p1")
        assert not current(patient).attributions.filter(far__len__gt=0).exists()
        push(
            ehr_client,
            fhir.quantity("p1-cr9", "2160-0", 2.6, "mg/dL", date="2026-11-20T15:00:00Z"),
        )
        pipeline.refresh_twin(patient.pk, now=LATER)
        row = current(patient)
        assert row.attributions.get(baseline="optimal").far == ["egfr"]

        assert "far from everybody of the sample" in page_of(doctor, row)
        assert (
            'data-reasons="uncertain"'
            in doctor.get(f"/twins/{patient.public_id}/predictions/").content.decode()
        )
        why = WorklistEntry.objects.get(patient=patient).why
        assert why and all(reason.endswith("(uncertain as a reason)") for reason in why)
        results = released_results(patient, "plain")
        assert any(result.reasons_are_uncertain for result in results)
        assert patient_user(patient).patient == patient

    def test_what_was_explained_before_is_explained_anew(
        self, patient: Patient, doctor: Client
    ) -> None:
        # given rows of before stability was measured
        rows = Attribution.objects.filter(prediction__patient=patient)
        was = {(a.prediction_id, a.baseline): (a.contributions, a.overlap) for a in rows}
        rows.update(overlap=None)
        old = rows.filter(baseline="population")[0]
        assert old.is_stable is None and not old.is_uncertain

        # when the twin is refreshed, with nothing new
        pipeline.score_twins([patient.pk], now=NOW)

        # then they have it, and say the same
        now = {(a.prediction_id, a.baseline): (a.contributions, a.overlap) for a in rows.all()}
        assert now == was


class TestWhatStandsBehindABar:
    def test_each_link_opens_for_the_reader_and_for_no_other(
        self, patient: Patient, doctor: Client, ehr_client: Client
    ) -> None:
        """UX E1: link crawl of every bar, with the day; 404 for another clinician."""
        before = current(patient)
        row = newer_values(ehr_client, patient)
        stranger = signed_in(clinician("dr2", "stranger"))
        seen = set()
        for against in ("optimal", "population", str(before.pk)):
            page = page_of(doctor, row, against)
            bars = re.findall(r"<li[^>]* data-contribution=.*?</li>", page, re.DOTALL)
            assert bars
            for bar in bars:
                links = re.findall(r'<a href="([^"]+)">([^<]+)</a>', bar)
                # what was never recorded has nothing to lead to, and says so
                assert links or "assumed absent: none recorded" in bar or "missing" in bar
                for path, words in links:
                    assert re.fullmatch(r"\d+ \w+ \d{4}|Patient resource", words)
                    seen.add(path)
        assert any("/resources/Observation/" in path for path in seen)
        assert any(path.endswith("/patient-resource/") for path in seen)
        for path in seen:
            assert doctor.get(path, follow=True).status_code == 200, path
            assert stranger.get(path).status_code == 404, path


def test_stored_inputs_are_those_that_the_model_was_given(patient: Patient) -> None:
    row = current(patient)
    values = values_of(row.run)
    model = PredictionView(row, {}).model
    assert model is not None
    assert model.predict_one(values)["cvd"] == row.value


@pytest.mark.parametrize("model_id", ["score2", "prevent_base_10y"])
def test_the_facts_page_says_how_good_the_reasons_are(
    doctor: Client, settings: Any, model_id: str
) -> None:
    """UX E2, E9, E10 in words and figures, with what was not shown to hold."""
    settings.SCORE2_REGION = "moderate"
    page = doctor.get(f"/models/{model_id}/").content.decode()
    document = doctor.get(f"/models/{model_id}/facts.json").json()

    rows = [m for row in document["explanation_quality"] for m in row["masking"]]
    assert {m["masked"] for m in rows} == {1, 3}
    table = page.partition("Does masking the largest reasons")[2].partition("</table>")[0]
    assert table.count("<tr>") == 1 + len(rows)
    assert table.count("not shown") == sum(m["p"] >= 0.05 for m in rows)
    for masked in rows:
        assert f"{100 * masked['largest']:.2f}" in table
    assert "It does not say that the reasons are causes" in page
