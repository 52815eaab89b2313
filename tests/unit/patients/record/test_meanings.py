"""What data stewards have mapped: read beside our own tables, never above them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from patients.record.drafts import Quality
from patients.record.projection import project
from patients.terminology.conditions import CONDITIONS
from patients.terminology.mappable import (
    target_text,
    why_not_mappable,
    why_not_target,
    without_effect,
)
from patients.terminology.meanings import (
    NO_MEANINGS,
    Key,
    MappingKind,
    Statement,
    meanings_of,
    unit_key,
)
from patients.terminology.measurements import OBSERVATIONS
from tests.unit.patients.record.builders import (
    LOINC,
    RXNORM,
    SNOMED,
    UCUM,
    allergy,
    concept,
    condition,
    observation,
    one,
    quantity,
    request,
)

LAB = "urn:hospital:lab"
SENDER = "client 3"
OBSERVATION, ANSWER, CONDITION, MEDICATION = (
    MappingKind.OBSERVATION,
    MappingKind.ANSWER,
    MappingKind.CONDITION,
    MappingKind.MEDICATION,
)
A1C = Statement(7, Key(OBSERVATION, "", LAB, "A1C"), "hba1c")
CHOL = Statement(8, Key(OBSERVATION, "", LAB, "CHOL"), "total_cholesterol")
SMOKES = Statement(9, Key(ANSWER, "smoking_status", LAB, "S1"), "current")
DIABETES = Statement(10, Key(CONDITION, "", LAB, "DM2"), "diabetes_type_2")
STATIN = Statement(11, Key(MEDICATION, "", LAB, "ATO"), "rxnorm|83367")
ODD_UNIT = Statement(12, unit_key("total_cholesterol", "MGD", SENDER), "mg/dL")
EVERYBODYS = meanings_of([A1C, CHOL, SMOKES, DIABETES, STATIN, ODD_UNIT])
ALL = EVERYBODYS.for_source(SENDER)


def coded(*pairs, **more):
    return {"coding": [{"system": system, "code": code, **more} for system, code in pairs]}


def local(code="A1C", value=6.5, unit="%", **more):
    return observation(value=value, unit=unit, code=coded((LAB, code)), **more)


class TestCodes:
    def test_a_local_code_is_read_and_the_fact_says_by_what(self):
        assert project(local()) == []
        draft = one(local(), meanings=ALL)
        assert (draft.concept, draft.value, draft.quality) == ("hba1c", 6.5, Quality.USABLE)
        assert (draft.system, draft.code, draft.mappings) == (LAB, "A1C", (7,))

    def test_the_usual_rules_hold_for_its_values(self):
        without = one(local(unit=""), meanings=ALL)
        assert (without.quality, without.value) == (Quality.MISSING_UNIT, None)
        assert one(local(value=65), meanings=ALL).quality == Quality.IMPOSSIBLE
        assert one(local(unit="furlong"), meanings=ALL).quality == Quality.UNKNOWN_UNIT

    def test_a_component_is_read_too(self):
        panel = observation(
            code=coded((LAB, "PANEL")),
            component=[{"code": coded((LAB, "CHOL")), "valueQuantity": quantity(200, "mg/dL")}],
        )
        draft = one(panel, meanings=ALL)
        assert (draft.path, draft.mappings) == ("Observation.component[0]", (8,))

    @pytest.mark.parametrize("first", [(LOINC, "4548-4"), (LAB, "A1C")])
    def test_beside_a_code_of_our_tables_a_mapping_is_not_needed(self, first):
        pairs = sorted([(LOINC, "4548-4"), (LAB, "A1C")], key=lambda pair: pair != first)
        found = observation(value=6.5, unit="%", code=coded(*pairs))
        draft = one(found, meanings=ALL)
        assert (draft.code, draft.mappings, draft.quality) == ("4548-4", (), Quality.USABLE)

    def test_a_unit_that_is_refused_under_a_code_stays_refused_beside_a_mapped_one(self):
        found = observation(value=6.5, unit="%", code=coded((LAB, "A1C"), (LOINC, "59261-8")))
        assert one(found).quality == Quality.UNKNOWN_UNIT
        assert one(found, meanings=ALL) == one(found)

    def test_codes_that_disagree_are_not_used(self):
        found = observation(value=6.5, unit="%", code=coded((LOINC, "4548-4"), (LAB, "CHOL")))
        draft = one(found, meanings=ALL)
        assert draft.quality == Quality.UNCLASSIFIED
        assert draft.reason.startswith("codes disagree: hba1c, total_cholesterol")
        assert draft.mappings == (8,)

    def test_a_closer_mapped_code_takes_nothing_from_one_of_our_tables(self):
        fasting = Statement(1, Key(OBSERVATION, "", LAB, "GLUF"), "glucose_fasting")
        glucose = coded((LOINC, "2345-7"), (LAB, "GLUF"))
        found = observation(value=100, unit="mg/dL", code=glucose)
        assert one(found, meanings=meanings_of([fasting])) == one(found)

    def test_a_code_that_the_tables_know_cannot_be_said_otherwise(self):
        """Not even by a row that should not be there."""
        smuggled = meanings_of([Statement(1, Key(OBSERVATION, "", LOINC, "2160-0"), "hba1c")])
        found = observation(value=1.0)
        assert project(found, meanings=smuggled) == project(found)

    def test_a_target_that_is_gone_says_nothing(self):
        gone = Statement(1, Key(OBSERVATION, "", LAB, "A1C"), "no_such_concept")
        assert project(local(), meanings=meanings_of([gone])) == []
        assert without_effect(gone.key, gone.target)


class TestAnswers:
    def smoker(self, *pairs):
        return observation("72166-2", valueCodeableConcept=coded(*pairs))

    def test_a_local_answer(self):
        assert one(self.smoker((LAB, "S1"))).quality == Quality.UNCLASSIFIED
        draft = one(self.smoker((LAB, "S1")), meanings=ALL)
        assert (draft.value_code, draft.quality, draft.mappings) == ("current", "usable", (9,))

    def test_beside_a_standard_one(self):
        same = one(self.smoker((LAB, "S1"), (SNOMED, "77176002")), meanings=ALL)
        assert (same.value_code, same.mappings) == ("current", ())
        other = one(self.smoker((LAB, "S1"), (SNOMED, "266919005")), meanings=ALL)
        assert (other.value_code, other.quality) == ("", Quality.UNCLASSIFIED)
        assert other.mappings == (9,)


class TestConditionsAndMedications:
    def test_a_local_diagnosis_with_what_it_implies(self):
        diagnosis = condition(code=coded((LAB, "DM2")))
        assert one(diagnosis).concept == "condition_unclassified"
        stated = {d.concept: d.mappings for d in project(diagnosis, meanings=ALL)}
        implied = CONDITIONS["diabetes_type_2"].implies
        assert stated == dict.fromkeys(("diabetes_type_2", *implied), (10,))

    def test_a_standard_code_of_the_same_is_what_is_named(self):
        diagnosis = condition(code=coded((LAB, "DM2"), (SNOMED, "44054006")))
        assert project(diagnosis, meanings=ALL) == project(diagnosis)

    def test_a_local_procedure(self):
        dialysis = meanings_of([Statement(3, Key(CONDITION, "", LAB, "HD"), "dialysis")])
        done = {
            "resourceType": "Procedure",
            "id": "p",
            "status": "completed",
            "code": coded((LAB, "HD")),
            "performedDateTime": "2024-01-01",
        }
        assert project(done) == []
        assert "dialysis" in {d.concept for d in project(done, meanings=dialysis)}

    def test_a_local_drug_inline_named_contained_and_as_an_ingredient(self):
        code = coded((LAB, "ATO"))
        made_of = {"resourceType": "Medication", "ingredient": [{"itemCodeableConcept": code}]}
        named = {"resourceType": "Medication", "id": "m", "code": code}
        pointing = request(
            medicationCodeableConcept=None, medicationReference={"reference": "Medication/m"}
        )
        within = pointing | {
            "contained": [named],
            "medicationReference": {"reference": "#m"},
        }
        inline = request(medicationCodeableConcept=code)
        cases = [(inline, None), (pointing, named), (within, None), (pointing, made_of)]
        for order, held in cases:
            plain = one(order, resolve=lambda _, held=held: held)
            draft = one(order, resolve=lambda _, held=held: held, meanings=ALL)
            assert plain.quality == Quality.UNCLASSIFIED
            assert (draft.concept, draft.quality, draft.mappings) == ("statin", "usable", (11,))

    def test_a_drug_of_our_tables_is_read_by_them(self):
        order = request(medicationCodeableConcept=coded((LAB, "ATO"), (RXNORM, "83367")))
        assert one(order, meanings=ALL).mappings == ()


class TestUnits:
    def cholesterol(self, **sent):
        return observation("2093-3", valueQuantity=quantity(200, **sent))

    @pytest.mark.parametrize("spelling", ["MGD", "mg d", "Mgd"])
    def test_a_spelling_is_read_for_the_concept_it_is_mapped_for(self, spelling):
        found = self.cholesterol(unit=spelling)
        assert one(found).quality == Quality.UNKNOWN_UNIT
        draft = one(found, meanings=ALL)
        assert draft.value == pytest.approx(200 * 0.02586)
        assert (draft.raw_unit, draft.mappings) == (spelling, (12,))
        other = observation("2160-0", value=1.0, unit=spelling)
        assert one(other, meanings=ALL) == one(other)

    def test_the_code_decides_where_there_is_one(self):
        found = self.cholesterol(unit="mg per dl, roughly", code="mgd", system=UCUM)
        plain = one(found)
        assert (plain.quality, plain.raw_unit) == (Quality.UNKNOWN_UNIT, "mgd")
        assert one(found, meanings=ALL).mappings == (12,)

    def test_a_mapped_code_and_a_known_unit_may_not_contradict(self):
        found = self.cholesterol(unit="mmol/L", code="mgd", system=UCUM)
        draft = one(found, meanings=ALL)
        assert (draft.quality, draft.value) == (Quality.UNKNOWN_UNIT, None)

    def test_a_good_code_beside_a_mapped_text_is_read_as_ever(self):
        found = self.cholesterol(unit="MGD", code="mmol/L", system=UCUM)
        assert one(found, meanings=ALL) == one(found)

    @pytest.mark.parametrize(
        ("source", "is_read"),
        [
            ("client 3", True),
            ("client 3, replayed from quarantine by user 5", True),
            ("client 33", False),
            ("client 4, replayed from quarantine by user 3", False),
            ("import client 3", False),
            ("", False),
        ],
    )
    def test_it_is_read_for_its_sender_alone(self, source, is_read):
        found = self.cholesterol(unit="MGD")
        draft = one(found, meanings=EVERYBODYS.for_source(source))
        assert (draft.quality == Quality.USABLE) == is_read
        assert one(found, meanings=EVERYBODYS) == one(found), "nobody's: not read at all"

    def test_the_servers_own_imports_are_one_sender(self):
        ours = Statement(1, unit_key("total_cholesterol", "MGD", "server"), "mg/dL")
        found, meanings = self.cholesterol(unit="MGD"), meanings_of([ours])
        for source in ("import x, y.json", "synthetic cohort"):
            assert one(found, meanings=meanings.for_source(source)).mappings == (1,)
        assert one(found, meanings=meanings.for_source("client 3")) == one(found)

    def test_two_senders_may_mean_different_units_by_the_same_letters(self):
        theirs = Statement(13, unit_key("total_cholesterol", "MGD", "client 4"), "mmol/L")
        both = EVERYBODYS.with_statement(theirs)
        found = observation("2093-3", valueQuantity=quantity(6, unit="MGD"))
        assert one(found, meanings=both.for_source("client 4")).value == 6
        assert one(found, meanings=both.for_source("client 3")).value == pytest.approx(0.15516)

    @pytest.mark.parametrize("system", ["urn:hospital:units", ""])
    def test_a_code_that_our_tables_read_contradicts_a_mapped_text(self, system):
        found = self.cholesterol(unit="MGD", code="mmol/L", system=system)
        draft = one(found, meanings=ALL)
        assert (draft.quality, draft.value) == (Quality.UNKNOWN_UNIT, None)
        assert "contradict each other" in draft.reason
        assert (draft.raw_unit, draft.mappings) == ("MGD", (12,))
        same = self.cholesterol(unit="MGD", code="mg/dL", system=system)
        assert one(same, meanings=ALL).quality == Quality.USABLE

    def test_ucum_has_two_names(self):
        oid = "urn:oid:2.16.840.1.113883.6.8"
        found = self.cholesterol(unit="MGD", code="mmol/L", system=oid)
        assert one(found, meanings=ALL) == one(found)
        assert one(found) == one(self.cholesterol(unit="MGD", code="mmol/L", system=UCUM))
        against = self.cholesterol(unit="mg/dL", code="mmol/L", system=oid)
        assert one(against).quality == Quality.UNKNOWN_UNIT

    def test_no_unit_is_never_guessed(self):
        smuggled = meanings_of(
            [Statement(1, unit_key("total_cholesterol", "", SENDER), "mg/dL")]
        ).for_source(SENDER)
        found = self.cholesterol()
        assert one(found, meanings=smuggled).quality == Quality.MISSING_UNIT


class TestWhatMayBeMapped:
    @pytest.mark.parametrize(
        ("key", "words"),
        [
            (Key(OBSERVATION, "", LOINC, "2160-0"), "Our own tables"),
            (Key(OBSERVATION, "", "urn:oid:2.16.840.1.113883.6.1", "2160-0"), "Our own tables"),
            (Key(OBSERVATION, "", "", "GLU"), "no code system"),
            (Key(OBSERVATION, "", LAB, ""), "no code"),
            (Key(OBSERVATION, "", "my lab", "GLU"), "URI"),
            (Key(OBSERVATION, "", LAB, "x" * 65), "longer"),
            (Key(ANSWER, "smoking_status", SNOMED, "77176002"), "Our own tables"),
            (Key(ANSWER, "hba1c", LAB, "x"), "no such"),
            (Key(CONDITION, "", SNOMED, "44054006"), "Our own tables"),
            (Key(CONDITION, "", "http://hl7.org/fhir/sid/icd-10-cm", "E11.9"), "Our own tables"),
            (Key(MEDICATION, "", RXNORM, "83367"), "Our own tables"),
            (Key(MEDICATION, "", "http://www.whocc.no/atc", "C10"), "Our own tables"),
            (unit_key("total_cholesterol", "", SENDER), "never guessed"),
            (unit_key("total_cholesterol", "mg / dl", SENDER), "Our own tables"),
            (unit_key("total_cholesterol", "mmHg", SENDER), "no unit of this measurement"),
            (unit_key("smoking_status", "MGD", SENDER), "no such measurement"),
            (unit_key("total_cholesterol", "MGD", ""), "who sends it"),
            (unit_key("total_cholesterol", "MGD", "client 3, 4"), "who sends it"),
        ],
    )
    def test_refused_with_a_reason(self, key, words):
        assert words in why_not_mappable(key)

    def test_what_is_not_in_the_tables_may_be(self):
        for statement in ALL.said.values():
            assert why_not_mappable(statement.key) == ""
            assert why_not_target(statement.key, statement.target) == ""
            assert target_text(statement.key, statement.target)
        assert why_not_mappable(Key(OBSERVATION, "", LOINC, "99999-9")) == ""
        assert why_not_mappable(unit_key("total_cholesterol", "x" * 65, SENDER))

    @pytest.mark.parametrize(
        ("key", "target"),
        [
            (A1C.key, "diabetes_type_2"),
            (SMOKES.key, "sometimes"),
            (DIABETES.key, "hba1c"),
            (STATIN.key, "rxnorm|1"),
            (STATIN.key, "atorvastatin"),
            (ODD_UNIT.key, "mm[Hg]"),
        ],
    )
    def test_onto_what_it_cannot_mean(self, key, target):
        assert why_not_target(key, target)


CODINGS = [
    (LOINC, "4548-4"),
    (LOINC, "2345-7"),
    (LOINC, "99999-9"),
    (LAB, "A1C"),
    (LAB, "CHOL"),
    (LAB, "OTHER"),
    ("", "A1C"),
]
UNITS = ["%", "mg/dL", "MGD", "furlong", ""]
STATEMENTS = st.lists(
    st.builds(
        Statement,
        st.integers(1, 99),
        st.sampled_from([Key(OBSERVATION, "", *pair) for pair in CODINGS[2:6]]),
        st.sampled_from(sorted(OBSERVATIONS)),
    )
    | st.builds(
        Statement,
        st.integers(1, 99),
        st.sampled_from([unit_key(c, u, SENDER) for c in ("hba1c", "glucose") for u in UNITS[2:4]]),
        st.sampled_from(["%", "mg/dL", "mmol/mol"]),
    ),
    max_size=5,
)
RESOURCES = st.builds(
    lambda pairs, value, unit: observation(value=value, unit=unit, code=coded(*pairs)),
    st.lists(st.sampled_from(CODINGS), max_size=3, unique=True),
    st.floats(0.1, 500),
    st.sampled_from(UNITS),
)


@given(RESOURCES, STATEMENTS)
def test_every_fact_that_a_mapping_changes_names_it(resource, statements):
    meanings = meanings_of(statements).for_source(SENDER)
    numbers = {statement.mapping for statement in statements}
    plain = project(resource)
    for draft in project(resource, meanings=meanings):
        assert draft in plain or set(draft.mappings) & numbers
        assert set(draft.mappings) <= numbers


@given(RESOURCES, STATEMENTS)
def test_a_mapping_changes_nothing_that_does_not_have_its_key(resource, statements):
    sent = {(c["system"], c["code"]) for c in resource["code"]["coding"]}
    unit = resource["valueQuantity"].get("unit", "")
    elsewhere = [
        s
        for s in statements
        if (s.key.system, s.key.code) not in sent and s.key.code != unit.casefold()
    ]
    assert project(resource, meanings=meanings_of(elsewhere).for_source(SENDER)) == project(
        resource
    )


@given(RESOURCES, STATEMENTS)
def test_what_our_tables_read_alone_they_read_as_ever(resource, statements):
    standard = [c for c in resource["code"]["coding"] if (c["system"], c["code"]) in CODINGS[:2]]
    known_unit = resource["valueQuantity"].get("unit", "") in ("%", "mg/dL")
    if len(standard) == len(resource["code"]["coding"]) and known_unit:
        assert project(resource, meanings=meanings_of(statements).for_source(SENDER)) == project(
            resource
        )


@given(STATEMENTS)
def test_one_more_and_one_less(statements):
    meanings = meanings_of(statements)
    more = meanings.with_statement(A1C)
    assert more.said[A1C.key] == A1C
    assert more.without(A1C.key).said == meanings.without(A1C.key).said


def test_an_allergy_warns_whatever_is_mapped():
    warned = allergy(code=concept(LAB, "A1C", text="penicillin"))
    assert project(warned, meanings=ALL) == project(warned, meanings=NO_MEANINGS)
    assert one(warned).quality == Quality.USABLE
