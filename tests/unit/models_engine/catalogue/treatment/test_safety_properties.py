"""What must hold of every person: what is not known is never taken for safe, and nothing is silenced."""

from collections.abc import Iterable
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models_engine.catalogue.treatment.knowledge.criteria import Criteria, Criterion
from models_engine.catalogue.treatment.knowledge.loading import Knowledge
from models_engine.catalogue.treatment.person import Taken, TreatmentPerson
from models_engine.catalogue.treatment.safety.check import check
from models_engine.catalogue.treatment.safety.finding import Finding
from tests.unit.models_engine.catalogue.treatment.builders import (
    INGREDIENTS,
    Rows,
    knowledge_of,
    person,
    reading,
    taken,
)

MEASURED = ("potassium", "egfr", "weight")
CONDITIONS = ("gout", "angioedema")
NAMES = tuple(row["id"] for row in INGREDIENTS)
UNKNOWN = Taken("blue pills", is_known=False)
INTERACTIONS: Rows = [
    {"id": "raas", "applies_to": "class:acei", "other": "class:arb"},
    {"id": "x", "applies_to": "ingredient:simvastatin", "other": "ingredient:clarithromycin"},
    {"id": "dose", "applies_to": "class:statin", "other": "class:acei", "over_daily_mg": "20"},
    {
        "id": "three",
        "applies_to": "class:raas",
        "other": "class:diuretic",
        "third": "class:nsaid",
    },
]
CONTRAINDICATIONS: Rows = [
    {"id": "k", "applies_to": "class:raas", "when": "potassium>5.5", "asks": "yes"},
    {"id": "w", "applies_to": "class:doac", "when": "weight<50|egfr<15", "asks": "yes"},
    {"id": "g", "applies_to": "class:diuretic", "when": "has:gout;egfr<60", "asks": "yes"},
]
DOSING: Rows = [
    {"id": "low", "applies_to": "ingredient:metformin", "high": "30", "action": "avoid"},
    {
        "id": "mid",
        "applies_to": "ingredient:metformin",
        "low": "30",
        "high": "45",
        "daily_mg": "1000",
    },
]


@pytest.fixture(scope="module")
def knowledge(tmp_path_factory: pytest.TempPathFactory) -> Knowledge:
    return knowledge_of(
        tmp_path_factory.mktemp("tables"),
        interactions=INTERACTIONS,
        contraindications=CONTRAINDICATIONS,
        dosing=DOSING,
    )


criterion = st.one_of(
    st.builds(Criterion, st.sampled_from(["has", "lacks"]), st.sampled_from(CONDITIONS)),
    st.builds(Criterion, st.sampled_from(["takes", "not"]), st.sampled_from(NAMES)),
    st.builds(Criterion, st.just("for"), st.sampled_from(["hypertension", "hfref"])),
    st.builds(Criterion, st.just("sex"), st.sampled_from(["female", "male"])),
    st.builds(
        Criterion,
        st.just("compare"),
        st.sampled_from(MEASURED),
        st.sampled_from(["<", "<=", ">", ">="]),
        st.integers(0, 200).map(lambda n: n / 2),
    ),
)
criteria = st.lists(st.lists(criterion, min_size=1, max_size=3), max_size=3).map(
    lambda groups: Criteria(groups=tuple(map(tuple, groups)))
)
medicine = st.builds(
    lambda name, dose, certain: taken(name, daily_mg=dose, is_certain=certain),
    st.sampled_from(NAMES),
    st.sampled_from([None, 10.0, 40.0]),
    st.booleans(),
)
people = st.builds(
    lambda values, has, medicines, sex: person(
        readings={name: reading(value) for name, value in values.items()},
        conditions=dict.fromkeys(has, ()),
        medicines=tuple(medicines),
        sex=sex,
    ),
    st.dictionaries(st.sampled_from(MEASURED), st.integers(0, 200).map(float)),
    st.sets(st.sampled_from(CONDITIONS)),
    st.lists(medicine, max_size=4),
    st.sampled_from(["female", "male", ""]),
)
option = st.tuples(st.sampled_from(NAMES), st.sampled_from([None, 10.0, 500.0, 2000.0]))


def forgetting(who: TreatmentPerson, names: Iterable[str]) -> TreatmentPerson:
    gone = set(names)
    return replace(who, readings={n: r for n, r in who.readings.items() if n not in gone})


def findings(
    knowledge: Knowledge, who: TreatmentPerson, given_: tuple[str, float | None]
) -> tuple[Finding, ...]:
    name, dose = given_
    return check((name,), dose, "oral", "hypertension", who, knowledge).findings


@given(criteria)
def test_what_is_printed_is_read_again(made: Criteria) -> None:
    assert Criteria.parse(str(made)).groups == made.groups


@given(criteria, people, st.sets(st.sampled_from(MEASURED)))
def test_knowing_less_only_makes_an_answer_unknown(
    made: Criteria, who: TreatmentPerson, gone: set[str]
) -> None:
    more, less = made.ask(who), made.ask(forgetting(who, gone))
    assert less.holds is None or less.holds == more.holds


@given(criteria, people)
def test_what_is_missing_is_named_and_is_missing(made: Criteria, who: TreatmentPerson) -> None:
    answer = made.ask(who)
    assert (answer.holds is None) == bool(answer.missing)
    for name in answer.missing:
        absent = {"sex": not who.sex, "indication": not who.treats}
        assert absent.get(name, who.value(name) is None)


@given(people, option, st.sets(st.sampled_from(MEASURED)))
def test_forgetting_a_value_never_makes_it_look_safe(
    knowledge: Knowledge, who: TreatmentPerson, given_: tuple[str, float | None], gone: set[str]
) -> None:
    serious = ("X", "ask")
    before = [one.level for one in findings(knowledge, who, given_)]
    after = [one.level for one in findings(knowledge, forgetting(who, gone), given_)]
    if any(level in serious for level in before):
        assert any(level in serious for level in after)
    assert before.count("ask") <= after.count("ask")


@given(people, medicine, option)
def test_one_medicine_more_takes_no_finding_away(
    knowledge: Knowledge, who: TreatmentPerson, more: Taken, given_: tuple[str, float | None]
) -> None:
    before = findings(knowledge, who, given_)
    after = findings(knowledge, replace(who, medicines=(*who.medicines, more)), given_)
    if any(one.level == "X" for one in after):
        # it may be excluded now, and then no value is asked for
        before = [replace(f, level="told") if f.kind == "missing" else f for f in before]
    assert set(before) <= set(after)


@given(people, option, st.integers(0, 4))
def test_a_medicine_that_nobody_knows_always_blocks(
    knowledge: Knowledge, who: TreatmentPerson, given_: tuple[str, float | None], at: int
) -> None:
    medicines = (*who.medicines[:at], UNKNOWN, *who.medicines[at:])
    found = findings(knowledge, replace(who, medicines=medicines), given_)
    assert any(one.kind == "unresolved" and one.level == "ask" for one in found)


@given(people, option)
def test_the_order_of_the_medicines_does_not_matter(
    knowledge: Knowledge, who: TreatmentPerson, given_: tuple[str, float | None]
) -> None:
    def keys(one: TreatmentPerson) -> set[tuple[str, str, str]]:
        found = findings(knowledge, one, given_)
        return {(f.kind, f.level, f.row) for f in found}

    assert keys(who) == keys(replace(who, medicines=who.medicines[::-1]))
