"""The cohort is reproducible, and a reload is idle."""

import hashlib
import json
import subprocess
import sys
from datetime import UTC, date, datetime, timedelta, timezone

import pytest

from patients.synthetic.generate import generate, infrastructure_bundle
from patients.synthetic.names import FAMILY, GIVEN
from tests.data import ROOT
from tests.unit.patients.synthetic.reading import AS_OF, Json, Record

PROGRAM = """
import hashlib, json
from datetime import date
from patients.synthetic.generate import generate
text = json.dumps(list(generate(4, seed=5, as_of=date(2026, 11, 20), odd_values=True)))
print(hashlib.sha256(text.encode()).hexdigest())
"""


def digest(bundles: object) -> str:
    return hashlib.sha256(json.dumps(bundles).encode()).hexdigest()


def test_another_process_makes_the_same_bytes() -> None:
    """Not even the order of sets, which differs with the hash seed, may show."""
    own = digest(list(generate(4, seed=5, as_of=AS_OF, odd_values=True)))
    for hash_seed in ("1", "2"):
        run = subprocess.run(
            [sys.executable, "-c", PROGRAM],
            cwd=ROOT,
            env={"PYTHONHASHSEED": hash_seed},
            capture_output=True,
            text=True,
            check=True,
        )
        assert run.stdout.strip() == own


def test_a_patient_does_not_depend_on_how_many_there_are() -> None:
    few = [digest(b) for b in generate(24, seed=5, as_of=AS_OF)]
    many = [digest(b) for b in generate(30, seed=5, as_of=AS_OF)]
    assert many[:24] == few
    assert len(set(many)) == 30


def test_another_seed_is_another_cohort() -> None:
    mine, yours = (list(generate(25, seed=seed, as_of=AS_OF)) for seed in (5, 6))
    assert all(digest(a) != digest(b) for a, b in zip(mine, yours, strict=True))


def test_only_the_day_of_as_of_counts() -> None:
    by_day = list(generate(2, seed=5, as_of=AS_OF))
    evening = datetime(2026, 11, 20, 23, 59, tzinfo=UTC)
    assert list(generate(2, seed=5, as_of=evening)) == by_day
    elsewhere = datetime(2026, 11, 21, 1, 0, tzinfo=timezone(timedelta(hours=2)))
    assert list(generate(2, seed=5, as_of=elsewhere)) == by_day


def test_there_is_no_cohort_of_fewer_than_none() -> None:
    assert list(generate(0, seed=5, as_of=AS_OF)) == []
    with pytest.raises(ValueError, match="-1 patients"):
        list(generate(-1, seed=5, as_of=AS_OF))


@pytest.mark.parametrize("odd_values", [False, True])
def test_every_entry_is_a_put_on_an_id_of_its_own(odd_values: bool) -> None:
    seen: set[str] = set()
    bundles: list[Json] = [infrastructure_bundle(5)]
    bundles += generate(40, seed=5, as_of=AS_OF, odd_values=odd_values)
    for bundle in bundles:
        assert bundle["type"] == "transaction"
        assert len(bundle["entry"]) < 400
        for entry in bundle["entry"]:
            url = f"{entry['resource']['resourceType']}/{entry['resource']['id']}"
            assert entry["request"] == {"method": "PUT", "url": url}
            assert url not in seen
            seen.add(url)


def test_every_reference_leads_somewhere(cohort: list[Record]) -> None:
    shared = {
        f"{e['resource']['resourceType']}/{e['resource']['id']}"
        for e in infrastructure_bundle(11)["entry"]
    }
    for record in cohort:
        own = {f"{r['resourceType']}/{r['id']}" for r in record.resources}
        for resource in record.resources:
            assert set(references_in(resource)) <= own | shared


def references_in(node: object) -> list[str]:
    if isinstance(node, list):
        return [found for item in node for found in references_in(item)]
    if not isinstance(node, dict):
        return []
    own = [node["reference"]] if "reference" in node else []
    return own + [found for value in node.values() for found in references_in(value)]


def test_ids_tell_nothing_but_whose_they_are(cohort: list[Record]) -> None:
    for record in cohort[:50]:
        owner = record.patient["id"]
        assert all(r["id"].removeprefix(f"{owner}-").isalnum() for r in record.resources[1:])


def test_everything_is_tagged_synthetic() -> None:
    bundles = [infrastructure_bundle(5), *generate(5, seed=5, as_of=AS_OF, odd_values=True)]
    for bundle in bundles:
        for entry in bundle["entry"]:
            assert [t["code"] for t in entry["resource"]["meta"]["tag"]] == ["synthetic"]


def test_names_are_names(cohort: list[Record]) -> None:
    names = {
        (" ".join(r.patient["name"][0]["given"]), r.patient["name"][0]["family"]) for r in cohort
    }
    assert len(names) > 490
    assert all(n.replace(" ", "").isalpha() and n[0].isupper() for pair in names for n in pair)


def test_doctors_are_many_and_the_first_has_every_showcase(cohort: list[Record]) -> None:
    doctors = [r.patient["generalPractitioner"][0]["reference"] for r in cohort]
    assert set(doctors[:20]) == {"Practitioner/twin-practitioner-1"}
    assert 0.4 < doctors.count("Practitioner/twin-practitioner-1") / len(cohort) < 0.65
    assert len(set(doctors)) == 4


def test_records_are_neither_thin_nor_endless(cohort: list[Record]) -> None:
    counts = sorted(len(r.of("Observation")) for r in cohort)
    assert 90 < sum(counts) / len(counts) < 135
    assert counts[0] > 12
    assert counts[-1] < 260


def test_another_day_keeps_the_people(cohort: list[Record]) -> None:
    later = list(generate(3, seed=11, as_of=date(2026, 11, 27)))
    for record, bundle in zip(cohort, later, strict=False):
        moved = bundle["entry"][0]["resource"]
        assert moved["name"] == record.patient["name"]
        assert moved["identifier"] == record.patient["identifier"]


def test_women_and_men_have_names_of_their_own() -> None:
    assert not set(GIVEN["female"]) & set(GIVEN["male"])
    assert all(len(set(names)) == len(names) for names in (*GIVEN.values(), FAMILY))
