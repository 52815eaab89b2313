"""The course of diabetes, from what an EHR sends to what a clinician reads."""

import re
from dataclasses import dataclass
from datetime import datetime
from html import unescape
from math import log

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from explain.wording.numbers import frequency, percent
from models_engine.catalogue.mechanistic.ukpds_course import ukpds_course
from models_engine.catalogue.risk.ukpds import PERSON
from patients.models import AuditEvent, Fact, Patient
from tests.data import ROOT
from tests.factories import diabetes, fhir
from tests.factories.people import clinician, patient_user, push, signed_in
from tests.spec.models.oracles import ukpds_om2 as one_year
from twinportal.dashboards.clinician.diabetes_course_form import LONGEST, USUAL

pytestmark = pytest.mark.django_db
# the person of the regression vectors, as the factory's record has it
EXPECTED = PERSON


@dataclass
class Ward:
    """A man of 63 with type 2 diabetes, and his doctor."""

    mine: Patient
    doctor: Client
    ehr: Client
    now: datetime

    @property
    def url(self) -> str:
        return f"/twins/{self.mine.public_id}/diabetes-course/"


@pytest.fixture
def ward(ehr_client: Client) -> Ward:
    now = timezone.now()
    push(ehr_client, fhir.practitioner("dr1"), fhir.practitioner("dr2"))
    man = {"gender": "male", "birth_date": f"{now.year - 63}-01-01"}
    push(
        ehr_client,
        fhir.patient("p1", practitioner="dr1", family="Mine", **man),
        *diabetes.record(now),
    )
    mine = Patient.objects.get(fhir_id="p1")
    return Ward(mine, signed_in(clinician("dr1")), ehr_client, now)


def text_of(answer) -> str:
    assert answer.status_code == 200
    plain = re.sub(r"<[^>]+>", " ", answer.content.decode())
    return re.sub(r"\s+", " ", unescape(plain))


def cells(answer, region: str) -> list[list[str]]:
    """The rows of the table in a region, as texts."""
    page = answer.content.decode()
    table = page[page.index(f'aria-label="{region}"') :]
    table = table[: table.index("</table>")]
    return [
        [unescape(cell) for cell in re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row)]
        for row in re.findall(r"<tr>(.*?)</tr>", table, re.DOTALL)
    ]


def test_the_course_is_that_of_the_persons_record(ward: Ward) -> None:
    answer = ward.doctor.get(ward.url)
    text = text_of(answer)
    course = ukpds_course(EXPECTED, 10)
    rows = {row[0]: row[1:] for row in cells(answer, "Events within the years")[1:]}
    assert len(rows) == 9
    wanted = {
        "Heart failure": course.events["heart_failure"],
        "Ischaemic heart disease": course.events["ihd"],
        "Myocardial infarction": course.events["mi"],
        "Stroke": course.events["stroke"],
        "Blindness in one eye": course.events["blindness"],
        "Foot ulcer": course.events["ulcer"],
        "Amputation": course.events["amputation"],
        "Kidney failure": course.events["renal_failure"],
        "Death": course.death,
    }
    for label, path in wanted.items():
        p = float(path[-1])
        assert rows[label] == [frequency(p).out_of, percent(p)], label
    assert rows["Death"] == ["36 out of 100", "36.0 %"]
    assert "Course of diabetes: natural history, uncalibrated" in text
    assert "The cohort of 1977-91 had more events than people have today." in text
    assert "No course" not in text


def test_its_first_year_is_that_of_the_other_implementation(ward: Ward) -> None:
    header, _, first, *_ = cells(ward.doctor.get(ward.url), "Events year by year")
    risks = one_year.event_risks(EXPECTED)
    death = one_year.death(EXPECTED)
    found = dict(zip(header[1:], first[1:], strict=True))
    assert first[0] == "1"
    assert found["Heart failure"] == percent(risks["hf"])
    assert found["Myocardial infarction"] == percent(risks["mi"])
    assert found["Death"] == percent(death)


def test_risk_factors_move_year_by_year_and_the_rest_is_named(ward: Ward) -> None:
    answer = ward.doctor.post(ward.url, {"years": "3"})
    header, *rows = cells(answer, "Risk factors year by year")
    hba1c = next(at for at, title in enumerate(header) if title.startswith("HbA1c"))
    # 1.419544175 + 0.723498054 previous + 0.141961007 ln(year) + 0.081024008 first
    path, expected = 8.0, ["8.00"]
    for year in (9, 10, 11):
        path = 1.419544175 + 0.723498054 * path + 0.141961007 * log(year) + 0.081024008 * 8.0
        expected.append(f"{path:.2f}")
    assert [row[hba1c] for row in rows] == expected
    assert [row[0] for row in rows] == ["0", "1", "2", "3"]
    assert {"mass", "LDL", "HDL", "Systolic"} <= {
        word for cell in header for word in re.split("[ ,]", cell)
    }
    text = text_of(answer)
    held = text[text.index("Held as it is today") : text.index("Within 3 years")]
    for part in ("Kidney function (eGFR): 75", "Albuminuria: ", "Smoking: ", "Atrial fibrillation"):
        assert part in held
    assert "the value at diagnosis: today's stands for it" in held
    absent = text[text.index("Assumed absent") : text.index("Held as it is today")]
    for part in ("Foot ulcer", "Heart failure", "Blindness", "Peripheral vascular disease"):
        assert f"{part}: assumed absent: none recorded" in absent
    assert "The equations' largest group was taken" in text


def test_the_drawings_and_their_tables_say_the_same(ward: Ward) -> None:
    page = ward.doctor.post(ward.url, {"years": "20"}).context["page"]
    scales = set()
    for row in page.drawn:
        drawn = heights(row.figure)
        assert len(drawn) == len(row.percents) == 21
        for value, shown in zip(drawn, row.percents, strict=True):
            assert value == pytest.approx(float(shown.strip("< %")), abs=0.16), row.label
        scales.add(tuple(tick.text for tick in row.figure.y_ticks))
    assert len(scales) == 1, "all events are drawn to one scale"
    figures = [row for row in page.factors if row.figure]
    assert len(figures) == 5
    for row in figures:
        for value, shown in zip(heights(row.figure), row.values, strict=True):
            # the last digit of the table, and a hundredth of a unit of the drawing
            digit = 10.0 ** -len(shown.partition(".")[2])
            assert value == pytest.approx(float(shown), abs=0.55 * digit), row.label


def heights(figure) -> list[float]:
    """The drawn values, read back from the axis."""
    ticks = [(float(tick.text), tick.at) for tick in figure.y_ticks]
    (low, at_low), (high, at_high) = ticks[0], ticks[-1]
    drawn = [float(pair.split(",")[1]) for pair in figure.line.split()]
    return [low + (at_low - y) / (at_low - at_high) * (high - low) for y in drawn]


def test_an_event_of_the_past_is_a_further_one_or_none(ward: Ward) -> None:
    push(ward.ehr, fhir.condition("mi", "22298006"), fhir.condition("hf", "84114007"))
    answer = ward.doctor.get(ward.url)
    rows = {row[0]: row[1:] for row in cells(answer, "Events within the years")[1:]}
    assert rows["Heart failure"] == ["recorded already; the equations know no further one"]
    course = ukpds_course(EXPECTED | {"myocardial_infarction": 1.0, "heart_failure": 1.0}, 10)
    assert rows["Further myocardial infarction"][1] == percent(float(course.events["mi"][-1]))
    assert "Myocardial infarction" not in rows
    assert "Heart failure" not in cells(answer, "Events year by year")[0]


def test_the_document_says_how_far_ahead() -> None:
    text = (ROOT / "docs" / "mechanistic.md").read_text(encoding="utf-8")
    assert f"1 to {LONGEST} years ({USUAL} at a first look)" in " ".join(text.split())


def test_who_may_look_and_what_is_written_down(ward: Ward, client: Client) -> None:
    stranger, himself = clinician("dr2", "other"), patient_user(ward.mine, "me")
    assert client.get(ward.url).status_code == 302
    assert signed_in(stranger).get(ward.url).status_code == 404
    assert signed_in(stranger).post(ward.url, {"years": "5"}).status_code == 404
    assert signed_in(himself).get(ward.url).status_code == 403
    before = Fact.objects.count()
    assert ward.doctor.get(ward.url).status_code == 200
    answer = ward.doctor.post(ward.url, {"years": "5"})
    assert answer.status_code == 200 and not answer.headers.get("Location")
    assert "unsafe-inline" not in answer.headers["Content-Security-Policy"]
    assert Fact.objects.count() == before
    reads = AuditEvent.objects.filter(
        action="read", patient_ids=[ward.mine.pk], what="diabetes course"
    )
    assert reads.count() == 2
    csrf = Client(enforce_csrf_checks=True)
    csrf.force_login(clinician("dr1", "again"), backend="django.contrib.auth.backends.ModelBackend")
    assert csrf.post(ward.url, {"years": "5"}).status_code == 403
    assert ward.url in ward.doctor.get(f"/twins/{ward.mine.public_id}/tools/").content.decode()


@pytest.mark.parametrize("years", ["0", "21", "-1", "ten", ""])
def test_years_out_of_range_are_refused(ward: Ward, years: str) -> None:
    answer = ward.doctor.post(ward.url, {"years": years})
    assert answer.context["form"].errors["years"] and answer.context["page"].course is None
    assert "out of 100" not in text_of(answer)


def test_what_is_missing_too_old_or_not_for_this_person_is_named(ward: Ward) -> None:
    push(ward.ehr, fhir.patient("p3", practitioner="dr1", birth_date="1950-01-01"))
    empty = Patient.objects.get(fhir_id="p3")
    text = text_of(ward.doctor.get(f"/twins/{empty.public_id}/diabetes-course/"))
    for message in (
        "No course",
        "the equations are for type 2 diabetes, and none is recorded",
        "Order HbA1c",
        "Record when type 2 diabetes was diagnosed (onset).",
        "Order a lipid panel (LDL cholesterol).",
        "Count the pulse.",
    ):
        assert message in text
    assert "out of 100" not in text
    push(ward.ehr, fhir.quantity("p1-t2-wbc", "6690-2", 7.5, "10*3/uL", date="2019-01-01"))
    text = text_of(ward.doctor.get(ward.url))
    assert "White blood cells: last on 2019-01-01" in text and "out of 100" not in text
    dead = fhir.patient("p1", practitioner="dr1", gender="male") | {"deceasedBoolean": True}
    push(ward.ehr, dead)
    assert "the person has died" in text_of(ward.doctor.get(ward.url))


def test_the_very_old_get_a_course_as_far_as_it_goes(ward: Ward) -> None:
    old = {"gender": "male", "birth_date": f"{ward.now.year - 95}-01-01"}
    push(ward.ehr, fhir.patient("p1", practitioner="dr1", **old))
    assert "out of 100" in text_of(ward.doctor.post(ward.url, {"years": "15"}))
    text = text_of(ward.doctor.post(ward.url, {"years": "16"}))
    assert "the simulation would go beyond 110 years of age" in text and "out of 100" not in text


def test_the_number_of_queries_does_not_grow(ward: Ward) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            assert ward.doctor.post(ward.url, {"years": "1"}).status_code == 200
        return len(captured)

    queries()
    before = queries()
    push(
        ward.ehr,
        *(
            fhir.quantity(f"more-{n}", "4548-4", 7 + n / 10, "%", date=f"2026-0{n}-01")
            for n in range(1, 6)
        ),
        fhir.condition("mi", "22298006"),
    )
    assert queries() == before
