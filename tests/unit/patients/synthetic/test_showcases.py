"""The first twenty are who they are said to be, whatever the seed."""

from datetime import timedelta

import pytest

from patients.synthetic.showcases import SHOWCASES
from tests.unit.patients.synthetic.reading import AS_OF, Record, day_of, records

SEEDS = (1, 2, 3, 20261120)
LIPIDS = ("2093-3", "2085-9", "13457-7", "2571-8")


@pytest.fixture(scope="module", params=SEEDS)
def people(request: pytest.FixtureRequest) -> list[Record]:
    return records(len(SHOWCASES), seed=request.param, as_of=AS_OF)


def newest(record: Record, loinc: str) -> float:
    return record.series(loinc)[-1][1]


def test_hba1c_answers_to_metformin(people: list[Record]) -> None:
    (metformin,) = people[0].orders("860975")
    begun = day_of(metformin["authoredOn"])
    values = people[0].series("4548-4")
    before = [v for day, v in values if day <= begun]
    year = [v for day, v in values if begun < day <= begun + timedelta(days=500)]
    assert before[0] < 5.7
    assert min(before[-2:]) > 7.0
    assert sum(year) / len(year) < before[-1] - 0.3
    assert metformin["status"] == "active"


def test_kidney_disease_progresses_with_albuminuria(people: list[Record]) -> None:
    egfr = [v for _, v in people[1].series("98979-8")]
    assert egfr[0] >= 40
    assert egfr[-1] <= 33
    assert newest(people[1], "9318-7") > 300
    assert people[1].conditions("700379002", "431857002"), "G3b or G4 is on the problem list"


def test_a_smokers_untreated_pressure_rises(people: list[Record]) -> None:
    record = people[2]
    assert set(record.smoking()) == {"449868002"}
    assert not record.of("MedicationRequest")
    systolic = record.series("8480-6")
    assert systolic[-1][1] >= systolic[-2][1] + 5
    assert systolic[-1][1] > 150
    assert (systolic[-1][0] - systolic[-2][0]).days >= 90


def test_a_healthy_young_woman(people: list[Record]) -> None:
    assert people[3].patient["gender"] == "female"
    assert people[3].age_on(AS_OF) == 34
    assert not people[3].of("MedicationRequest")
    assert newest(people[3], "8480-6") < 140


def test_known_cardiovascular_disease(people: list[Record]) -> None:
    (infarction,) = people[4].conditions("22298006")
    assert infarction["onsetDateTime"] > "2023"
    emergencies = [e for e in people[4].of("Encounter") if e["class"]["code"] == "EMER"]
    assert [day_of(e["period"]["start"]).isoformat() for e in emergencies] == [
        infarction["onsetDateTime"]
    ]
    assert people[4].orders("259255")
    assert people[4].conditions("53741008")
    assert len(people[4].of("CareTeam")[0]["participant"]) == 2


def test_lipids_are_missing(people: list[Record]) -> None:
    assert not any(people[5].series(code) for code in LIPIDS)
    assert people[5].series("2160-0")


def test_a_statin_user(people: list[Record]) -> None:
    orders = people[6].orders("312961", "83367", "301542")
    assert [o["status"] for o in orders] == ["active"]
    assert newest(people[6], "13457-7") < 0.8 * people[6].series("13457-7")[0][1]


def test_too_old_and_too_young(people: list[Record]) -> None:
    assert people[7].age_on(AS_OF) == 82
    assert people[13].age_on(AS_OF) == 24


def test_newest_values_outside_their_usual_range(people: list[Record]) -> None:
    assert newest(people[8], "8480-6") == 226
    assert newest(people[10], "2823-3") == 6.7


def test_diabetes_that_outgrew_two_drugs(people: list[Record]) -> None:
    drugs = ["860975", "4821", "106892"]
    assert all(people[9].orders(code)[-1]["status"] == "active" for code in drugs)


def test_heart_failure_and_atrial_fibrillation(people: list[Record]) -> None:
    assert people[10].conditions("84114007")
    assert people[10].conditions("49436004")
    assert people[10].orders("855332")
    assert not people[10].orders("243670", "309362"), "no antiplatelet beside warfarin"


def test_stroke(people: list[Record]) -> None:
    assert people[11].conditions("230690007")


def test_body_mass_index_above_forty(people: list[Record]) -> None:
    assert newest(people[12], "39156-5") > 40


def test_pregnant_now(people: list[Record]) -> None:
    (pregnancy,) = people[14].conditions("77386006")
    assert "abatementDateTime" not in pregnancy
    assert day_of(pregnancy["onsetDateTime"]) > AS_OF - timedelta(days=200)
    assert not people[14].of("MedicationRequest")


def test_pressure_and_cholesterol_rose(people: list[Record]) -> None:
    systolic = people[15].series("8480-6")
    assert systolic[-1][1] == 162
    assert not people[15].of("MedicationRequest")
    assert newest(people[15], "13457-7") > people[15].series("13457-7")[0][1]


def test_stopped_smoking(people: list[Record]) -> None:
    assert people[16].smoking()[0] == "449868002"
    assert people[16].smoking()[-1] == "8517006"


def test_not_seen_for_four_years(people: list[Record]) -> None:
    last = max(day_of(e["period"]["start"]) for e in people[17].of("Encounter"))
    assert last < AS_OF - timedelta(days=4 * 365)


def test_prediabetes_and_rising(people: list[Record]) -> None:
    assert people[18].conditions("15777000", "44054006")
    assert newest(people[18], "39156-5") > people[18].series("39156-5")[0][1]


def test_died(people: list[Record]) -> None:
    assert "deceasedDateTime" in people[19].patient


def test_every_showcase_but_the_lost_and_the_dead_was_seen_lately(people: list[Record]) -> None:
    for number, record in enumerate(people, 1):
        last = max(day_of(e["period"]["start"]) for e in record.of("Encounter"))
        assert (last > AS_OF - timedelta(days=45)) == (number not in (18, 20))


def test_some_written_cases_bring_an_echo_a_genotype_and_fills(people: list[Record]) -> None:
    heart, stroke = people[10], people[11]
    assert newest(heart, "10230-1") == 32
    genes = [r for r in stroke.resources if "84413-4" in str(r.get("code"))]
    assert [r["valueCodeableConcept"]["text"] for r in genes] == ["CYP2C19 *2/*2"]
    assert len(stroke.of("MedicationDispense")) == 3
    (told,) = stroke.of("MedicationStatement")
    assert "coding" not in told["medicationCodeableConcept"]
