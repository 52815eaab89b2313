"""Drug levels and body weight, from what an EHR sends to what a clinician reads."""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from html import unescape
from zoneinfo import ZoneInfo

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from models_engine.catalogue.mechanistic.drugs import VANCOMYCIN
from models_engine.catalogue.mechanistic.individual import Level, expected, individualised
from models_engine.catalogue.mechanistic.kinetics import Regimen
from models_engine.catalogue.mechanistic.renal import RenalPatient
from patients.models import AuditEvent, Fact, Patient
from tests.factories import drug_levels as drugs
from tests.factories import fhir
from tests.factories.people import clinician, patient_user, push, signed_in
from twinportal.dashboards.clinician.trends import number

pytestmark = pytest.mark.django_db
REGIMEN = {"amount": "1000", "interval": "12", "hours": "1"}


@dataclass
class Ward:
    """A man of 60 on vancomycin, his doctor, and somebody else's patient."""

    mine: Patient
    other: Patient
    doctor: Client
    ehr: Client
    now: datetime

    def url(self, drug: str = "vancomycin") -> str:
        return f"/twins/{self.mine.public_id}/drug-levels/{drug}/"

    @property
    def weight_url(self) -> str:
        return f"/twins/{self.mine.public_id}/body-weight/"


@pytest.fixture
def ward(ehr_client: Client) -> Ward:
    now = timezone.now()
    push(ehr_client, fhir.practitioner("dr1"), fhir.practitioner("dr2"))
    man = {"gender": "male", "birth_date": f"{now.year - 60}-01-01"}
    push(
        ehr_client,
        fhir.patient("p1", practitioner="dr1", family="Mine", **man),
        fhir.patient("p2", practitioner="dr2", family="Otherone", **man),
        *drugs.course("p1", now),
    )
    return Ward(
        Patient.objects.get(fhir_id="p1"),
        Patient.objects.get(fhir_id="p2"),
        signed_in(clinician("dr1")),
        ehr_client,
        now,
    )


def text_of(answer) -> str:
    assert answer.status_code == 200
    plain = re.sub(r"<[^>]+>", " ", answer.content.decode())
    return re.sub(r"\s+", " ", unescape(plain))


def expected_by_hand(ward: Ward, trough: float = 22.0):
    """The same patient, put together here from the factory's numbers."""
    who = RenalPatient(age=60, sex=0.0, weight=70, height=178, creatinine=1.0)
    doses = Regimen(1000, 12, 1).doses(0, 48)
    return individualised(VANCOMYCIN.prior(who), doses, [Level(35.5, trough)])


def test_levels_and_doses_of_the_record_make_the_kinetics_individual(ward: Ward) -> None:
    text = text_of(ward.doctor.get(ward.url()))

    kinetics = expected_by_hand(ward)
    assert "Creatinine clearance: 78 mL/min (Cockcroft-Gault, with 70 kg)" in text
    assert "Clearance 3.43 L/h (1.91 to 6.18)" in text
    assert f"{kinetics.clearance:.3g} L/h ({kinetics.clearance_span.low:.3g} to" in text
    assert "4 doses, 1 of 1 level used" in text
    assert "A proposal to discuss; nothing is ordered and nothing is stored." in text
    assert "What is missing" not in text
    assert "Published, not yet verified here." in text


def test_a_typed_regimen_leads_to_auc_and_trough(ward: Ward) -> None:
    text = text_of(ward.doctor.post(ward.url(), REGIMEN))

    outcome = expected(expected_by_hand(ward), Regimen(1000, 12, 1))
    assert "The regimen you typed: 1000 mg over 1 h every 12 h" in text
    assert "AUC24 582 mg h/L" in text  # 2,000 mg by 3.66 + 0.689 x 77.8 mL/min
    assert f"{outcome.auc24.value:.3g} mg h/L ({outcome.auc24.low:.3g} to" in text
    assert f"{outcome.trough.value:.3g} mg/L" in text
    assert (
        "Usual target: AUC24 400 to 600 mg h/L (serious MRSA infections, if the MIC is 1 mg/L; Rybak 2020). With the levels, the typed regimen's "
        f"{number(outcome.auc24.value)} ({number(outcome.auc24.low)} to {number(outcome.auc24.high)}) is inside it with a probability of"
        in text
    )


def test_without_a_level_the_target_is_no_verdict(ward: Ward) -> None:
    push(ward.ehr, *drugs.body("p2", ward.now))
    doctor = signed_in(clinician("dr2", "second"))
    address = f"/twins/{ward.other.public_id}/drug-levels/vancomycin/"
    text = text_of(doctor.post(address, REGIMEN | {"amount": "750"}))
    # 1,500 mg by 3.435 L/h with a spread of 0.3: 437 (243 to 786)
    assert (
        "No level is used: 437 (243 to 786) is what people with this renal function and weight are "
        "expected to have, inside it with a probability of 47 %, below it with 38 % and above it "
        "with 14 %. Where this patient lies is not known before a measured level can be used."
        in text
    )
    assert "is inside it." not in text
    low = text_of(doctor.post(address, REGIMEN | {"amount": "50"}))
    assert "inside it with a probability of less than 1 %, below it with more than 99 %" in low


def test_obesity_is_pointed_out_and_far_obesity_refused(ward: Ward) -> None:
    assert "less sure in obesity" not in text_of(ward.doctor.get(ward.url()))
    push(ward.ehr, *drugs.body("p1", ward.now, weight=100))
    text = text_of(ward.doctor.get(ward.url()))
    assert "Body mass index 31.6 kg/m2: what is expected without levels is less sure" in text
    assert "it was 0.51 L/kg" in text and "Clearance 4.07 L/h" in text
    push(ward.ehr, *drugs.body("p1", ward.now, weight=150))
    for drug in ("vancomycin", "gentamicin", "digoxin"):
        answer = ward.doctor.post(ward.url(drug), {"amount": "0.5", "interval": "12"})
        text = text_of(answer)
        assert (
            "Body mass index 47.34 kg/m2 is outside the range of this model: to 40 kg/m2." in text
        )
        assert "No kinetics: see what is missing." in text and answer.context["page"].figure is None


def test_the_drawing_and_its_table_say_the_same(ward: Ward) -> None:
    answer = ward.doctor.get(ward.url())
    page = answer.context["page"]
    drawn = [tuple(map(float, pair.split(","))) for pair in page.figure.line.split()]
    ticks = {float(tick.text): tick.at for tick in page.figure.y_ticks}
    top, bottom = max(ticks), min(ticks)
    scale = (ticks[bottom] - ticks[top]) / (top - bottom)
    values = [(ticks[bottom] - y) / scale + bottom for _, y in drawn]
    named = [float(row.value) for row in page.course_rows]
    assert len(named) >= 9 and len(values) > len(named)
    for value in named:
        assert min(abs(value - other) for other in values) < 0.06
    assert len(page.figure.points) == 1


def test_who_may_look_and_what_is_written_down(ward: Ward, client: Client) -> None:
    stranger, himself = clinician("dr2", "other"), patient_user(ward.mine, "me")
    for path in (ward.url(), ward.weight_url):
        assert client.get(path).status_code == 302
        assert signed_in(stranger).get(path).status_code == 404
        assert signed_in(himself).get(path).status_code == 403
        assert ward.doctor.get(path).status_code == 200
    assert ward.doctor.get(ward.url("aspirin")).status_code == 404
    reads = AuditEvent.objects.filter(action="read", patient_ids=[ward.mine.pk])
    assert {("drug levels", "vancomycin"), ("body weight", "")} <= set(
        reads.values_list("what", "detail")
    )


def test_nothing_typed_is_stored_or_stands_in_an_address(ward: Ward) -> None:
    before = Fact.objects.count()
    answer = ward.doctor.post(ward.url(), REGIMEN)
    assert answer.status_code == 200 and not answer.headers.get("Location")
    assert Fact.objects.count() == before
    assert ward.doctor.get(ward.url() + "?amount=1000").context["form"].is_bound is False
    csrf = Client(enforce_csrf_checks=True)
    csrf.force_login(clinician("dr1", "again"), backend="django.contrib.auth.backends.ModelBackend")
    assert csrf.post(ward.url(), REGIMEN).status_code == 403


def test_what_is_missing_is_said_by_name(ward: Ward) -> None:
    text = text_of(ward.doctor.get(ward.url("gentamicin")))
    assert "No gentamicin level of the last 14 days is recorded." in text
    assert "No dose of gentamicin of the last 28 days can be used." in text
    assert "no level used" in text

    push(ward.ehr, fhir.patient("p3", practitioner="dr1", birth_date="1950-01-01"))
    empty = Patient.objects.get(fhir_id="p3")
    text = text_of(ward.doctor.get(f"/twins/{empty.public_id}/drug-levels/digoxin/"))
    for message in (
        "Weight: none recorded. Weigh the patient.",
        "Height: none recorded.",
        "Order creatinine.",
    ):
        assert message in text
    assert "No kinetics: see what is missing." in text
    text = text_of(ward.doctor.post(f"/twins/{empty.public_id}/body-weight/", {}))
    assert "No simulation" in text and "Weight: none recorded." in text


def test_old_and_impossible_inputs_are_refused_by_name(ward: Ward) -> None:
    old = drugs.moment(ward.now - timedelta(days=20))
    push(ward.ehr, fhir.quantity("p1-scr", "2160-0", 1.0, "mg/dL", date=old))
    text = text_of(ward.doctor.get(ward.url()))
    assert "Creatinine: last on" in text and "more than 7 days ago. Order creatinine." in text
    push(ward.ehr, *drugs.body("p1", ward.now, weight=20))
    assert "Weight 20 kg is outside the range of this model" in text_of(ward.doctor.get(ward.url()))


def test_dialysis_and_death_stop_it(ward: Ward) -> None:
    push(ward.ehr, fhir.condition("hd", "105502003"))
    text = text_of(ward.doctor.get(ward.url()))
    assert "dialysis is recorded. These kinetics were not made for it." in text
    assert "Clearance 3.38" not in text
    push(
        ward.ehr, fhir.patient("p1", practitioner="dr1", gender="male") | {"deceasedBoolean": True}
    )
    assert "the person has died" in text_of(ward.doctor.get(ward.url()))
    assert "the person has died" in text_of(ward.doctor.post(ward.weight_url, WEIGHT_PLAN))


def test_a_dose_that_cannot_be_counted_withholds_the_levels_after_it(ward: Ward) -> None:
    begun = ward.now - timedelta(hours=44)
    push(ward.ehr, drugs.infusion("odd", begun, status="stopped"))
    text = text_of(ward.doctor.get(ward.url()))
    assert "stopped: how much was given is not certain" in text
    assert "a dose before it could not be counted" in text
    assert "No level can be used" in text and "no level used" in text
    # unless the clinician says which doses were given
    start = ward.now - timedelta(hours=49)
    typed = {"doses": f"{start:%Y-%m-%d %H:%M}, 1000 mg, 1 h, every 12 h", "only_typed": "on"}
    text = text_of(ward.doctor.post(ward.url(), typed))
    assert "only the typed doses are used" in text and "typed here" in text
    assert "1 of 1 level used" in text


def test_levels_that_are_not_used_say_why(ward: Ward) -> None:
    begun = (ward.now - timedelta(hours=49)).replace(second=0, microsecond=0)
    push(
        ward.ehr,
        drugs.level("during", begun + timedelta(hours=12, minutes=30), 40),
        drugs.level("before", begun - timedelta(hours=2), 5),
        fhir.quantity("day", "20578-1", 18, "mg/L", date=f"{begun + timedelta(days=1):%Y-%m-%d}"),
        fhir.quantity(
            "unit", "4092-3", 18, "mmol/L", date=drugs.moment(begun + timedelta(hours=20))
        ),
    )
    text = text_of(ward.doctor.get(ward.url()))
    assert "drawn during a dose, or less than 1 h after one" in text
    assert "no dose before it is known" in text
    assert "the time of day is not recorded" in text
    assert "is no unit that we know for Vancomycin level" in text
    assert "1 of 5 levels used" in text


def test_an_infusion_with_a_start_only_needs_its_time(ward: Ward) -> None:
    given = drugs.infusion("p1-dose0", ward.now - timedelta(hours=49))
    given["effectiveDateTime"] = given.pop("effectivePeriod")["start"]
    push(ward.ehr, given)
    assert "type the infusion time" in text_of(ward.doctor.get(ward.url()))
    text = text_of(ward.doctor.post(ward.url(), {"recorded_hours": "1"}))
    assert "4 doses, 1 of 1 level used" in text


def test_vancomycin_by_mouth_is_no_dose_and_stands_in_nobodys_way(ward: Ward) -> None:
    oral = drugs.infusion("by-mouth", ward.now - timedelta(hours=47), mg=125)
    oral["dosage"]["route"] = {"text": "oral"}
    push(ward.ehr, oral)
    text = text_of(ward.doctor.get(ward.url()))
    assert "given by mouth: it does not reach the blood" in text
    assert "4 doses, 1 of 1 level used" in text


def test_a_dose_that_is_typed_and_recorded_counts_once(ward: Ward) -> None:
    start = ward.now - timedelta(hours=49)
    both = {"doses": f"{start:%Y-%m-%d %H:%M}, 1000 mg, 1 h"}
    text = text_of(ward.doctor.post(ward.url(), both))
    assert "a dose of this time is recorded, and used" in text
    assert "4 doses, 1 of 1 level used" in text


@pytest.mark.parametrize("minutes", [0, 12, 60])
def test_doses_recorded_within_an_hour_wait_for_the_clinician(ward: Ward, minutes: int) -> None:
    second = (ward.now - timedelta(hours=25)).replace(second=0, microsecond=0)
    again = second + timedelta(minutes=minutes)
    push(ward.ehr, drugs.infusion("twin-dose", again, mg=750))
    # the third dose, given 25 h ago, and this one: both are named, and nothing rests on either
    answer = ward.doctor.post(ward.url(), REGIMEN)
    text, page = text_of(answer), answer.context["page"]
    named = sorted([(second, "1000 mg"), (again, "750 mg")], key=lambda one: one[0])
    for at, amount in named:
        assert f"{amount} over 1 h on {at:%-d %b %Y, %H:%M} (recorded)" in text
    assert "are they one, recorded twice? None of them counts until you say so below." in text
    assert "until you say below which they are" in text
    assert page.figure is None and page.course_rows == [] and page.after is None
    assert len(page.used_doses) == 3
    assert text.count("say in the form whether both were given") == 2
    assert "a dose before it could not be counted" in text
    # both were given: five doses, one more than of the record alone
    both = ward.doctor.post(ward.url(), REGIMEN | {"told_twice": "both"})
    text = text_of(both)
    assert "As you said, every one counts." in text and "5 doses, 1 of 1 level used" in text
    # one was told twice: the first of them counts
    first = ward.doctor.post(ward.url(), REGIMEN | {"told_twice": "first"})
    text = text_of(first)
    assert "As you said, only the first counts." in text and "4 doses, 1 of 1 level used" in text
    assert both.context["page"].after.clearance > first.context["page"].after.clearance
    wrong = ward.doctor.post(ward.url(), REGIMEN | {"told_twice": "some"})
    assert wrong.context["page"].is_undecided and "Select a valid choice" in text_of(wrong)


def test_doses_more_than_an_hour_apart_are_two(ward: Ward) -> None:
    second = (ward.now - timedelta(hours=25)).replace(second=0, microsecond=0)
    push(ward.ehr, drugs.infusion("later", second + timedelta(minutes=61)))
    text = text_of(ward.doctor.get(ward.url()))
    assert "recorded twice" not in text and "Doses within an hour" not in text
    assert "5 doses, 1 of 1 level used" in text


def test_more_doses_than_can_be_are_listed_and_not_simulated(ward: Ward) -> None:
    first = (ward.now - timedelta(hours=60)).replace(second=0, microsecond=0)
    quarter = timedelta(minutes=15)
    push(ward.ehr, *(drugs.infusion(f"many{n}", first + n * quarter) for n in range(210)))
    text = text_of(ward.doctor.get(ward.url()))
    assert "More than 200 doses in 28 days: too many to be simulated" in text
    assert "No course is drawn" not in text and "AUC24 with" not in text


def test_atc_codes_and_a_second_drug_are_told_apart(ward: Ward) -> None:
    atc = {"system": "http://www.whocc.no/atc"}
    at = ward.now - timedelta(hours=10)
    push(
        ward.ehr,
        drugs.infusion("by-atc", at, code="J01XA01", **atc),
        drugs.infusion("genta", at, code=drugs.GENTAMICIN_RXNORM, mg=350),
    )
    assert "5 doses" in text_of(ward.doctor.get(ward.url()))
    assert "1 dose, 0 of 0 levels used" in text_of(ward.doctor.get(ward.url("gentamicin")))


def test_digoxin_by_mouth_with_typed_doses(ward: Ward) -> None:
    start = (ward.now - timedelta(days=30)).replace(second=0, microsecond=0)
    drawn = start + timedelta(days=29, hours=8)
    push(
        ward.ehr,
        fhir.quantity("dig", "10535-3", 1.4, "ng/mL", date=drugs.moment(drawn)),
        fhir.condition("hf", "84114007"),
    )
    typed = {
        "doses": f"{start:%Y-%m-%d %H:%M}, 0.125 mg, every 24 h",
        "amount": "0.125",
        "interval": "24",
    }
    text = text_of(ward.doctor.post(ward.url("digoxin"), typed))
    assert "1 of 1 level used" in text and "ug h/L" in text
    assert "mean level 0.5 to 0.9 ug/L (published, not yet verified here)" in text
    # (0.33 x 70 + 0.9 x 77.8) mL/min: with heart failure less is cleared
    assert "Clearance 5.59 L/h" in text


def test_what_is_typed_wrongly_is_named_and_not_simulated(ward: Ward) -> None:
    answer = ward.doctor.post(ward.url(), REGIMEN | {"doses": "yesterday, 1 g"})
    assert "Line 1: write it like" in text_of(answer)
    assert not answer.context["page"].regimen_rows
    assert "Infused over" not in text_of(ward.doctor.get(ward.url("digoxin")))


def test_unstable_creatinine_and_a_level_that_does_not_fit_are_pointed_out(ward: Ward) -> None:
    at = drugs.moment(ward.now - timedelta(hours=20))
    push(
        ward.ehr,
        fhir.quantity("rising", "2160-0", 1.9, "mg/dL", date=at),
        drugs.level("wild", ward.now - timedelta(hours=20), 95),
    )
    text = text_of(ward.doctor.get(ward.url()))
    assert re.search(
        r"Creatinine went from 1 mg/dL \(.*\) to 1.9 mg/dL \(.*\), within 7 days:", text
    )
    assert "only creatinine of the last 90 days" not in text
    assert "A level is more than three standard deviations" in text


def test_creatinine_that_rose_before_the_last_week_is_pointed_out(ward: Ward) -> None:
    assert "It is the only creatinine of the last 90 days" in text_of(ward.doctor.get(ward.url()))
    for days, value in ((9, 0.8), (2, 1.9)):
        at = drugs.moment(ward.now - timedelta(days=days))
        # the factory's own creatinine, of two days ago, is replaced
        fhir_id = "p1-scr" if days == 2 else "before"
        push(ward.ehr, fhir.quantity(fhir_id, "2160-0", value, "mg/dL", date=at))
    text = text_of(ward.doctor.get(ward.url()))
    assert re.search(r"went from 0.8 mg/dL \(.*\) to 1.9 mg/dL \(.*\), 7 days later: if that", text)
    assert "within 7 days:" not in text


def test_times_are_those_of_the_site(ward: Ward, settings) -> None:
    settings.TIME_ZONE = "Asia/Kolkata"
    begun = (ward.now - timedelta(hours=49)).replace(second=0, microsecond=0)
    there = begun.astimezone(ZoneInfo("Asia/Kolkata"))
    answer = ward.doctor.get(ward.url())
    text = text_of(answer)
    assert "Times are those of Asia/Kolkata." in text and "Times in Asia/Kolkata." in text
    assert f"First dose: {there:%-d %b %Y, %H:%M}." in text and "UTC" not in text
    # a dose typed at the local time of a recorded one is that one
    both = {"doses": f"{there:%Y-%m-%d %H:%M}, 1000 mg, 1 h"}
    assert "a dose of this time is recorded, and used" in text_of(
        ward.doctor.post(ward.url(), both)
    )
    push(ward.ehr, drugs.infusion("again", begun + timedelta(minutes=12)))
    warned = text_of(ward.doctor.get(ward.url()))
    assert f"on {there + timedelta(minutes=12):%-d %b %Y, %H:%M} (recorded)" in warned


WEIGHT_PLAN = {"intake_change": "-500", "activity_level": "1.5", "months": "24"}


def test_body_weight_of_the_record(ward: Ward) -> None:
    push(ward.ehr, *drugs.body("p1", ward.now, weight=100))
    text = text_of(ward.doctor.post(ward.weight_url, WEIGHT_PLAN))
    assert "Weight from 100.0 kg today to" in text and "after 24 months" in text
    assert "Kept for good, it settles at about" in text
    assert "Not modelled: how far the estimated resting energy expenditure" in text
    page = ward.doctor.post(ward.weight_url, WEIGHT_PLAN).context["page"]
    assert len(page.rows) == 25 and page.rows[0].change == "+0.0"
    assert float(page.rows[24].weight) < float(page.rows[12].weight) < 100
    assert len(page.figure.line.split()) == 25


def test_a_plan_out_of_range_and_a_path_too_far_are_named(ward: Ward) -> None:
    wrong = text_of(ward.doctor.post(ward.weight_url, WEIGHT_PLAN | {"intake_change": "-3000"}))
    assert "greater than or equal to -1500" in wrong
    far = text_of(
        ward.doctor.post(ward.weight_url, WEIGHT_PLAN | {"intake_change": "-350", "months": "60"})
    )
    assert "below a body mass index of 18.5" in far
    further = {"intake_change": "-900", "months": "60"}
    beyond = text_of(ward.doctor.post(ward.weight_url, WEIGHT_PLAN | further))
    assert "this plan leads below 15 kg/m2 after" in beyond and "Kept for good" not in beyond
    push(ward.ehr, *drugs.body("p1", ward.now, weight=45))
    low = text_of(ward.doctor.post(ward.weight_url, WEIGHT_PLAN))
    assert "Body mass index 14.2 kg/m2 is outside the range of this model" in low
    push(ward.ehr, fhir.condition("hf", "84114007"))
    assert "Heart failure is recorded: water then follows" in text_of(
        ward.doctor.get(ward.weight_url)
    )


def test_the_number_of_queries_does_not_grow(ward: Ward) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            assert ward.doctor.get(ward.url()).status_code == 200
        return len(captured)

    queries()
    before = queries()
    for nth in range(5):
        at = ward.now - timedelta(hours=nth + 2)
        push(ward.ehr, drugs.infusion(f"more-{nth}", at), drugs.level(f"seen-{nth}", at, 15))
    assert queries() == before


def test_the_twin_page_leads_there(ward: Ward) -> None:
    page = ward.doctor.get(f"/twins/{ward.mine.public_id}/tools/").content.decode()
    assert ward.url() in page and ward.weight_url in page
