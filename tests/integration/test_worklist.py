"""The worklist: filters, acknowledgements that come back, saved views, news, and a bounded cost."""

import re
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from patients.models import AuditEvent, Patient, StaleTwin
from tests.factories import fhir
from tests.factories.people import NOW, clinician, push, signed_in, twin
from twinportal import pipeline
from twinportal.accounts.models import User
from twinportal.attention import acknowledging, services
from twinportal.attention.models import Acknowledgement, Flag, SavedView, Visit, WorklistEntry
from twinportal.attention.selectors import SHOWN_OUTCOMES

pytestmark = pytest.mark.django_db


@dataclass
class Panel:
    """A doctor with one patient of whom a rule fires, and a colleague with the same patient."""

    patient: Patient
    doctor: Client
    user: User
    ehr: Client

    @property
    def entry(self) -> WorklistEntry:
        return WorklistEntry.objects.get(patient=self.patient)

    def page(self, query: str = "") -> str:
        answer = self.doctor.get(f"/worklist/{query}")
        assert answer.status_code == 200
        return answer.content.decode()

    def form(self, **other: Any) -> dict[str, Any]:
        entry = self.entry
        seen = {"rule": entry.rule_id, "prediction": entry.prediction_id, "reason": "acted"}
        seen["firing"] = ",".join(entry.firing)
        return seen | {"query": "sort=attention"} | other

    def acknowledges(self, **other: Any) -> Any:
        path = f"/twins/{self.patient.public_id}/acknowledge/"
        return self.doctor.post(path, self.form(**other), follow=True)


@pytest.fixture
def panel(ehr_client: Client) -> Panel:
    patient = twin(ehr_client, "p1", doctor="dr1", family="Mine")
    push(ehr_client, fhir.blood_pressure("p1-high", 178, 99, date="2026-11-19T09:00:00Z"))
    pipeline.refresh_twin(patient.pk, now=NOW)
    assert WorklistEntry.objects.get(patient=patient).rule_id in {"C1", "C2", "C3", "C4"}
    user = clinician("dr1")
    return Panel(patient, signed_in(user), user, ehr_client)


def shown(page: str) -> list[str]:
    return re.findall(r'<tr id="p-([^"]+)"', page)


class TestFilters:
    def test_every_filter_in_the_address_selects_and_its_opposite_does_not(
        self, panel: Panel
    ) -> None:
        """UX C3: filters in the URL."""
        entry = panel.entry
        percent = 100 * (entry.probability or 0)
        level = "info" if entry.rule_id in {"C3", "C4", "C5"} else "warning"
        for query, other in (
            (f"rule={entry.rule_id}", "rule=K1"),
            (f"level={level}", "level=critical"),
            ("outcome=cvd", "outcome=kidney_failure_2y"),
            (f"p={percent - 1:.1f}", f"p={percent + 1:.1f}"),
            ("since=never", "since=visit"),
            ("older=30", "older=730"),
            ("review=waiting", "review=released"),
            ("ack=all", "ack=yes"),
            ("stale=no", "stale=yes"),
            ("age=60-69", "age=18-39"),
            ("sex=female", "sex=none"),
        ):
            if query == "older=30":
                WorklistEntry.objects.update(newest_data_at=timezone.now() - timedelta(days=40))
            found, none = panel.page(f"?{query}"), panel.page(f"?{other}")
            assert (len(shown(found)), len(shown(none))) == (1, 0), query
            assert "Remove<" in found and "Remove<" in none

    def test_rule_level_and_number_look_at_more_than_the_line_shown(self, panel: Panel) -> None:
        assert panel.entry.shown["cvd"] == panel.entry.probability
        assert set(panel.entry.shown) <= set(SHOWN_OUTCOMES), "a number that no filter finds"
        # given a line that a kidney rule ranked, with cardiovascular rules behind it
        WorklistEntry.objects.update(
            rule_id="K1",
            outcome="kidney_failure_2y",
            probability=0.12,
            firing=["K1", "C2", "K2", "C4"],
            shown={"kidney_failure_2y": 0.12, "kidney_failure_5y": 0.4, "cvd": 0.25, "hf": 0.2},
        )
        for query, count in (
            ("rule=C4", 1),
            ("rule=C3", 0),
            ("rule=none", 0),
            ("level=info", 1),
            ("level=critical", 0),
            ("outcome=cvd", 1),
            ("outcome=cvd&p=25", 1),
            ("outcome=cvd&p=25.1", 0),
            ("outcome=kidney_failure_2y&p=12.1", 0),
            ("p=40", 1),
            ("p=40.1", 0),
        ):
            assert len(shown(panel.page(f"?{query}"))) == count, query
        # and one from before they were kept is found by its own rule and number
        WorklistEntry.objects.update(firing=[], shown={})
        for query, count in (("rule=K1", 1), ("rule=C4", 0), ("p=12", 1), ("outcome=cvd", 0)):
            assert len(shown(panel.page(f"?{query}"))) == count, query
        # and a value beyond the model's range is of its outcome, without a number
        WorklistEntry.objects.update(outcome="cvd", probability=None)
        assert len(shown(panel.page("?outcome=cvd"))) == 1
        assert shown(panel.page("?outcome=cvd&p=0")) == []

    def test_a_value_that_is_no_filter_is_said_and_not_applied(self, panel: Panel) -> None:
        page = panel.page("?level=terrible&p=nine&older=7'")
        assert len(shown(page)) == 1
        assert re.search(r"Not applied:</strong> Level, Probability at least, %, Newest", page)

    def test_removing_a_chip_leaves_the_other_filters_and_the_order(self, panel: Panel) -> None:
        page = panel.page("?review=waiting&sex=female&sort=-name")
        assert 'href="?sex=female&amp;sort=-name"' in page
        assert 'href="?review=waiting&amp;sort=-name"' in page
        # UX C3: a heading keeps the filters, and turns its order round
        assert page.count('aria-sort="descending"') == 1
        assert 'href="?review=waiting&amp;sex=female&amp;sort=probability"' in page
        assert 'href="?review=waiting&amp;sex=female&amp;sort=name"' in page


class TestWhyFlagged:
    def test_a_row_says_the_chance_the_change_the_reasons_and_the_age_of_the_data(
        self, panel: Panel
    ) -> None:
        """UX C4."""
        page = panel.page()
        assert re.search(r"\d+ out of 100", page) and "over 90 days or more" in page
        assert 1 <= len(panel.entry.why) <= 2
        assert all(reason in page for reason in panel.entry.why)
        assert 'data-label="Newest data"' in page and "Never opened by you" in page

    def test_what_changed_since_the_twin_was_opened(self, panel: Panel) -> None:
        # given a doctor who opened the twin
        panel.doctor.get(f"/twins/{panel.patient.public_id}/")
        assert "nothing new" in panel.page()
        # when newer results come in and the twin is calculated anew
        bp = fhir.blood_pressure("p1-new", 141, 80, date="2026-11-20T09:00:00Z")
        push(panel.ehr, bp)
        then = Visit.objects.get().probability
        assert len(shown(panel.page("?since=visit"))) == 1, "the twin is stale"
        pipeline.refresh_twin(panel.patient.pk, now=NOW + timedelta(minutes=1))
        # then the row says what was, what is, and how much is new
        page = panel.page("?since=visit")
        assert then is not None and f"{100 * then:.1f} % then" in page
        assert "1 new or changed result" in page
        # and after the next opening nothing is new
        panel.doctor.get(f"/twins/{panel.patient.public_id}/")
        assert shown(panel.page("?since=visit")) == []

    def test_a_stale_row_is_marked(self, panel: Panel) -> None:
        """UX C8."""
        StaleTwin.objects.create(patient=panel.patient, marked_at=NOW)
        assert "New data, being recalculated" in panel.page("?stale=yes")


class TestAcknowledging:
    def test_a_coded_reason_quiets_the_own_list_and_is_audited(self, panel: Panel) -> None:
        """UX C6: dismissing needs a coded reason, and is audited."""
        colleague = signed_in(clinician("dr1", "colleague"))
        assert "Choose a reason" in panel.acknowledges(reason="").content.decode()
        assert "Choose a reason" in panel.acknowledges(reason="whatever").content.decode()
        assert not Acknowledgement.objects.exists()
        answer = panel.acknowledges(reason="not_relevant", note="Mine has a stent").content.decode()
        assert "Acknowledged: not relevant" in answer
        assert shown(answer) == [] and "1 more is not shown" in answer
        event = AuditEvent.objects.get(action="acknowledge")
        assert event.patient_ids == [panel.patient.pk]
        assert event.detail == f"{panel.entry.rule_id} not_relevant"
        # the colleague keeps the flag, and sees what was said
        others = colleague.get("/worklist/").content.decode()
        assert len(shown(others)) == 1 and "not relevant to this patient" in others
        # and it can be taken back
        panel.doctor.post(f"/twins/{panel.patient.public_id}/unacknowledge/")
        assert len(shown(panel.page())) == 1
        assert Acknowledgement.objects.get().ended_because == "undone"

    def test_in_place_the_row_of_this_patient_comes_back_alone(self, panel: Panel) -> None:
        """UX C6, C11."""
        path = f"/twins/{panel.patient.public_id}/acknowledge/"
        answer = panel.doctor.post(path, panel.form(), headers={"HX-Request": "true"})
        assert shown(answer.content.decode()) == [str(panel.patient.public_id)]
        assert answer.content.decode().count("<tr ") == 1
        assert "Acknowledged" in answer.headers["HX-Trigger"]
        assert "Mine" not in answer.headers["HX-Trigger"]

    def test_a_flag_that_moved_on_is_not_acknowledged_with_the_old_one(self, panel: Panel) -> None:
        form = panel.form()
        WorklistEntry.objects.update(rule_id="K1")
        path = f"/twins/{panel.patient.public_id}/acknowledge/"
        said = panel.doctor.post(path, form, follow=True).content.decode()
        assert "The flag has changed meanwhile" in said
        assert not Acknowledgement.objects.exists()

    @pytest.mark.parametrize("prediction", ["9" * 5000, "9" * 19, "x"])
    def test_a_prediction_that_no_page_has_shown(self, panel: Panel, prediction: str) -> None:
        said = panel.acknowledges(prediction=prediction).content.decode()
        assert "Not acknowledged" in said and not Acknowledgement.objects.exists()
        released = panel.doctor.post(
            f"/twins/{panel.patient.public_id}/release/", {"prediction": prediction}
        )
        assert released.status_code == 404
        assert panel.doctor.get("/worklist/metrics/", {"days": prediction}).status_code == 200

    def test_a_note_and_a_name_cannot_turn_the_page_around(self, panel: Panel) -> None:
        panel.acknowledges(note="\u202eseen\u2066 \U0001f468\u200d\U0001f469")
        assert Acknowledgement.objects.get().note == "seen \U0001f468\u200d\U0001f469"
        panel.doctor.post("/worklist/views/", {"name": "My\u202e view", "query": "sort=name"})
        assert SavedView.objects.get().name == "My view"

    def test_later_needs_a_day_and_on_it_the_flag_is_back(self, panel: Panel) -> None:
        assert "needs a day" in panel.acknowledges(reason="later").content.decode()
        for day in ("2020-01-01", "2099-01-01", "soon", "2026-02-30"):
            assert (
                "Not acknowledged" in panel.acknowledges(reason="later", until=day).content.decode()
            )
        tomorrow = timezone.localdate() + timedelta(days=1)
        panel.acknowledges(reason="later", until=tomorrow.isoformat())
        assert shown(panel.page()) == []
        assert len(shown(panel.page("?ack=yes"))) == 1
        Acknowledgement.objects.update(until=timezone.localdate())
        assert len(shown(panel.page())) == 1
        assert shown(panel.page("?ack=yes")) == []

    @pytest.mark.parametrize(
        ("rise", "why", "ended"),
        [
            (0.02, None, "rose"),
            (0.0199, None, ""),
            (-0.05, None, ""),
            (0.0, ["Smoking status: yes"], "new_reason"),
        ],
    )
    def test_it_comes_back_when_the_flag_says_more(
        self, panel: Panel, rise: float, why: list[str] | None, ended: str
    ) -> None:
        panel.acknowledges()
        given = Acknowledgement.objects.get()
        given.probability -= rise
        if why is not None:
            given.why = why
        given.save()
        pipeline.score_twins([panel.patient.pk], now=NOW + timedelta(days=1))
        assert Acknowledgement.objects.get().ended_because == ended
        assert bool(shown(panel.page())) == bool(ended)
        assert Flag.objects.count() == 1, "the same flag still"

    def test_it_comes_back_when_a_rule_of_lower_rank_begins_to_fire(self, panel: Panel) -> None:
        # given a flag that was acknowledged while the last of its rules did not fire yet
        panel.acknowledges()
        fired = panel.entry.firing
        assert Acknowledgement.objects.get().firing == fired and fired[0] == panel.entry.rule_id
        assert len(fired) > 1 and "Also fires" in panel.page("?ack=all")
        Acknowledgement.objects.update(firing=fired[:-1])
        # when the twin is judged again
        pipeline.score_twins([panel.patient.pk], now=NOW + timedelta(days=1))
        # then the patient is back, with the same flag
        assert Acknowledgement.objects.get().ended_because == "new_rule"
        assert len(shown(panel.page())) == 1 and Flag.objects.count() == 1

    def test_a_rule_that_the_page_did_not_show_is_not_acknowledged(self, panel: Panel) -> None:
        said = panel.acknowledges(firing=panel.entry.rule_id).content.decode()
        assert "The flag has changed meanwhile" in said
        assert not Acknowledgement.objects.exists()

    def test_another_rule_is_another_flag(self, panel: Panel) -> None:
        panel.acknowledges()
        rule = panel.entry.rule_id
        # when the pressure is beyond the model, another rule fires
        push(panel.ehr, fhir.blood_pressure("p1-x", 205, 99, date="2026-11-20T09:00:00Z"))
        pipeline.refresh_twin(panel.patient.pk, now=NOW + timedelta(minutes=1))
        flags = list(Flag.objects.order_by("pk").values_list("rule_id", "ended_at"))
        assert [f for f, _ in flags] == [rule, "X1"] and flags[0][1] and not flags[1][1]
        assert Acknowledgement.objects.get().ended_because == "flag_ended"
        page = panel.page()
        assert len(shown(page)) == 1 and "Critical" in page

    def test_a_pressure_beyond_the_model_is_back_when_it_rises_and_not_when_it_falls(
        self, panel: Panel
    ) -> None:
        # given a pressure beyond the model's range that was acknowledged
        for minute, pressure, ended in ((1, 226, ""), (2, 211, ""), (3, 231, "further")):
            day = f"2026-11-20T0{minute}:00:00Z"
            push(panel.ehr, fhir.blood_pressure(f"p1-{minute}", pressure, 99, date=day))
            pipeline.refresh_twin(panel.patient.pk, now=NOW + timedelta(minutes=minute))
            assert panel.entry.rule_id == "X1" and str(pressure) in panel.entry.why[0]
            if pressure == 226:
                panel.acknowledges()
            # then a lower one is no news, and one further beyond than it was is
            assert Acknowledgement.objects.get().ended_because == ended, pressure
        assert Flag.objects.filter(rule_id="X1").count() == 1

    def test_other_peoples_patients_are_not_there(self, panel: Panel) -> None:
        stranger = signed_in(clinician("dr2", "stranger"))
        for action in ("acknowledge", "unacknowledge"):
            path = f"/twins/{panel.patient.public_id}/{action}/"
            assert stranger.post(path, panel.form()).status_code == 404
            assert stranger.get(path).status_code == 405

    def test_two_clinicians_do_not_end_each_others(self, panel: Panel) -> None:
        other = clinician("dr1", "colleague")
        entry = panel.entry
        seen = acknowledging.Seen(entry.rule_id, entry.prediction_id, tuple(entry.firing))
        for user in (panel.user, other, panel.user):
            acknowledging.acknowledge(
                panel.patient, seen, acknowledging.Answer("known"), by=user, now=NOW
            )
        assert acknowledging.take_back(panel.patient, by=other, now=NOW)
        assert not acknowledging.take_back(panel.patient, by=other, now=NOW)
        endings = sorted(Acknowledgement.objects.values_list("ended_because", flat=True))
        assert endings == ["", "replaced", "undone"]


class TestSavedViews:
    def save(self, panel: Panel, name: str, query: str = "level=warning&sort=name") -> str:
        data = {"name": name, "query": query}
        return panel.doctor.post("/worklist/views/", data, follow=True).content.decode()

    def test_a_view_is_kept_opened_first_renamed_and_deleted(self, panel: Panel) -> None:
        self.save(panel, "My  mornings", "level=warning&sort=name&q=Mine&page=3")
        view = SavedView.objects.get()
        assert (view.name, view.query) == ("My mornings", "level=warning&sort=name")
        path = f"/worklist/views/{view.pk}/"
        panel.doctor.post(path, {"action": "default", "query": view.query})
        assert panel.doctor.get("/worklist/").headers["Location"] == f"/worklist/?{view.query}"
        assert panel.doctor.get("/worklist/?sort=attention").status_code == 200
        panel.doctor.post(path, {"action": "rename", "name": "Evenings"})
        assert "Evenings" in panel.page(f"?{view.query}")
        self.save(panel, "Second")
        wrong = panel.doctor.post(path, {"action": "rename", "name": "Second"}, follow=True)
        assert "Another view has this name" in wrong.content.decode()
        panel.doctor.post(path, {"action": "delete"})
        assert not SavedView.objects.filter(pk=view.pk).exists()

    def test_nobody_elses_and_no_more_than_twenty(self, panel: Panel) -> None:
        SavedView.objects.bulk_create(
            [SavedView(user=panel.user, name=f"v{n}", query="sort=name") for n in range(20)]
        )
        assert "There are 20 saved views already" in self.save(panel, "one more")
        stranger = signed_in(clinician("dr2", "stranger"))
        view = SavedView.objects.all()[0]
        path = f"/worklist/views/{view.pk}/"
        for action in ("delete", "rename", "default"):
            assert stranger.post(path, {"action": action, "name": "x"}).status_code == 404
        assert panel.doctor.post(path, {"action": "explode"}).status_code == 404
        assert SavedView.objects.count() == 20
        assert "at most 60 characters" in self.save(panel, " ")


class TestNews:
    def news(self, panel: Panel, page: str, tag: str = '"0"') -> Any:
        path = re.search(r'hx-get="([^"]+)"', page)
        assert path is not None
        address = path[1].replace("&amp;", "&")
        return panel.doctor.get(address, headers={"If-None-Match": tag})

    def test_only_a_change_is_news_and_it_is_announced_once(self, panel: Panel) -> None:
        page = panel.page()
        # nothing happened, and a refresh that says the same is nothing
        assert self.news(panel, page).status_code == 304
        pipeline.score_twins([panel.patient.pk], now=NOW + timedelta(minutes=1))
        assert self.news(panel, page).status_code == 304
        # when a result changes what the list says
        push(panel.ehr, fhir.blood_pressure("p1-n", 170, 90, date="2026-11-20T09:00:00Z"))
        pipeline.refresh_twin(panel.patient.pk, now=NOW + timedelta(minutes=2))
        answer = self.news(panel, page)
        # then it says how many and not who, and no second time
        assert "1 patient has new results" in answer.content.decode()
        assert "Mine" not in answer.content.decode()
        assert self.news(panel, page, answer.headers["ETag"]).status_code == 304
        # and a page that is opened now knows it
        assert self.news(panel, panel.page()).status_code == 304

    def test_a_change_that_is_committed_late_is_news(self, panel: Panel) -> None:
        page = panel.page()
        WorklistEntry.objects.update(changed_at=timezone.now() - timedelta(seconds=40))
        assert self.news(panel, page).status_code == 200

    def test_what_is_no_mark_is_refused(self, panel: Panel) -> None:
        for mark in ("", "x", "1.", "9" * 40):
            assert panel.doctor.get(f"/worklist/news/?mark={mark}").status_code == 400


def test_the_number_of_queries_does_not_grow_with_the_panel(panel: Panel) -> None:
    """UX C10: at two sizes, in all the states of a row."""

    def queries(path: str) -> int:
        with CaptureQueriesContext(connection) as captured:
            assert panel.doctor.get(path).status_code == 200
        return len(captured)

    def visit_all() -> None:
        for patient in Patient.objects.all():
            panel.doctor.get(f"/twins/{patient.public_id}/")

    paths = ["/worklist/?ack=all", "/worklist/?since=visit&ack=all", "/worklist/metrics/"]
    visit_all()
    panel.acknowledges()
    queries(paths[0])
    before = [queries(path) for path in paths]
    for number in range(2, 5):
        twin(panel.ehr, f"p{number}", doctor="dr1")
    visit_all()
    assert [queries(path) for path in paths] == before
    assert max(before) <= 20


def test_a_refresh_and_an_acknowledgement_hold_the_same_lock(panel: Panel) -> None:
    """Else a number that rose meanwhile would be acknowledged unseen."""
    with CaptureQueriesContext(connection) as captured:
        services.refresh([services.Standing(panel.patient.pk, [], None)], NOW)
    with CaptureQueriesContext(connection) as acknowledged:
        panel.acknowledges(rule="", prediction="")
    lock = re.compile(r'FROM "attention_worklistentry".*FOR UPDATE', re.DOTALL)
    assert any(lock.search(q["sql"]) for q in captured.captured_queries)
    assert any(lock.search(q["sql"]) for q in acknowledged.captured_queries)
