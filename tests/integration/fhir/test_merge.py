"""One person with two records: merged by links alone, taken apart again, never by a name."""

from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils import timezone

from models_engine.models import Prediction
from patients.access.policy import visible_patients
from patients.models import AuditEvent, Fact, Patient, StaleTwin
from patients.record.loading import facts_of
from tests.factories import fhir
from tests.factories.people import clinician, patient_user
from tests.integration.fhir.calls import expressions, post, put
from twinportal import pipeline

pytestmark = pytest.mark.django_db
Json = dict[str, Any]


def command(*arguments: str, **options: Any) -> str:
    out = StringIO()
    call_command("merge_patients", *arguments, stdout=out, **options)
    return out.getvalue()


def replaced(person: Json, other: str) -> Json:
    link = {"other": {"reference": f"Patient/{other}"}, "type": "replaced-by"}
    return person | {"link": [link]}


def twin(fhir_id: str) -> Patient:
    return Patient.objects.get(fhir_id=fhir_id)


def owners() -> dict[str, str]:
    """Resource id to the twin that has its facts."""
    rows = Fact.objects.values_list("resource_fhir_id", "patient__fhir_id")
    return dict(rows)


def refresh() -> None:
    for row in StaleTwin.objects.all():
        pipeline.refresh_twin(row.patient_id, now=timezone.now())


@pytest.fixture
def two(ehr: Client) -> Client:
    """p1 has half of what a model needs, p2 the other half."""
    first, second = fhir.complete_record("p1")[:3], fhir.complete_record("p2")
    second = [fhir.patient("p2", practitioner="dr2"), *second[3:]]
    assert post(ehr, "", fhir.transaction([*first, *second])).status_code == 200
    StaleTwin.objects.all().delete()
    return ehr


def test_facts_go_to_the_one_that_stays_and_come_back(two: Client) -> None:
    before = owners()
    put(two, replaced(fhir.patient("p1"), "p2"))
    assert set(owners().values()) == {"p2"}
    assert twin("p1").merged_into == twin("p2")
    stale = StaleTwin.objects.values_list("patient__fhir_id", flat=True)
    assert set(stale) == {"p1", "p2"}
    put(two, fhir.patient("p1"))
    assert owners() == before
    assert twin("p1").merged_into is None


def test_both_twins_are_recomputed(two: Client) -> None:
    for name in ("p1", "p2"):
        pipeline.refresh_twin(twin(name).pk, now=timezone.now())

    def numbers(name: str) -> int:
        rows = Prediction.objects.filter(patient__fhir_id=name, status="current")
        return rows.filter(value__isnull=False, run__replayed=False, outcome="cvd").count()

    assert (numbers("p1"), numbers("p2")) == (0, 0)
    command("p1", "p2")
    refresh()
    assert (numbers("p1"), numbers("p2")) == (0, 2)
    command("p1", undo=True)
    refresh()
    assert (numbers("p1"), numbers("p2")) == (0, 0)
    superseded = Prediction.objects.filter(patient__fhir_id="p2", status="superseded")
    assert superseded.filter(outcome="cvd", value__isnull=False).exists()


def test_what_arrives_for_the_old_record_counts_for_the_new(two: Client) -> None:
    command("p1", "p2")
    put(two, fhir.quantity("late", "2093-3", 200, "mg/dL", subject="p1"))
    assert owners()["late"] == "p2"
    put(two, fhir.quantity("late", "2093-3", 210, "mg/dL", subject="p1"))
    assert owners()["late"] == "p2"
    call_command("rebuild_facts", verbosity=0)
    assert owners()["late"] == "p2"
    command("p1", undo=True)
    assert owners()["late"] == "p1"


def test_the_links_are_written_and_taken_away(two: Client) -> None:
    active = put(two, fhir.patient("p1") | {"active": True})
    assert active.status_code == 200
    assert "now part of Patient/p2" in command("p1", "p2")
    old, new = (two.get(f"/fhir/Patient/{i}").json() for i in ("p1", "p2"))
    assert old["link"] == [{"other": {"reference": "Patient/p2"}, "type": "replaced-by"}]
    assert (old["active"], new["link"][0]["type"]) == (False, "replaces")
    assert len(AuditEvent.objects.get(action="merge").patient_ids) == 2
    assert "stands for itself" in command("p1", undo=True)
    old, new = (two.get(f"/fhir/Patient/{i}").json() for i in ("p1", "p2"))
    assert ("link" in old, "link" in new, old["active"]) == (False, False, True)


@pytest.mark.parametrize(
    ("arguments", "options", "says"),
    [
        (("p1", "p1"), {}, "cannot replace itself"),
        (("p1", "nobody"), {}, "not known here"),
        (("p1",), {"undo": True}, "not replaced by anybody"),
        (("p1",), {}, "SOURCE and TARGET"),
        ((), {}, "SOURCE and TARGET"),
    ],
)
def test_what_cannot_be_merged(two: Client, arguments: Any, options: Any, says: str) -> None:
    with pytest.raises(CommandError, match=says):
        command(*arguments, **options)


def test_twice_and_in_a_circle_are_refused(two: Client) -> None:
    put(two, fhir.patient("p3"))
    command("p1", "p2")
    with pytest.raises(CommandError, match="already"):
        command("p1", "p3")
    answer = put(two, replaced(fhir.patient("p2"), "p1"))
    assert (answer.status_code, expressions(answer)) == (422, ["Patient.link"])
    assert twin("p2").merged_into is None
    itself = put(two, replaced(fhir.patient("p3"), "p3"))
    assert itself.status_code == 422


def test_nobody_is_replaced_by_two(two: Client) -> None:
    links = [
        {"other": {"reference": f"Patient/{name}"}, "type": "replaced-by"} for name in ("p2", "p3")
    ]
    answer = put(two, fhir.patient("p1") | {"link": links})
    assert answer.status_code == 422
    assert expressions(answer) == ["Patient.link"]
    assert not Patient.objects.exclude(merged_into=None).exists()


def test_chains_lead_to_their_end_and_are_taken_apart_link_by_link(two: Client) -> None:
    put(two, fhir.patient("p3"))
    command("p1", "p2")
    command("p2", "p3")
    assert set(owners().values()) == {"p3"}
    assert twin("p1").merged_into == twin("p3")
    command("p2", undo=True)
    assert set(owners().values()) == {"p2"}
    assert twin("p1").merged_into == twin("p2")


def test_the_one_that_stays_may_come_later_and_may_go(ehr: Client) -> None:
    put(ehr, replaced(fhir.patient("p1"), "p2"))
    put(ehr, fhir.quantity("x", "2093-3", 200, "mg/dL", subject="p1"))
    assert owners() == {"x": "p1"}
    put(ehr, fhir.patient("p2"))
    assert owners() == {"x": "p2"}
    ehr.delete("/fhir/Patient/p2")
    assert owners() == {"x": "p1"}
    assert twin("p1").merged_into is None
    put(ehr, fhir.patient("p2"))
    assert owners() == {"x": "p2"}


def test_a_record_moves_only_by_a_link_that_says_replaced(two: Client) -> None:
    for kind in ("refer", "seealso", "replaces"):
        link = {"other": {"reference": "Patient/p2"}, "type": kind}
        put(two, fhir.patient("p1") | {"link": [link]})
        assert twin("p1").merged_into is None
    # the same name, the same birth date, the same identifier: still two
    same = fhir.patient("p2") | {"identifier": fhir.patient("p1")["identifier"]}
    put(two, same)
    assert twin("p2").merged_into is None
    assert command(list=True) == "urn:example:mrn|MRN-p1: Patient/p1, Patient/p2\n"
    command("p1", "p2")
    assert command(list=True) == ""


def test_who_sees_it(two: Client) -> None:
    put(two, fhir.patient("p1", practitioner="dr1"))
    first, second = clinician("dr1", username="dr1"), clinician("dr2", username="dr2")
    person = patient_user(twin("p1"))

    def seen(user: Any) -> list[str]:
        return sorted(visible_patients(user).values_list("fhir_id", flat=True))

    assert [seen(u) for u in (first, second, person)] == [["p1"], ["p2"], ["p1"]]
    command("p1", "p2")
    assert [seen(u) for u in (first, second, person)] == [["p2"]] * 3
    assert len(facts_of(twin("p2").pk)) > 6


def test_searches_and_everything_follow(two: Client) -> None:
    command("p1", "p2")

    def ids(path: str) -> set[str]:
        entries = two.get(f"/fhir/{path}").json().get("entry", [])
        return {e["resource"]["id"] for e in entries if e["resource"]["resourceType"] != "Provenance"}  # fmt: skip

    assert {"p1-bp", "p2-hdl"} < ids("Observation?patient=p2")
    assert "p2-hdl" not in ids("Observation?patient=Patient/p1")
    assert {"p1", "p2", "p1-bp", "p2-hdl"} < ids("Patient/p2/$everything")


def test_the_page_says_what_was_joined_and_what_differs(two: Client) -> None:
    put(two, fhir.patient("p1", birth_date="1950-01-01", family="Other"))
    user = clinician("dr2", username="dr2")
    client = Client()
    client.force_login(user)
    old = f"/twins/{twin('p1').public_id}/"
    assert client.get(old).status_code == 404
    command("p1", "p2")
    page = client.get(f"/twins/{twin('p2').public_id}/").content.decode()
    assert "Patient/p1" in page
    assert "born 1 Jan 1950 there" in page and "another family name" in page
    assert client.get(old).status_code == 200  # an old address leads to the one that stays
    source = f"/twins/{twin('p2').public_id}/resources/Observation/p1-bp/1/"
    assert client.get(source).status_code == 200


def test_the_page_warns_of_a_double(two: Client) -> None:
    client = Client()
    client.force_login(clinician("dr2", username="dr2"))
    address = f"/twins/{twin('p2').public_id}/"
    words = "Another patient record has one of this patient"
    assert words not in client.get(address).content.decode()
    put(two, fhir.patient("p1") | {"identifier": fhir.patient("p2")["identifier"]})
    assert words in client.get(address).content.decode()
