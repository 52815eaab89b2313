"""How common things are: adults of a primary-care list, a little sicker. Bands are ours [J]."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from tests.unit.patients.synthetic.reading import AS_OF, Record, day_of

NOW_SMOKING = "449868002"


def has(*snomed: str) -> Callable[[Record], bool]:
    return lambda record: bool(record.conditions(*snomed))


def takes(*rxnorm: str) -> Callable[[Record], bool]:
    return lambda record: any(o["status"] == "active" for o in record.orders(*rxnorm))


def newest(loinc: str) -> Callable[[Record], float]:
    return lambda record: record.series(loinc)[-1][1]


def seen_within(days: int) -> Callable[[Record], bool]:
    return lambda record: (
        max(day_of(e["period"]["start"]) for e in record.of("Encounter"))
        > AS_OF - timedelta(days=days)
    )


@pytest.mark.parametrize(
    ("what", "low", "high", "holds"),
    [
        ("women", 0.45, 0.60, lambda r: r.patient["gender"] == "female"),
        ("below 30 years", 0.03, 0.12, lambda r: r.age_on(AS_OF) < 30),
        ("30 to 79 years", 0.80, 0.94, lambda r: 30 <= r.age_on(AS_OF) <= 79),
        ("above 79 years", 0.03, 0.12, lambda r: r.age_on(AS_OF) > 79),
        ("diabetes type 2", 0.11, 0.24, has("44054006")),
        ("prediabetes", 0.05, 0.25, has("15777000")),
        ("hypertension", 0.28, 0.48, has("59621000")),
        ("cardiovascular disease", 0.08, 0.22, has("53741008", "230690007", "400047006")),
        ("heart failure", 0.01, 0.06, has("84114007")),
        ("atrial fibrillation", 0.01, 0.07, has("49436004")),
        (
            "chronic kidney disease",
            0.07,
            0.22,
            has("431855005", "431856006", "700378005", "700379002", "431857002", "433146000"),
        ),
        ("kidney disease G3b or worse", 0.01, 0.08, has("700379002", "431857002", "433146000")),
        ("pregnancy ever on record", 0.01, 0.07, has("77386006")),
        ("smoking now", 0.10, 0.25, lambda r: r.smoking()[-1] == NOW_SMOKING),
        ("obesity", 0.22, 0.45, lambda r: newest("39156-5")(r) >= 30),
        ("statin", 0.20, 0.45, takes("312961", "83367", "301542", "259255")),
        ("metformin", 0.08, 0.22, takes("860975")),
        ("insulin", 0.01, 0.09, takes("106892")),
        ("no lipids at all", 0.01, 0.07, lambda r: not r.series("2093-3")),
        ("seen within a year", 0.90, 0.995, seen_within(365)),
        ("dead", 0.003, 0.05, lambda r: "deceasedDateTime" in r.patient),
    ],
)
def test_prevalence(
    cohort: list[Record], what: str, low: float, high: float, holds: Callable[[Record], bool]
) -> None:
    share = sum(map(holds, cohort)) / len(cohort)
    assert low <= share <= high, f"{what}: {share:.3f}"


def test_several_got_worse_within_the_last_year(cohort: list[Record]) -> None:
    """Untreated, and by more than chance: what a worklist is there for."""
    rising = []
    for record in cohort:
        systolic, ldl = record.series("8480-6"), record.series("13457-7")
        if len(systolic) > 3 and len(ldl) > 3:
            before, now = systolic[-2], systolic[-1]
            if (now[0] - before[0]).days >= 90 and now[1] - before[1] >= 18:
                rising.append(ldl[-1][1] > ldl[-2][1])
    assert len(rising) >= 20
    assert sum(rising) > 0.6 * len(rising)
