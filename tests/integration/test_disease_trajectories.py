"""Disease trajectories end to end on made-up people: plumbing only, no claim about disease."""

import hashlib
import json
import random
import re
from datetime import UTC, date, datetime, timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from models_engine.catalogue.disease.artefact import write
from models_engine.catalogue.disease.landmarks import Rules
from models_engine.catalogue.disease.train import Settings
from models_engine.catalogue.disease.train import train as fit
from models_engine.catalogue.disease.vocabulary import label
from models_engine.disease_histories import histories, history_of
from patients.models import AuditEvent, Patient
from tests.factories import fhir
from tests.factories.hospital import encounter
from tests.factories.people import clinician, patient_user, push, signed_in, twin
from tests.unit.models_engine.catalogue.disease.planted import AS_OF, planted
from twinportal.accounts.models import User

pytestmark = pytest.mark.django_db
ICD10 = "http://hl7.org/fhir/sid/icd-10"
FIRST, LAST = date(2018, 1, 1), date(2025, 12, 31)
HYPERTENSION, FAILURE, ASTHMA, GOUT, CANCER = "I10", "I50.9", "J45.9", "M10.9", "C34.1"
NOTE = "Made-up people: plumbing only."


def condition(fhir_id: str, code: str, day: str, subject: str, display: str = "") -> dict[str, Any]:
    made = fhir.condition(fhir_id, "1234567", subject=subject, onset=day)
    made["code"] = {"coding": [{"system": ICD10, "code": code, "display": display or code}]}
    return made


def made_up(number: int, rng: random.Random) -> list[dict[str, Any]]:
    """A person with six contacts; half have hypertension and then heart failure sooner,
    the others gout and then lung cancer."""
    subject = f"c{number}"
    has_it = number % 2 == 0
    made = [fhir.patient(subject, birth_date=f"{rng.randint(1940, 1985)}-05-04")]
    for back in range(6):
        start = datetime(2018, 3, 1, 9, tzinfo=UTC) + timedelta(days=530 * back)
        made.append(encounter(f"{subject}-e{back}", start, start, kind="AMB", subject=subject))
    known = HYPERTENSION if has_it else GOUT
    made.append(condition(f"{subject}-a", known, "2018-03-01", subject))
    made.append(condition(f"{subject}-b", ASTHMA, "2018-03-01", subject, "Asthma, unspecified"))
    for code, years in ((FAILURE, 3 if has_it else 200), (CANCER, 200 if has_it else 3)):
        later = FIRST + timedelta(days=round(rng.expovariate(1 / years) * 365))
        if later <= LAST:
            made.append(condition(f"{subject}-{code}", code, later.isoformat(), subject))
    return made


@pytest.fixture
def site(ehr_client: Client, settings: Any, tmp_path: Path) -> Client:
    """400 people in the record, and a folder for what is trained on them."""
    settings.DISEASE_TRAJECTORIES_DIR = tmp_path / "trained"
    settings.DISEASE_TRAJECTORIES = ""
    rng = random.Random(7)
    push(ehr_client, *(r for number in range(400) for r in made_up(number, rng)))
    return ehr_client


@pytest.fixture(scope="module")
def planted_artefact(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Trained on a planted process, without a database."""
    made = fit(
        planted(3000),
        Settings(rules=Rules(min_history=2)),
        as_of=AS_OF,
        labels=label,
    )
    return write(tmp_path_factory.mktemp("trained"), made | {"note": NOTE})


@pytest.fixture
def switched_on(planted_artefact: Path, settings: Any) -> str:
    settings.DISEASE_TRAJECTORIES_DIR = planted_artefact.parent
    settings.DISEASE_TRAJECTORIES = planted_artefact.stem
    return planted_artefact.stem


def train(*more: str) -> tuple[str, str]:
    """What the command says, and the hash of what it wrote."""
    said = StringIO()
    arguments = ["--as-of", LAST.isoformat(), "--min-people", "10", "--min-events", "10"]
    arguments += ["--min-asked", "10", "--seed", "2"]
    call_command("train_disease_trajectories", *arguments, "--note", NOTE, *more, stdout=said)
    text = said.getvalue()
    found = re.search(r"TWINPORTAL_DISEASE_TRAJECTORIES=([0-9a-f]{64})", text)
    assert found is not None, text
    return text, found[1]


def patient_with(ehr: Client, *codes: str) -> Patient:
    """One of the doctor's patients, seen for years and today."""
    push(ehr, fhir.practitioner("dr1"), fhir.patient("p1", practitioner="dr1"))
    now = datetime.now(UTC)
    days = [now - timedelta(days=300 * back) for back in range(5)]
    visits = [encounter(f"p1-v{i}", d, d, kind="AMB") for i, d in enumerate(days)]
    push(ehr, *visits)
    if codes:
        push(ehr, *(condition(f"p1-{i}", c, "2024-01-05", "p1") for i, c in enumerate(codes)))
    return Patient.objects.get(fhir_id="p1")


def page(client: Client, path: str) -> str:
    answer = client.get(path)
    assert answer.status_code == 200, path
    return answer.content.decode()


def words(text: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", text).split())


def section(text: str) -> str:
    found = re.search(
        r'<section class="card" aria-labelledby="next-conditions">.*?</section>', text, re.DOTALL
    )
    assert found is not None, "no section"
    return words(found[0])


def test_from_the_record_to_the_page(site: Client, settings: Any) -> None:
    # given a site that has trained and not switched on
    said, sha256 = train()
    assert re.search("chosen: (conditional|embedding)", said) and "400 people" in said
    # the same people, on the same day, give the same file, and nobody is in it
    assert train()[1] == sha256 != train("--seed", "3")[1]
    raw = (settings.DISEASE_TRAJECTORIES_DIR / f"{sha256}.json").read_text()
    names = [name for p in Patient.objects.all() for name in (str(p.public_id), f'"{p.fhir_id}"')]
    assert not any(name in raw for name in names)
    doctor = signed_in(clinician())
    # somebody new: who is in the record is in the training
    patient = patient_with(site, HYPERTENSION, ASTHMA)
    path = f"/twins/{patient.public_id}/predictions/"
    assert "next-conditions" not in page(doctor, path)
    assert "Not switched on at this site." in words(page(doctor, "/models/disease-trajectories/"))

    # when it names the artefact
    settings.DISEASE_TRAJECTORIES = sha256
    text = section(page(doctor, path))

    # then the page says how many, in how many, within what, compared with whom, and how good
    assert "Heart failure" in text and "Within 1 year" in text and "Hypertension" in text
    assert re.search(r"\d+ out of 100 \(\d+\.\d %\) \d+\.\d % to \d+\.\d %", text)
    assert re.search(r"\d+ people, \d+ first diagnoses", text)
    assert "held-out people of this site" in text
    assert "Research" in text and NOTE in text and "the patient does not see it" in text
    facts = words(page(doctor, "/models/disease-trajectories/"))
    assert sha256 in facts and "400 people of this site" in facts and NOTE in facts
    assert "Calibration: in held-out people" in facts
    assert "concept:heart_failure" in facts


def test_a_refusal_says_why(ehr_client: Client, switched_on: str) -> None:
    doctor = signed_in(clinician())
    patient = patient_with(ehr_client)
    path = f"/twins/{patient.public_id}/predictions/"
    assert "No number: of the diagnoses that were counted here 0 with a date" in section(
        page(doctor, path)
    )

    push(ehr_client, condition("p1-x", "L40.0", "2024-01-05", "p1"))
    said = section(page(doctor, path))
    assert "none of the dated diagnoses is among those that were counted here" in said

    push(ehr_client, condition("p1-y", HYPERTENSION, "2024-02-05", "p1"))
    said = section(page(doctor, path))
    assert "counted here 1 with a date; 2 are needed" in said and "1 more were not counted" in said

    today = datetime.now(UTC).date().isoformat()
    all_known = (ASTHMA, FAILURE, CANCER, "M17.0")
    push(ehr_client, *(condition(f"p1-{c[0]}", c, today, "p1") for c in all_known))
    assert "every diagnosis that was counted here is known already" in section(page(doctor, path))

    Patient.objects.filter(pk=patient.pk).update(birth_date=None)
    assert "the birth date is not recorded" in section(page(doctor, path))
    dead = {"birth_date": date(1960, 1, 1), "deceased": True, "deceased_at": datetime.now(UTC)}
    Patient.objects.filter(pk=patient.pk).update(**dead)
    assert "this person has died" in section(page(doctor, path))


@pytest.mark.parametrize(
    ("days", "said"),
    [((0,), "younger than 1 year"), ((900, 800), "nothing was recorded here within the last")],
)
def test_a_record_that_is_too_young_or_silent(
    ehr_client: Client, switched_on: str, days: tuple[int, ...], said: str
) -> None:
    push(ehr_client, fhir.practitioner("dr1"), fhir.patient("p1", practitioner="dr1"))
    seen = [datetime.now(UTC) - timedelta(days=back) for back in days]
    push(ehr_client, *(encounter(f"p1-{i}", d, d, kind="AMB") for i, d in enumerate(seen)))
    patient = Patient.objects.get(fhir_id="p1")
    doctor = signed_in(clinician())

    assert said in section(page(doctor, f"/twins/{patient.public_id}/predictions/"))


def test_what_was_wrong_in_held_out_people_is_not_shown(
    ehr_client: Client, settings: Any, planted_artefact: Path, tmp_path: Path
) -> None:
    content = json.loads(planted_artefact.read_text())
    problem = "In held-out people diagnoses were made 2.00 times as often as predicted."
    settings.DISEASE_TRAJECTORIES_DIR = tmp_path
    settings.DISEASE_TRAJECTORIES = write(tmp_path, content | {"problems": [problem]}).stem
    patient = patient_with(ehr_client, HYPERTENSION, ASTHMA)
    doctor = signed_in(clinician())

    said = section(page(doctor, f"/twins/{patient.public_id}/predictions/"))

    assert said.count("out of 100") == 0 and problem in said
    assert "Trained, and not shown" in words(page(doctor, "/models/disease-trajectories/"))


def test_only_the_care_team_reads_it_and_that_is_audited(
    ehr_client: Client, switched_on: str
) -> None:
    patient = patient_with(ehr_client, HYPERTENSION, ASTHMA)
    path = f"/twins/{patient.public_id}/predictions/"
    doctor, stranger = signed_in(clinician()), signed_in(clinician("dr9", "stranger"))
    me = signed_in(patient_user(patient))
    steward = signed_in(User.objects.create_user("steward", password="x", role="steward"))

    AuditEvent.objects.all().delete()
    assert "next-conditions" in page(doctor, path)
    reads = AuditEvent.objects.filter(action="read", patient_ids__contains=[patient.pk])
    assert [event.what for event in reads] == ["twin page"]

    assert stranger.get(path).status_code == 404
    assert me.get(path).status_code == 403 and steward.get(path).status_code == 403
    mine = page(me, "/my/")
    assert "often come next" not in mine and "Heart failure" not in mine
    facts = "/models/disease-trajectories/"
    said = words(page(steward, facts))
    assert "The embedding (disease space) was not better" in said and "Later in time" in said
    assert me.get(facts).status_code == 403 and Client().get(facts).status_code == 302


def test_a_file_that_was_changed_shows_nothing_but_that(
    ehr_client: Client, settings: Any, tmp_path: Path
) -> None:
    settings.DISEASE_TRAJECTORIES_DIR = tmp_path
    settings.DISEASE_TRAJECTORIES = "a" * 64
    patient = twin(ehr_client, "p1")
    doctor = signed_in(clinician())
    path = f"/twins/{patient.public_id}/predictions/"

    assert "no artefact" in section(page(doctor, path))
    (tmp_path / f"{'a' * 64}.json").write_text("{}")
    assert "has been changed" in section(page(doctor, path))
    for raw in (b"[]", b"no JSON", b"[" * 100_000):
        sha256 = hashlib.sha256(raw).hexdigest()
        (tmp_path / f"{sha256}.json").write_bytes(raw)
        settings.DISEASE_TRAJECTORIES = sha256
        assert "cannot be used" in section(page(doctor, path))
        assert "cannot be used" in words(page(doctor, "/models/disease-trajectories/"))
    assert "Switched on, and yet not in use" in words(page(doctor, "/models/disease-trajectories/"))


def test_off_it_costs_no_query_and_on_it_costs_two(
    ehr_client: Client, settings: Any, switched_on: str, django_assert_num_queries: Any
) -> None:
    path = f"/twins/{patient_with(ehr_client, HYPERTENSION, ASTHMA).public_id}/predictions/"
    doctor = signed_in(clinician())
    settings.DISEASE_TRAJECTORIES = ""
    page(doctor, path)
    with CaptureQueriesContext(connection) as off:
        page(doctor, path)
    settings.DISEASE_TRAJECTORIES = switched_on
    with django_assert_num_queries(len(off) + 2):
        page(doctor, path)


class TestHistories:
    RULES = Rules()
    AS_OF = datetime(2026, 11, 20, 12, tzinfo=UTC)

    def of(self, patient: Patient) -> dict[str, tuple[int, bool]]:
        person = history_of(patient, self.AS_OF, self.RULES)
        assert person is not None
        return {token: (day, exact) for token, day, exact in person.diagnoses}

    def test_what_is_counted_and_from_which_day(self, ehr_client: Client) -> None:
        patient = twin(ehr_client, "p1")
        refuted = condition("r", "J44.9", "2020-05-06", "p1")
        status = "http://terminology.hl7.org/CodeSystem/condition-ver-status"
        refuted["verificationStatus"] = {"coding": [{"system": status, "code": "refuted"}]}
        undated = condition("u", "K50.0", "2020-05-06", "p1")
        del undated["onsetDateTime"]
        recorded = {**condition("rec", "K51.0", "2020", "p1"), "recordedDate": "2021-02-03"}
        del recorded["onsetDateTime"]
        push(
            ehr_client,
            *(refuted, undated, recorded),
            condition("a", HYPERTENSION, "2020-05-06", "p1"),
            condition("y", GOUT, "2019", "p1"),
            condition("m", ASTHMA, "2019-02", "p1"),
            condition("z", "Z00.0", "2020-05-06", "p1"),
            condition("later", FAILURE, "2027-01-01", "p1"),
        )
        day = date.toordinal

        assert self.of(patient) == {
            "concept:hypertension": (day(date(2020, 5, 6)), True),
            "icd10:M10": (day(date(2019, 12, 31)), False),
            "icd10:J45": (day(date(2019, 2, 28)), False),
            "icd10:K51": (day(date(2021, 2, 3)), True),
        }

    def test_one_person_is_read_as_all_are(self, ehr_client: Client) -> None:
        for name in ("p1", "p2"):
            patient = twin(ehr_client, name)
            push(ehr_client, condition(f"{name}-a", GOUT, "2020-05-06", name))

        found = histories(self.AS_OF, self.RULES, most=10, seed=1)

        assert len(found.people) == 2
        assert history_of(patient, self.AS_OF, self.RULES) in found.people

    def test_who_is_left_out_is_counted(self, ehr_client: Client) -> None:
        no_birth = fhir.patient("q1")
        del no_birth["birthDate"]
        dead = {**fhir.patient("q2"), "deceasedBoolean": True}
        push(ehr_client, no_birth, dead, fhir.patient("q3"), fhir.patient("q4"))
        twin(ehr_client, "p1")
        patient = Patient.objects.get(fhir_id="q1")

        found = histories(self.AS_OF, self.RULES, most=2, seed=1)

        assert found.left_out["no birth date"] == 1
        assert found.left_out["dead, without a date"] == 1
        assert found.left_out["more people than asked for"] == 1
        assert found.left_out["no dated contact"] == 2 - len(found.people)
        assert history_of(patient, self.AS_OF, self.RULES) is None

    def test_a_death_without_a_date_ends_with_the_last_contact(self, ehr_client: Client) -> None:
        patient = twin(ehr_client, "p1")
        patient.deceased, patient.deceased_at = True, None
        person = history_of(patient, self.AS_OF, self.RULES)
        assert person is not None and person.death == date(2026, 10, 1).toordinal()

    def test_a_name_that_few_share_is_not_shown(self, ehr_client: Client) -> None:
        for name in ("p1", "p2", "p3"):
            twin(ehr_client, name)
            shown = "Gout" if name != "p3" else "Gout of Mr Example"
            push(ehr_client, condition(f"{name}-a", GOUT, "2020-05-06", name, shown))

        found = histories(self.AS_OF, self.RULES, most=10, seed=1)

        assert found.display("icd10:M10", 2) == "Gout"
        assert found.display("icd10:M10", 3) == ""
        assert found.display("icd10:Z99", 1) == ""


class TestCommand:
    @pytest.mark.parametrize(
        ("arguments", "said"),
        [
            (["--as-of", "2999-01-01"], "future"),
            (["--min-people", "2"], "at least 5 people"),
            (["--window", "0"], "at least a day"),
            ([], "Not trained: no diagnosis is shared"),
        ],
    )
    def test_what_it_refuses(self, arguments: list[str], said: str, db: None) -> None:
        with pytest.raises(CommandError, match=said):
            call_command("train_disease_trajectories", *arguments, stdout=StringIO())
