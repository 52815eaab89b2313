"""The monitoring pages: who may read them, what they say first, and what they never say."""

import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from kombu.exceptions import OperationalError

from models_engine.models import ModelRun, MonitoringReference, MonitoringSnapshot
from models_engine.monitoring.snapshots import set_references, take_snapshots
from patients import audit
from patients.models import AuditEvent, Patient
from tests.factories.monitoring import copies, facts
from tests.factories.people import NOW, clinician, patient_user, signed_in, twin
from twinportal import monitoring, open_jobs, tasks
from twinportal.accounts.models import User
from twinportal.dashboards.monitoring import words

pytestmark = pytest.mark.django_db
PAGES = ("/models/monitoring/", "/models/monitoring/prevent_base_10y/")
YEAR = timedelta(days=365.25)


@pytest.fixture
def doctor() -> Client:
    return signed_in(clinician())


@pytest.fixture
def steward() -> Client:
    return signed_in(User.objects.create_user("steward", password="x", role="steward"))


def shown(client: Client, path: str = PAGES[0]) -> str:
    answer = client.get(path)
    assert answer.status_code == 200, path
    return " ".join(re.sub(r"<[^>]+>", " ", answer.content.decode()).split())


def confirmed(steward: Client, model_id: str = "") -> str:
    """What the page that asks to confirm a new reference sends back."""
    page = steward.post("/models/monitoring/reference/", {"model": model_id}).content.decode()
    found = re.search(r'name="confirm" value="(\d+)"', page)
    assert found, page
    return found[1]


def sets(steward: Client, model_id: str = "") -> str:
    """Set a reference in two steps; the page that comes then."""
    wish = {"model": model_id, "confirm": confirmed(steward, model_id)}
    answer = steward.post("/models/monitoring/reference/", wish)
    assert answer.status_code == 302
    return shown(steward, answer["Location"])


@pytest.fixture(autouse=True)
def no_open_job() -> Iterator[None]:
    open_jobs.end(open_jobs.REFERENCES)
    yield
    open_jobs.end(open_jobs.REFERENCES)


def take(now: Any = None, *ids: str) -> None:
    """Snapshots of a few models, or of those named: all of them take a while."""
    few = ids or ("prevent_base_10y", "kfre_4v")
    take_snapshots(monitoring.monitored(few), now=now or timezone.now())


def run_of(model_id: str = "prevent_base_10y") -> ModelRun:
    run = ModelRun.objects.filter(
        model_id=model_id, predictions__status="current", refusals=[]
    ).first()
    assert run is not None
    return run


class TestAccess:
    def test_clinicians_and_stewards_read_and_nobody_else(
        self, ehr_client: Client, doctor: Client, steward: Client
    ) -> None:
        patient = signed_in(patient_user(twin(ehr_client, "p1")))
        for path in PAGES:
            assert doctor.get(path).status_code == steward.get(path).status_code == 200
            assert patient.get(path).status_code == 403
            assert Client().get(path).status_code == ehr_client.get(path).status_code == 302

    def test_a_steward_alone_sets_the_reference_and_it_is_audited(
        self, ehr_client: Client, doctor: Client, steward: Client
    ) -> None:
        twin(ehr_client, "p1")
        path = "/models/monitoring/reference/"
        assert doctor.post(path).status_code == 403
        assert steward.get(path).status_code == 405
        assert steward.post(path, {"model": "crystal_ball"}).status_code == 404
        assert not MonitoringReference.objects.exists()
        assert "The reference is set" in sets(steward, "kfre_4v")
        assert MonitoringReference.objects.get().model_id == "kfre_4v"
        assert "A worker sets the references" in sets(steward)
        # what the worker then does
        user = User.objects.get(username="steward")
        tasks.freeze_references(str(user.pk), monitoring.standing())
        assert MonitoringReference.objects.filter(retired_at=None).count() > 10
        events = AuditEvent.objects.filter(action="set-reference").order_by("pk")
        assert [event.actor for event in events] == [str(user.pk)] * 2
        assert "button" in steward.get(PAGES[1]).content.decode().split('id="drift"')[1]
        assert "Make what stands now" not in shown(doctor)

    def test_without_a_broker_nothing_is_promised(
        self, steward: Client, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def unreachable(*args: Any) -> None:
            raise OperationalError

        monkeypatch.setattr(tasks.freeze_references, "delay", unreachable)
        assert "no reference was set" in sets(steward)
        assert open_jobs.begin(open_jobs.REFERENCES, "next"), "and nothing is left open"

    def test_many_clicks_are_one_job(
        self, ehr_client: Client, steward: Client, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        twin(ehr_client, "p1")
        sent: list[tuple[Any, ...]] = []
        monkeypatch.setattr(tasks.freeze_references, "delay", lambda *args: sent.append(args))
        assert "A worker sets the references" in sets(steward)
        for _ in range(24):
            assert "already: nothing more was started" in sets(steward)
        ((actor, seen, request_id),) = sent
        for _ in range(3):
            tasks.freeze_references(actor, seen, request_id)
        assert AuditEvent.objects.filter(action="set-reference").count() == 1
        assert not MonitoringReference.objects.exclude(retired_at=None).exists()
        assert "A worker sets the references" in sets(steward), "it has ended"

    def test_a_page_of_before_sets_nothing(self, ehr_client: Client, steward: Client) -> None:
        twin(ehr_client, "p1")
        path, wish = "/models/monitoring/reference/", {"model": "kfre_4v"}
        old = confirmed(steward, "kfre_4v")
        assert "The reference is set" in sets(steward, "kfre_4v")
        again = steward.post(path, wish | {"confirm": old})
        assert b"Another reference was set meanwhile" in again.content
        assert MonitoringReference.objects.count() == 1

    def test_who_hides_drift_has_seen_it_and_the_audit_says_so(
        self, ehr_client: Client, steward: Client, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        twin(ehr_client, "p1")
        run = run_of()

        def at_level(low: float) -> Any:
            def change(at: int, inputs: dict[str, dict[str, Any]]) -> float:
                inputs["systolic_bp"]["value"] = low + at % 50
                return 0.1

            return change

        copies(run, 150, as_of=NOW, change=at_level(110))
        set_references(monitoring.monitored([run.model_id]), by="test", now=NOW)
        Patient.objects.filter(fhir_id__startswith="copy").update(active=False)
        copies(run, 150, as_of=NOW, change=at_level(160))
        take(None, run.model_id)
        page = steward.post("/models/monitoring/reference/", {"model": run.model_id})
        assert b"large drift of Systolic blood pressure" in page.content
        assert MonitoringReference.objects.get().retired_at is None, "not yet confirmed"

        def broken(**more: Any) -> None:
            raise RuntimeError("no audit")

        with monkeypatch.context() as patched:
            patched.setattr(audit, "record", broken)
            with pytest.raises(RuntimeError, match="no audit"):
                sets(steward, run.model_id)
        assert MonitoringReference.objects.get().retired_at is None, "no audit, no reference"
        sets(steward, run.model_id)
        event = AuditEvent.objects.get(action="set-reference")
        assert event.detail == "prevent_base_10y; large drift before: prevent_base_10y"
        assert "large drift" not in shown(steward, PAGES[1])

    def test_it_is_found(self, doctor: Client, steward: Client) -> None:
        assert 'href="/models/monitoring/"' in doctor.get("/models/").content.decode()
        assert 'href="/models/monitoring/"' in steward.get("/steward/").content.decode()
        facts_page = doctor.get("/models/kfre_4v/").content.decode()
        assert 'href="/models/monitoring/kfre_4v/"' in facts_page

    def test_odd_addresses_are_nowhere(self, doctor: Client) -> None:
        take(NOW)
        assert doctor.get("/models/monitoring/crystal_ball/").status_code == 404
        assert doctor.get(f"{PAGES[1]}?version=1066").status_code == 404
        assert doctor.get(f"{PAGES[1]}?version=2023.1").status_code == 200

    def test_nobody_is_named(self, ehr_client: Client, doctor: Client) -> None:
        mine = twin(ehr_client, "p1", family="Unmistakable")
        take()
        for path in PAGES:
            text = doctor.get(path).content.decode()
            assert "Unmistakable" not in text and str(mine.public_id) not in text


class TestWhatNeedsSomebody:
    def test_no_snapshot_comes_first(self, doctor: Client) -> None:
        assert "Act now No snapshot has been taken yet" in shown(doctor)
        assert "No snapshot of this model has been taken yet" in shown(doctor, PAGES[1])

    def test_an_old_snapshot(self, doctor: Client) -> None:
        take(timezone.now() - timedelta(days=3))
        assert "Act now The last snapshot of a model is of" in shown(doctor)

    def test_no_reference_then_all_is_well(self, ehr_client: Client, doctor: Client) -> None:
        twin(ehr_client, "p1")
        take(None, *(model.id for model in monitoring.monitored()))
        assert "models have no reference" in shown(doctor)
        monitoring.freeze(actor_kind="system", actor="test", now=timezone.now())
        assert "All is well" in shown(doctor)
        assert "too few to say" in shown(doctor, PAGES[1])

    def test_drift_and_a_jump_are_named(self, ehr_client: Client, doctor: Client) -> None:
        twin(ehr_client, "p1")
        run = run_of()

        def rising(at: int, inputs: dict[str, dict[str, Any]]) -> float | None:
            inputs["systolic_bp"]["value"] = 110.0 + at % 50
            return 0.1

        def higher(at: int, inputs: dict[str, dict[str, Any]]) -> float | None:
            inputs["systolic_bp"]["value"] = 150.0 + at % 50
            return 0.1 if at % 3 else None

        copies(run, 200, as_of=NOW, change=rising)
        set_references(monitoring.monitored([run.model_id]), by="test", now=NOW)
        Patient.objects.filter(fhir_id__startswith="copy").update(active=False)
        copies(run, 200, as_of=NOW, change=higher)
        take()
        text = shown(doctor)
        assert "large drift of Systolic blood pressure" in text
        assert "33 % of the twins that it is for get no number; it was 0 %" in text
        page = shown(doctor, PAGES[1])
        assert "large drift" in page and "Systolic blood pressure: missing 67 33 %" in page

    def test_a_model_that_gives_nobody_a_number(self, ehr_client: Client, doctor: Client) -> None:
        twin(ehr_client, "p1")
        copies(run_of(), 20, as_of=NOW, change=lambda at, inputs: None)
        take()
        assert "No number for anybody" not in shown(doctor), "one has"
        Patient.objects.filter(fhir_id="p1").update(active=False)
        take()
        text = shown(doctor)
        assert "No number for anybody, though there are people they are for: AHA PREVENT" in text

    def test_a_model_that_is_off(self, ehr_client: Client, doctor: Client) -> None:
        twin(ehr_client, "p1")
        made = copies(run_of(), 300, as_of=NOW - 11 * YEAR, change=lambda at, inputs: 0.05)
        facts(made, "weight", NOW - timedelta(days=2))
        facts(made[:40], "stroke", NOW - 5 * YEAR, kind="condition")
        take(NOW)
        text = shown(doctor)
        assert "Stroke, 10 years: 40 events where 1" in text and "were expected" in text
        page = shown(doctor, PAGES[1])
        assert "More events than foretold: the model says too little here." in page
        assert "Made in 2015" in page
        figure = doctor.get(PAGES[1]).content.decode().split('class="calibration"')[1]
        assert figure.split("</svg>")[0].count("<circle") == 4


class TestTelling:
    def test_small_counts_are_not_told(self, ehr_client: Client, doctor: Client) -> None:
        for name in ("p1", "p2"):
            twin(ehr_client, name)
        take()
        page = shown(doctor, "/models/monitoring/kfre_4v/")
        assert "fewer than 5" in page
        assert "albumin" in page
        assert not re.search(r"missing \d", page)
        made = copies(run_of(), 40, as_of=NOW - 11 * YEAR, change=lambda at, inputs: 0.05)
        facts(made, "weight", NOW - timedelta(days=2))
        facts(made[:3], "stroke", NOW - 5 * YEAR, kind="condition")
        take(NOW + timedelta(days=1))
        page = shown(doctor, PAGES[1])
        stroke = page.split("first record ever of stroke.")[1]
        assert "fewer than 5" in stroke and "at most" in stroke

    def test_counts_in_words(self) -> None:
        assert [words.count(n) for n in (0, 1, 4, 5, 1204)] == [
            "0",
            *["fewer than 5"] * 2,
            "5",
            "1,204",
        ]
        assert words.share(3, 100) == words.share(98, 100) == words.share(1, 0) == ""
        assert words.parts(2, 194) == ("fewer than 5", "the others")
        assert words.parts(192, 194) == ("the others", "fewer than 5")
        assert words.parts(2, 4) == ("fewer than 5", "fewer than 5")
        assert words.parts(20, 50) == ("20", "30")
        assert words.share(0, 100) == "0 %" and words.share(20, 100) == "20 %"

    def test_what_cannot_be_recognised_is_said(self, doctor: Client) -> None:
        take(NOW, "ckdpc_40_diabetes", "lace", "prevent_base_10y")
        unknown = "Its outcome cannot be recognised from the record."
        assert unknown in shown(doctor, "/models/monitoring/ckdpc_40_diabetes/")
        assert "It gives no probability" in shown(doctor, "/models/monitoring/lace/")
        assert unknown not in shown(doctor, "/models/monitoring/prevent_base_10y/")

    def test_no_outcomes_yet_and_the_replayed_past_apart(
        self, ehr_client: Client, doctor: Client
    ) -> None:
        made = twin(ehr_client, "p1")
        copies(run_of(), 9, as_of=NOW, change=lambda at, inputs: 0.05)
        take(NOW + timedelta(days=1))
        page = shown(doctor, PAGES[1])
        assert "No outcomes yet: nothing has been recorded of these people since." in page
        assert "Nobody saw these." in page, "the twin has a past since January"
        assert page.index("Foretold and happened") < page.index("Replayed predictions")
        everybody = list(Patient.objects.exclude(pk=made.pk))
        facts(everybody, "weight", NOW + timedelta(days=100))
        take(NOW + timedelta(days=200))
        page = shown(doctor, PAGES[1])
        assert "No outcomes yet. Too early to judge: on average 2 % of 10 years" in page

    def test_a_version_that_is_gone_keeps_its_last_snapshot(self, doctor: Client) -> None:
        take(NOW)
        MonitoringSnapshot.objects.filter(model_id="kfre_4v").update(model_version="2009.1")
        page = shown(doctor, "/models/monitoring/kfre_4v/?version=2009.1")
        assert "does not run here any more" in page
        assert "Other versions: 2009.1" in shown(doctor, "/models/monitoring/kfre_4v/")
        MonitoringSnapshot.objects.filter(model_id="kfre_4v").update(model_id="old_score")
        assert "old_score" in shown(doctor, "/models/monitoring/old_score/")

    def test_every_registered_model_has_its_page(self, doctor: Client) -> None:
        take(NOW, *(model.id for model in monitoring.monitored()))
        for model in monitoring.monitored():
            assert model.title in " ".join(
                doctor.get(f"/models/monitoring/{model.id}/").content.decode().split()
            ).replace("&#x27;", "'")

    def test_the_number_of_statements_does_not_grow(
        self, ehr_client: Client, doctor: Client
    ) -> None:
        twin(ehr_client, "p1")
        take()

        def statements() -> list[int]:
            found = []
            for path in PAGES:
                with CaptureQueriesContext(connection) as captured:
                    shown(doctor, path)
                found.append(len(captured))
            return found

        few = statements()
        copies(run_of(), 150, as_of=NOW, change=lambda at, inputs: 0.1)
        for days in (1, 2, 3):
            take(timezone.now() - timedelta(days=days))
        take()
        assert statements() == few
