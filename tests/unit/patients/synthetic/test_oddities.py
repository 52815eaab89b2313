"""The oddities are there on request, all of them, and say what they are meant to say."""

from collections.abc import Iterator

import pytest

from patients.record.drafts import FactDraft, Quality
from patients.record.projection import project
from patients.synthetic.oddities import ODDITIES, PER_PATIENT, make_odd
from tests.unit.patients.synthetic.reading import AS_OF, Json, Record, records


@pytest.fixture(scope="module")
def odd() -> list[Record]:
    return records(36, seed=4, as_of=AS_OF, odd_values=True)


@pytest.fixture(scope="module")
def clean() -> list[Record]:
    return records(36, seed=4, as_of=AS_OF)


def facts(people: list[Record]) -> Iterator[tuple[Json, FactDraft]]:
    for record in people:
        for resource in record.resources:
            for fact in project(resource):
                yield resource, fact


def test_a_clean_cohort_has_none(clean: list[Record]) -> None:
    doubtful = {
        (record.patient["id"], fact.concept)
        for record in clean
        for _, fact in facts([record])
        if fact.quality != Quality.USABLE and fact.kind != "condition"
    }
    assert doubtful == {
        ("twin-00009", "systolic_bp"),
        ("twin-00011", "potassium"),
        # a medicine that is told in words only
        ("twin-00012", "medication_unclassified"),
    }


def test_every_quality_that_a_feed_can_have_is_there(odd: list[Record]) -> None:
    found = {fact.quality for _, fact in facts(odd)}
    assert found >= {
        Quality.IMPOSSIBLE,
        Quality.UNKNOWN_UNIT,
        Quality.MISSING_UNIT,
        Quality.UNCLASSIFIED,
        Quality.INACTIVE,
        Quality.VERIFY,
    }


def test_other_units_say_the_same_values(clean: list[Record], odd: list[Record]) -> None:
    """mmol/L, umol/L, mmol/mol and inches: the newest canonical value stays what it was."""
    same = {
        "total_cholesterol": 0.01,
        "ldl_cholesterol": 0.01,
        "triglycerides": 0.02,
        "creatinine": 0.01,
        "hba1c": 0.06,
        "height": 0.2,
    }
    converted = 0
    for before, after in zip(clean, odd, strict=True):
        for concept, tolerance in same.items():
            old, new = (newest(record, concept) for record in (before, after))
            if old is not None and new is not None:
                assert new[1] == pytest.approx(old[1], abs=tolerance)
                converted += new[0] != old[0]
    assert converted > 20


def newest(record: Record, concept: str) -> tuple[str, float] | None:
    """(raw unit, canonical value) of the newest usable value that is not an added oddity."""
    found = [
        (resource["effectiveDateTime"], resource["valueQuantity"]["unit"], fact.value)
        for resource, fact in facts([record])
        if fact.concept == concept and "-odd-" not in resource["id"] and fact.value is not None
    ]
    return max(found)[1:] if found else None


@pytest.mark.parametrize("name", ODDITIES)
def test_each_is_met_and_changes_something(
    name: str, clean: list[Record], odd: list[Record]
) -> None:
    number = list(ODDITIES).index(name)
    touched = [
        i
        for i in range(1, len(odd) + 1)
        if number in {(i * PER_PATIENT + k) % len(ODDITIES) for k in range(PER_PATIENT)}
    ]
    assert touched
    assert any(clean[i - 1].resources != odd[i - 1].resources for i in touched)


def test_added_resources(odd: list[Record]) -> None:
    added = {
        resource["id"].split("-odd-")[1]: resource
        for record in odd
        for resource in record.resources
        if "-odd-" in resource["id"]
    }
    assert added["entered-in-error"]["status"] == "entered-in-error"
    assert added["impossible-value"]["valueQuantity"]["value"] == 7420
    assert len(added["year-only"]["effectiveDateTime"]) == 4
    assert "valueQuantity" not in added["result-pending"]
    drug = added["unclassified-drug"]["medicationCodeableConcept"]["coding"][0]
    assert "rxnorm" not in drug["system"]


def test_changed_resources(odd: list[Record]) -> None:
    observations = [o for record in odd for o in record.of("Observation")]
    codes = {o["code"]["coding"][0]["code"] for o in observations}
    assert codes >= {"55284-4", "33914-3", "14682-9", "59261-8", "14647-2"}
    assert any(o.get("valueQuantity", {}).get("comparator") == "<" for o in observations)
    assert any(c["onsetDateTime"].count("-") == 1 for r in odd for c in r.of("Condition"))
    assert any(r.conditions("38341003") for r in odd)


def test_an_empty_chart_bears_every_oddity(clean: list[Record]) -> None:
    """Nothing to change is no error: only the house drug can be added to such a chart."""
    bare = [clean[3].patient, *clean[3].of("CareTeam")]
    for index in range(len(ODDITIES)):
        assert {r["resourceType"] for r in make_odd(bare, index)} <= {
            "Patient",
            "CareTeam",
            "MedicationRequest",
        }
