"""The parts of the twin page, what is missing, two days compared, and whether there is news."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import URLPattern, URLResolver, get_resolver, reverse
from django.utils import timezone

from models_engine.models import Prediction
from patients.models import AuditEvent, Patient
from tests.factories import fhir
from tests.factories.people import NOW, clinician, push, signed_in, twin
from twinportal import pipeline

pytestmark = pytest.mark.django_db
PARTS = ("", "predictions/", "trends/", "record/", "tools/")
# statements of one part, with the visit that is written down, what waits for the reader and what the
# patient chose
MOST = 27
# names in addresses of what has to be made first: the tests of these pages make it
ELSEWHERE = {"number", "scenario_id", "proposal_id", "set_id", "run_id", "file_id"}
NEW = "2026-11-19T09:00:00Z"


@dataclass
class Ward:
    mine: Patient
    other: Patient
    doctor: Client
    ehr: Client

    def url(self, part: str = "") -> str:
        return f"/twins/{self.mine.public_id}/{part}"

    def page(self, part: str = "") -> str:
        answer = self.doctor.get(self.url(part))
        assert answer.status_code == 200, part
        return re.sub(r"\s+", " ", answer.content.decode())

    def refresh(self) -> None:
        pipeline.refresh_twin(self.mine.pk, now=NOW + timedelta(minutes=1))


@pytest.fixture
def ward(ehr_client: Client, settings: Any) -> Ward:
    settings.RELEASE_POLICY = "auto"
    mine = twin(ehr_client, "p1", doctor="dr1", family="Mine")
    other = twin(ehr_client, "p2", doctor="dr2", family="Otherone")
    return Ward(mine, other, signed_in(clinician("dr1")), ehr_client)


def patterns(resolver: URLResolver, prefix: str = "") -> Iterator[tuple[str, URLPattern]]:
    for one in resolver.url_patterns:
        here = prefix + str(one.pattern)
        if isinstance(one, URLResolver):
            yield from patterns(one, here)
        else:
            yield here, one


def test_every_page_about_a_patient_says_who_it_is(ward: Ward) -> None:
    """UX C1: every address with a patient in it, of whatever part of the product."""
    row = Prediction.objects.get(
        patient=ward.mine, model_id="prevent_base_10y", outcome="cvd", status="current"
    )
    # what else an address may need; a new name in an address belongs here
    samples = {
        "public_id": ward.mine.public_id,
        "pk": row.pk,
        "concept": "systolic_bp",
        "kind": "Observation",
        "fhir_id": "p1-bp",
        "version": 1,
        "drug": "vancomycin",
    }
    seen = set()
    for pattern, one in patterns(get_resolver()):
        if not pattern.startswith("twins/<uuid:public_id>/") or not one.name:
            continue
        names = one.pattern.converters.keys()
        values = {name: samples[name] for name in names if name in samples}
        assert names <= samples.keys() | ELSEWHERE, pattern
        if names & ELSEWHERE:
            continue
        answer = ward.doctor.get(reverse(one.name, kwargs=values))
        if answer.status_code == 405 or "html" not in answer.headers.get("Content-Type", ""):
            continue
        if answer.status_code != 200:
            continue
        page = answer.content.decode()
        banner = page[page.index('class="banner"') :].split("</section>")[0]
        for words in ("Mine", "Born", "Sex", "MRN-p1", "data-allergies"):
            assert words in banner, pattern
        assert f'data-part="{ward.mine.public_id}"' in banner
        seen.add(one.name)
    assert {"twin", "twin-record", "twin-missing", "twin-compare", "prediction", "trend"} <= seen
    assert {"medicines", "what-if", "treatment", "trajectories", "body-weight"} <= seen


def test_parts_are_links_with_the_one_that_is_shown_marked(ward: Ward) -> None:
    for part in PARTS:
        nav = ward.page(part).split('aria-label="Parts of the twin"')[1].split("</nav>")[0]
        (current,) = re.findall(r'href="([^"]+)"[^>]*aria-current="page"', nav)
        assert current == ward.url(part)
        assert nav.count("<a ") == len(PARTS)
    assert ward.doctor.get(ward.url("?tab=trends")).headers["Location"] == ward.url("trends/")
    assert ward.doctor.get(ward.url("?tab=nonsense")).status_code == 200
    # the anchors of the one page still stand somewhere
    overview = ward.page()
    for name in ("not-read", "simulations"):
        assert f'id="{name}"' in overview and f"#{name}" in overview
    assert 'id="not-read"' in ward.page("record/") and 'id="simulations"' in ward.page("tools/")


def test_what_a_part_reads_does_not_grow_with_the_record(ward: Ward) -> None:
    pages = (*PARTS, "missing/", "compare/", "version/")

    def queries() -> dict[str, int]:
        found = {}
        for part in pages:
            with CaptureQueriesContext(connection) as captured:
                assert ward.doctor.get(ward.url(part)).status_code == 200
            found[part] = len(captured)
        return found

    queries()
    before = queries()
    assert all(count <= MOST for count in before.values()), before
    push(
        ward.ehr,
        *[
            fhir.blood_pressure(f"more-{n}", 130, 80, date=f"2026-09-{n + 1:02d}")
            for n in range(15)
        ],
        *[fhir.condition(f"odd-{n}", f"99999{n}") for n in range(3)],
    )
    ward.refresh()
    assert queries() == before


def test_numbers_older_than_the_data_are_marked_wherever_they_stand(ward: Ward) -> None:
    """UX C8."""
    assert "lder than the newest data" not in ward.page() + ward.page("predictions/")
    push(ward.ehr, fhir.blood_pressure("p1-new", 170, 99, date=NEW))
    overview, predictions = ward.page(), ward.page("predictions/")
    figures = overview.count('class="figure"')
    assert figures and overview.count("older than the newest data") >= figures
    shown = predictions.count("data-probability=")
    assert shown and predictions.count("data-older") == shown
    ward.refresh()
    assert "lder than the newest data" not in ward.page() + ward.page("predictions/")


def test_a_sparkline_says_its_last_value_and_equals_its_table(ward: Ward) -> None:
    """UX C9, A3."""
    push(
        ward.ehr,
        *[
            fhir.blood_pressure(
                f"bp-{n}", 120 + 3 * n, 80, date=f"2024-{n % 12 + 1:02d}-{n + 1:02d}"
            )
            for n in range(27)
        ],
    )
    sections = re.findall(r'<section class="trend">.*?</section>', ward.page("trends/"))
    assert len(sections) >= 4
    for text in sections:
        drawn = re.search(r'<polyline points="([^"]*)"', text)
        assert drawn is not None
        heights = [float(point.split(",")[1]) for point in drawn[1].split()]
        values = [float(v) for v in re.findall(r'<td class="number">([\d.]+)', text)][::-1]
        assert len(heights) == len(values) <= 24
        # higher values stand higher, equal values equally high
        by_value, by_height = sorted(set(values)), sorted(set(heights), reverse=True)
        assert [by_value.index(v) for v in values] == [by_height.index(h) for h in heights]
        last = re.search(r'class="trend__last">([\d.]+) ([^<]*)</span>', text)
        assert last is not None and float(last[1]) == values[-1]
        assert re.search(r"\d+ \w+ 20\d\d · (reference|no reference interval)", text)
        assert 'role="img" aria-label="' in text
    assert any("The newest 24 of 29 values" in text for text in sections)


class TestMissing:
    def test_what_settles_most_comes_first_and_says_how(self, ward: Ward) -> None:
        """UX E7: what is missing, who waits for it, how to get it."""
        ward.ehr.delete("/fhir/Observation/p1-tc")
        ward.ehr.delete("/fhir/Observation/p1-tc-old")
        push(ward.ehr, fhir.quantity("odd", "2093-3", 4, "furlong", date=NEW))
        ward.refresh()
        page = ward.page("missing/")
        titles = re.findall(r"<h2>(.*?) <span class=\"tag\">(.*?)</span></h2>", page)
        assert titles[0] == ("Order a lipid panel", "Laboratory")
        first = page.split("<h2>")[1]
        assert "all that" in first and "AHA PREVENT, base model, 10 years" in first
        assert "sent, not usable" in first and "/resources/Observation/odd/1/" in first
        assert "our judgement" in page
        overview = ward.page()
        assert "To get" not in overview and "Order a lipid panel" in overview

    def test_how_far_a_number_could_move(self, ward: Ward) -> None:
        """UX E7: the range holds for the value that is put in."""
        page = ward.page("missing/")
        found = re.search(
            r"Total cardiovascular disease, 10 years \(AHA PREVENT, [^)]*\): ([\d.]+) % without"
            r" it; ([\d.]+) % to ([\d.]+) % over",
            page,
        )
        assert found is not None
        assert float(found[2]) < float(found[3])

    def test_nothing_is_ordered_for_who_has_died(self, ward: Ward) -> None:
        dead = fhir.patient("p1", practitioner="dr1", family="Mine")
        push(ward.ehr, dead | {"deceasedDateTime": "2026-11-01"})
        ward.refresh()
        assert "Nothing that a model asks for" in ward.page("missing/")


class TestComparison:
    def compare(self, ward: Ward, start: str, end: str) -> str:
        return ward.page(f"compare/?from={start}&to={end}")

    def test_what_was_new_gone_and_changed(self, ward: Ward) -> None:
        stage_3, stage_4 = (
            fhir.condition("s3", "433144002", onset="2020-01-01", status="resolved"),
            fhir.condition("s4", "431857002", onset="2026-10-01"),
        )
        push(
            ward.ehr,
            stage_3 | {"abatementDateTime": "2026-10-01"},
            stage_4,
            fhir.blood_pressure("late", 170, 99, date=NEW),
        )
        ward.refresh()
        page = self.compare(ward, "2026-02-01", str(timezone.now().date()))
        row = page.split("Systolic blood pressure</th>")[1].split("</tr>")[0]
        assert "152 mmHg" in row and "170 mmHg" in row and "+18 mmHg" in row
        conditions = page.split('id="c-conditions"')[1].split("</section>")[0]
        new, gone = conditions.split("<h3>Gone</h3>")
        assert "/resources/Condition/s4/1/" in new.split("<h3>New</h3>")[1]
        assert "/resources/Condition/s3/1/" in gone

    def test_predictions_then_and_now_are_those_that_are_stored(self, ward: Ward) -> None:
        page = self.compare(ward, "2026-07-02", "2026-11-20")
        row = page.split("Total cardiovascular disease, 10 years</th>")[1].split("</tr>")[0]
        keys = [int(key) for key in re.findall(r"/predictions/(\d+)/", row)]
        then, now = (Prediction.objects.get(pk=key) for key in keys[:2])
        assert then.as_of < now.as_of and then.run.replayed
        assert "as of 1 Jul 2026, computed later" in row
        assert f"/predictions/{now.pk}/?against={then.pk}" in row
        # and every link is to a page that there is, and tells of the earlier number
        links = re.findall(r'href="([^"]+\?against=[^"]+)"', page)
        assert links
        for link in links:
            answer = ward.doctor.get(link)
            assert answer.status_code == 200, link
            assert "this patient on 1 Jul 2026" in answer.content.decode()
        before = self.compare(ward, "2001-01-01", "2001-02-01")
        assert "No prediction is stored of either day or before." in before

    @pytest.mark.parametrize(
        ("start", "end", "said"),
        [
            ("2026-02-30", "2026-03-01", "From: write a day that exists"),
            ("2026-03-01", "<script>", "To: write a day that exists"),
            ("2026-03-01", "2026-03-01", "must be before the other"),
            ("2026-03-01", "2199-01-01", "still to come"),
            ("1900-01-01", "2026-03-01", "before the birth"),
        ],
    )
    def test_days_that_are_none_are_said(self, ward: Ward, start: str, end: str, said: str) -> None:
        answer = ward.doctor.get(ward.url("compare/"), {"from": start, "to": end})
        assert answer.status_code == 400
        page = answer.content.decode()
        assert said in page and "<script>" not in page.split("<main")[1].split("</main>")[0]
        assert 'class="banner"' in page


class TestNews:
    def version(self, ward: Ward) -> str:
        found = re.search(r'data-version="(\w+)"', ward.page())
        assert found is not None
        return found[1]

    def test_a_waiting_page_fills_no_log_and_hears_of_every_change(self, ward: Ward) -> None:
        mine = self.version(ward)
        AuditEvent.objects.all().delete()
        for _ in range(3):
            answer = ward.doctor.get(ward.url("version/"), {"v": mine})
            assert (answer.status_code, answer.content) == (204, b"")
        assert not AuditEvent.objects.exists()
        # when something arrives
        push(ward.ehr, fhir.blood_pressure("p1-new", 170, 99, date=NEW))
        AuditEvent.objects.all().delete()
        told = ward.doctor.get(ward.url("version/"), {"v": mine}).json()
        # then it hears whose it is and that it is not computed yet, and nothing else
        assert told.keys() == {"patient", "version", "waiting"}
        assert told["patient"] == str(ward.mine.public_id) and told["waiting"] is True
        assert ward.doctor.get(ward.url("version/"), {"v": told["version"]}).status_code == 204
        assert AuditEvent.objects.get().patient_ids == [ward.mine.pk]
        # and again when it was computed
        ward.refresh()
        again = ward.doctor.get(ward.url("version/"), {"v": told["version"]}).json()
        assert again["waiting"] is False and again["version"] == self.version(ward)

    def test_what_comes_to_another_is_no_news(self, ward: Ward) -> None:
        mine = self.version(ward)
        push(ward.ehr, fhir.blood_pressure("p2-new", 170, 99, date=NEW, subject="p2"))
        assert ward.doctor.get(ward.url("version/"), {"v": mine}).status_code == 204
        others = f"/twins/{ward.other.public_id}/version/"
        assert ward.doctor.get(others, {"v": mine}).status_code == 404

    def test_a_release_is_news(self, ward: Ward) -> None:
        mine = self.version(ward)
        row = Prediction.objects.get(
            patient=ward.mine, model_id="prevent_base_10y", outcome="cvd", status="current"
        )
        answer = ward.doctor.post(
            ward.url("release/"), {"prediction": row.pk, "action": "withhold"}
        )
        assert answer.headers["Location"] == f"{ward.url('predictions/')}#p-{row.pk}"
        assert self.version(ward) != mine
