"""People like you: who is compared, who never is, what is told, and to whom."""

import re
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from pgvector.django import VectorExtension

from explain.wording.phrases import LEVELS
from models_engine.catalogue.similarity.embedding import (
    DIMENSIONS,
    MOST_POINTS,
    embed,
    points_apart,
)
from patients.access.consent import Purpose, permits
from patients.models import AuditEvent, ConsentChoice, Fact, Patient, Resource
from patients.record.loading import facts_of, state_of
from tests.factories import fhir
from tests.factories.people import clinician, patient_user, push, signed_in, twin
from tests.factories.similar import TODAY, keys, past_people
from tests.readability import flesch_kincaid_grade
from twinportal import pipeline
from twinportal.similar import services
from twinportal.similar.anchors import HORIZONS, anchor, length, previous
from twinportal.similar.comparison import Comparison, compare
from twinportal.similar.models import PastTwin
from twinportal.similar.reading import values_of
from twinportal.similar.selectors import PEOPLE, Asking, nearest, people_alike

pytestmark = pytest.mark.django_db
MINE, CHOICE = "/my/people-like-me/", "/my/people-like-me/choice/"


@pytest.fixture
def one(ehr_client: Client) -> Patient:
    """Alike with `past_people`; her own past is not among them."""
    return twin(ehr_client, "p1", family="Mine")


def asking(patient: Patient) -> Asking:
    return Asking(patient, "female", values_of(state_of(patient.pk, TODAY)))


def compared(patient: Patient) -> Comparison:
    return compare(patient, state_of(patient.pk, TODAY), now=TODAY)


def shares(found: Comparison) -> dict[str, Any]:
    return {row.id: row.told for row in found.fared}


def refuse(patient: Patient, purpose: Purpose, *, granted: bool = False) -> None:
    ConsentChoice.objects.create(
        patient=patient, purpose=purpose, granted=granted, at=TODAY, by="1"
    )


def test_the_anchors_are_over_and_lie_half_a_year_apart() -> None:
    for years in HORIZONS:
        assert anchor(TODAY, years) + length(years) <= TODAY
        assert anchor(TODAY, years) + length(years) > TODAY - timedelta(days=186)
        assert timedelta(days=180) < anchor(TODAY, years) - previous(TODAY, years)
    # the first instant of a half-year is an anchor itself
    start = datetime.fromisoformat("2026-07-01T00:00:00+00:00")
    assert anchor(start + length(5), 5) == start


class TestVectors:
    """Kept by the refresh."""

    def test_a_refresh_writes_a_row_for_each_day_of_which_enough_is_known(
        self, ehr_client: Client
    ) -> None:
        # given a record with values of shortly before the one-year anchor
        day = anchor(TODAY, 1) - timedelta(days=20)
        early = fhir.complete_record("p9", date=day.isoformat())
        push(ehr_client, fhir.practitioner("dr1"), *early)
        patient = Patient.objects.get(fhir_id="p9")
        # when it is refreshed, twice
        pipeline.refresh_twin(patient.pk, now=TODAY)
        row = PastTwin.objects.get(patient=patient)
        services.refresh([(patient, facts_of(patient.pk))], TODAY)
        # then that day alone has a row, and the second time wrote nothing
        assert row.years == 1 and row.as_of == anchor(TODAY, 1) and len(row.vector) == DIMENSIONS
        assert PastTwin.objects.get(patient=patient).pk == row.pk
        with CaptureQueriesContext(connection) as captured:
            services.refresh([(patient, facts_of(patient.pk))], TODAY)
        assert not [q for q in captured if "INSERT" in q["sql"] or "DELETE" in q["sql"]]
        # when the values turn out to be somebody else's, it goes
        Fact.objects.filter(patient=patient).delete()
        services.refresh([(patient, facts_of(patient.pk))], TODAY)
        assert not PastTwin.objects.exists()

    def test_the_command_rebuilds_and_when_switched_off_deletes(self, settings: Any) -> None:
        people = past_people(3)
        settings.SIMILAR = "off"
        services.refresh([(people[0], [])], TODAY)
        assert PastTwin.objects.count() == 3
        call_command("rebuild_similar")
        assert not PastTwin.objects.exists()
        settings.SIMILAR = "on"
        past_people(3, prefix="again")
        # their records hold nothing to be alike in
        call_command("rebuild_similar")
        assert not PastTwin.objects.exists()

    def test_a_site_whose_superuser_made_the_extension_needs_none_to_migrate(self) -> None:
        """pgvector is no trusted extension: the migration must find it there."""
        with connection.cursor() as cursor:
            cursor.execute("CREATE ROLE plain_role NOLOGIN")
            cursor.execute("SET LOCAL ROLE plain_role")
        with connection.schema_editor(collect_sql=False, atomic=False) as editor:
            VectorExtension().database_forwards("similar", editor, None, None)
        with connection.cursor() as cursor:
            cursor.execute("SELECT current_user, count(*) FROM pg_extension WHERE extname='vector'")
            assert cursor.fetchone() == ("plain_role", 1)
            cursor.execute("RESET ROLE")


class TestNearest:
    """Who is compared at all."""

    def test_the_nearest_come_first_exactly_as_computed_by_hand(self, one: Patient) -> None:
        older = past_people(3, prefix="older", values={"age": 67.0})
        same = past_people(3, prefix="same")
        past_people(2, prefix="far", values={"heart_failure": 1.0, "vascular_disease": 1.0})
        past_people(2, prefix="old", values={"age": 80.0})
        past_people(2, prefix="men", sex="male")
        past_people(2, prefix="recent", years=3)
        found = nearest(asking(one), 5, now=TODAY)
        assert [row.patient_id for row in found] == [
            *sorted(keys(same)),
            *sorted(keys(older)),
        ]
        own = embed(asking(one).values)
        for row in found:
            assert row.distance**2 == pytest.approx(points_apart(own, row.vector), abs=1e-4)
            assert row.distance**2 <= MOST_POINTS

    def test_who_refused_is_gone_or_is_kin_is_left_out_at_once(
        self, one: Patient, ehr_client: Client
    ) -> None:
        people = past_people(8)
        refused, back, gone, merged, double, linked, *rest = people
        # given one who refused, one who refused and came back, a deleted, a merged record
        refuse(refused, Purpose.COUNTED_AMONG_SIMILAR)
        refuse(back, Purpose.COUNTED_AMONG_SIMILAR)
        refuse(back, Purpose.COUNTED_AMONG_SIMILAR, granted=True)
        Patient.objects.filter(pk=gone.pk).update(active=False)
        Patient.objects.filter(pk=merged.pk).update(merged_into=rest[0])
        # one with an identifier of hers, one whom her record links to, and her own past
        own = [token for token in one.resource.tokens if token.startswith("identifier\x1f")]
        assert own
        Resource.objects.filter(pk=double.resource_id).update(tokens=own)
        link = {"other": {"reference": f"Patient/{linked.fhir_id}"}, "type": "seealso"}
        body = fhir.patient("p1", family="Mine") | {"link": [link]}
        answer = ehr_client.put("/fhir/Patient/p1", body, content_type="application/fhir+json")
        assert answer.status_code == 200, answer.content
        PastTwin.objects.filter(patient=rest[1]).update(patient=one)
        # then the others alone are found
        found = {row.patient_id for row in nearest(asking(one), 5, now=TODAY)}
        assert found == keys([back, rest[0]])

    def test_rows_of_an_older_half_year_count_until_they_are_rewritten(self, one: Patient) -> None:
        people = past_people(3)
        PastTwin.objects.filter(patient=people[0]).update(as_of=previous(TODAY, 5))
        PastTwin.objects.filter(patient=people[1]).update(
            as_of=previous(TODAY, 5) - timedelta(days=1)
        )
        PastTwin.objects.filter(patient=people[2]).update(version=99)
        assert [row.patient_id for row in nearest(asking(one), 5, now=TODAY)] == [people[0].pk]

    def test_being_near_does_not_tell_that_one_is_counted(self, one: Patient) -> None:
        """A fifth of the nearest is left out, the same for one who asks and another for others."""
        people = past_people(40)
        drawn = {row.patient_id for row in people_alike(asking(one), 5, now=TODAY)}
        again = {row.patient_id for row in people_alike(asking(one), 5, now=TODAY)}
        assert drawn == again and len(drawn) == 32 < PEOPLE and drawn < keys(people)
        other = Asking(people[0], "female", asking(one).values)
        assert {row.patient_id for row in people_alike(other, 5, now=TODAY)} != drawn


class TestFared:
    """What became of them."""

    def test_shares_are_those_of_who_was_followed_and_had_none_before(self, one: Patient) -> None:
        # given 100 people of whom 40 had a stroke, 20 died, and 10 were never seen again
        past_people(100, events=40, died=20, lost=10)
        found = compared(one)
        told = shares(found)
        # then about 80 were drawn, and a few of them lost
        assert (found.why, found.years, found.lost) == ("", 5, "fewer than 10")
        assert found.people in ("about 70", "about 80")
        assert told["cardiovascular"].kind == "share"
        assert 35 <= told["cardiovascular"].share <= 55
        assert told["death"].low <= 22 <= told["death"].high
        # nobody had kidney failure: that is told no better than nine of them
        assert told["kidney_failure"].kind == "below" and told["kidney_failure"].share <= 25
        # no stays were ever sent: nothing is said of stays
        assert told["hospital_stay"].kind == "few"

    def test_who_had_it_before_is_not_asked_whether_they_got_it(self, one: Patient) -> None:
        past_people(100, events=50)
        before = anchor(TODAY, 5) - timedelta(days=30)
        Fact.objects.filter(concept="stroke").update(effective_at=before)
        told = shares(compared(one))
        # half had it before; too few are left for a share
        assert told["cardiovascular"].kind == "few" and told["diabetes"].kind != "few"

    def test_what_the_patient_has_already_is_not_told_as_something_new(
        self, one: Patient, ehr_client: Client
    ) -> None:
        past_people(60, events=30, values={"diabetes": 1.0})
        push(ehr_client, fhir.condition("p1-dm", "44054006", subject="p1"))
        found = compared(one)
        assert "diabetes" not in shares(found) and found.had == ("Diabetes",)

    @pytest.mark.parametrize("count", [0, 20, 36])
    def test_below_the_least_nothing_at_all_is_shown(self, one: Patient, count: int) -> None:
        past_people(count, events=count // 2)
        found = compared(one)
        assert found.why == "too_few" and not found.fared and not found.alike

    def test_a_shorter_time_is_taken_where_too_few_were_followed_for_long(
        self, one: Patient
    ) -> None:
        past_people(20, prefix="five")
        past_people(80, prefix="three", years=3, events=40)
        assert compared(one).years == 3

    def test_children_pregnant_women_and_unknown_ages_are_not_compared(
        self, ehr_client: Client
    ) -> None:
        past_people(60)
        for number, (changes, why) in enumerate(
            [({"birth_date": "2015-05-01"}, "not_for"), ({"gender": "unknown"}, "not_for")]
        ):
            push(ehr_client, *fhir.complete_record(f"q{number}", **changes))
            patient = Patient.objects.get(fhir_id=f"q{number}")
            assert compared(patient).why == why
        push(ehr_client, fhir.patient("bare"))
        assert compared(Patient.objects.get(fhir_id="bare")).why == "unknown"


class TestClinicianPage:
    def test_it_shows_aggregates_alone_in_few_queries_and_is_audited(self, one: Patient) -> None:
        """UX A3: the pictures and the table say the same; UX C1: the banner."""
        people = past_people(100, events=40, died=20)
        doctor = signed_in(clinician())
        address = f"/twins/{one.public_id}/similar/"
        with CaptureQueriesContext(connection) as captured:
            html = doctor.get(address).content.decode()
        assert len(captured) <= 30
        assert "Secretname" not in html and not re.search(r"past\d", html)
        assert not any(str(person.public_id) in html for person in people)
        assert "not a prediction" in html and "about 80" in html and "Allergies" in html
        assert AuditEvent.objects.filter(
            what="people like this", patient_ids=[one.pk], action="read"
        ).exists()
        # every share drawn is the share of its row, and no exact count is there
        drawn = [int(n) for n in re.findall(r'data-filled="(\d+)"', html)]
        rows = [int(n) for n in re.findall(r'data-kind="share" data-share="(\d+)"', html)]
        assert drawn == rows != [] and all(share % 5 == 0 for share in rows)
        # as many people more are as many queries
        past_people(60, events=20, prefix="more")
        with CaptureQueriesContext(connection) as again:
            doctor.get(address)
        assert len(again) <= len(captured)

    def test_too_few_is_said_and_why(self, one: Patient) -> None:
        html = signed_in(clinician()).get(f"/twins/{one.public_id}/similar/").content.decode()
        assert "No numbers can be shown." in html and "Fewer than 30 people" in html
        assert "out of 100" not in html

    def test_only_for_the_patients_own_clinicians_and_where_it_is_on(
        self, one: Patient, settings: Any
    ) -> None:
        address = f"/twins/{one.public_id}/similar/"
        assert signed_in(clinician("dr2", "other")).get(address).status_code == 404
        assert signed_in(patient_user(one)).get(address).status_code == 403
        doctor = signed_in(clinician())
        assert f'href="{address}"' in doctor.get(f"/twins/{one.public_id}/tools/").content.decode()
        settings.SIMILAR = "off"
        assert doctor.get(address).status_code == 404
        assert (
            f'href="{address}"' not in doctor.get(f"/twins/{one.public_id}/tools/").content.decode()
        )


class TestPatientPage:
    def test_without_consent_the_page_asks_and_an_answer_counts_at_once(self, one: Patient) -> None:
        past_people(100, events=40)
        client = signed_in(patient_user(one))
        html = client.get(MINE).content.decode()
        assert "Do you want to see this?" in html and "out of 100" not in html
        # when she says yes
        assert client.post(CHOICE, {"answer": "maybe"}).status_code == 400
        assert client.get(CHOICE).status_code == 405
        assert client.post(CHOICE, {"answer": "yes"}).status_code == 302
        assert permits(one, Purpose.SEE_SIMILAR)
        assert "out of 100" in client.get(MINE).content.decode()
        # and no again
        client.post(CHOICE, {"answer": "no"})
        assert "out of 100" not in client.get(MINE).content.decode()
        said = AuditEvent.objects.filter(what="own consent").order_by("pk")
        assert list(said.values_list("action", "detail")) == [
            ("choose", "see-similar yes"),
            ("choose", "see-similar no"),
        ]

    def test_numbers_and_times_in_every_sentence_and_the_same_at_every_level(
        self, one: Patient
    ) -> None:
        """UX P1, P2, P3, P5, P6, P9, P12, P13, P17, E11."""
        past_people(100, events=40, died=20)
        refuse(one, Purpose.SEE_SIMILAR, granted=True)
        user = patient_user(one)
        client = signed_in(user)
        told = {}
        for level in LEVELS:
            user.literacy_level = level
            user.save()
            html = client.get(MINE).content.decode()
            told[level] = re.findall(r'data-(?:risk|low|high|horizon|others|bound)="[^"]*"', html)
            main = html[html.index("<main") : html.index("</main>")]
            text = re.sub(r"<form.*?</form>", "", main, flags=re.DOTALL)
            blocks = [
                re.sub(r"<[^>]+>", " ", block).strip()
                for block in re.findall(
                    r"<(?:p|li|h\d|summary)\b[^>]*>(.*?)</(?:p|li|h\d|summary)>", text, re.DOTALL
                )
            ]
            sentences = [
                s for b in blocks for s in re.split(r"(?<=[.!?])\s+", " ".join(b.split())) if s
            ]
            for sentence in sentences:
                assert len(sentence.split()) <= 20, sentence
                if "out of 100" in sentence:
                    assert re.search(r"within \d years?", sentence), sentence
            words = " ".join(sentences).lower()
            for wrong in ("caused by", "because of", "percent", "%", "twice", "double", "likely"):
                assert wrong not in words
            assert "call 911 now" in words and "talk about this with" in words
            if level == "plain":
                whole = " ".join(s if s[-1] in ".!?" else s + "." for s in sentences)
                assert len(whole.split()) >= 100
                assert flesch_kincaid_grade(whole) <= 6
            # the first picture is of the first number
            assert (
                re.search(r'data-filled="(\d+)"', html)[1]
                == re.search(  # type: ignore[index]
                    r'data-risk="(\d+)"', html
                )[1]
            )  # type: ignore[index]
            assert "Secretname" not in html
        assert told["plain"] == told["standard"] == told["detailed"] != []
        for risk, others in re.findall(r'data-risk="(\d+)".*?data-others="(\d+)"', html, re.DOTALL):
            assert int(risk) + int(others) == 100

    def test_deaths_are_shown_to_who_opens_them(self, one: Patient) -> None:
        past_people(100, events=40, died=30)
        refuse(one, Purpose.SEE_SIMILAR, granted=True)
        html = signed_in(patient_user(one)).get(MINE).content.decode()
        closed = re.search(
            r"<details class=\"card similar__asked\">(.*?)</details>", html, re.DOTALL
        )
        assert closed and 'data-event="death"' in closed[1]
        assert html.count('data-event="death"') == 1

    def test_too_few_is_said_in_plain_words(self, one: Patient) -> None:
        refuse(one, Purpose.SEE_SIMILAR, granted=True)
        html = signed_in(patient_user(one)).get(MINE).content.decode()
        assert "too few people like you" in html and "out of 100" not in html

    def test_switched_off_there_is_no_page_and_no_link(self, one: Patient, settings: Any) -> None:
        client = signed_in(patient_user(one))
        assert MINE in client.get("/my/").content.decode()
        settings.SIMILAR = "off"
        assert client.get(MINE).status_code == 404
        assert client.post(CHOICE, {"answer": "yes"}).status_code == 404
        assert MINE not in client.get("/my/").content.decode()
        assert not ConsentChoice.objects.exists()

    def test_clinicians_have_no_such_page(self, one: Patient) -> None:
        assert signed_in(clinician()).get(MINE).status_code == 403
