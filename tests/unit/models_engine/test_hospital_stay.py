"""Scores of a discharge: the index stay, what led to it, what came before, and why not."""

from dataclasses import replace
from datetime import timedelta

import pytest

from models_engine.catalogue.discharge.lace import COMORBIDITIES as LACE_COMORBIDITIES
from models_engine.features import build_features
from models_engine.registry import model
from patients.record.projection import project
from patients.terminology.comorbidities import COMORBIDITIES
from patients.terminology.conditions import CONDITIONS
from tests.unit.models_engine.builders import AS_OF, coded, condition, measurement, state

LACE, HOSPITAL = model("lace"), model("hospital_score")
NEWS2 = model("news2")


def stay(code="elective", *, days=5, ended_days_ago=3.0, concept="inpatient_stay", **more):
    """An encounter of so many days that ended so long ago."""
    value = coded(concept, code, kind="encounter", days_ago=ended_days_ago + (days or 0))
    return replace(
        value,
        value=None if days is None else float(days),
        resource_type="Encounter",
        precision="time",
        end_at=AS_OF - timedelta(days=ended_days_ago),
        **more,
    )


def emergency(days_ago, *, hours=4):
    value = coded("emergency_visit", "", kind="encounter", days_ago=days_ago)
    return replace(
        value, resource_type="Encounter", end_at=value.effective_at + timedelta(hours=hours)
    )


def codes(features):
    return [refusal.code for refusal in features.refusals]


def lace(*values):
    features = build_features(LACE, state(*values))
    assert features.is_usable, features.refusals
    return LACE.predict_one(features.values), features


def test_the_published_examples():
    urgent = stay("emergency", days=5)
    visits = [emergency(40), emergency(90)]
    comorbid = [condition("heart_failure", days_ago=900), condition("sle", days_ago=900)]
    assert lace(urgent, *visits, *comorbid)[0]["lace"] == 4 + 3 + 5 + 2
    assert lace(stay(days=2))[0]["lace"] == 2


def test_what_is_assumed_is_said():
    _, features = lace(stay())
    assumed = {source.concept for source in features.assumed}
    assert "emergency_visits" in assumed
    assert len([concept for concept in assumed if concept.startswith("lace_")]) == 14
    assert any("Emergency visits" in note and "none recorded" in note for note in features.notes)


def test_the_visit_that_led_to_the_stay_makes_it_an_emergency_and_is_not_counted():
    index = stay("")
    led = replace(emergency(8.1), end_at=AS_OF - timedelta(days=8, hours=1))
    numbers, features = lace(index, led)
    assert features.values["emergency_admission"] == 1.0
    assert features.values["emergency_visits"] == 0.0
    assert numbers["lace"] == 4 + 3
    assert features.sources["emergency_admission"].fact_id == led.fact_id


def test_how_planned_it_was_is_not_guessed():
    features = build_features(LACE, state(stay("")))
    assert codes(features) == ["missing.emergency_admission"]
    assert "Encounter.priority" in features.refusals[0].message


def test_without_both_days_there_is_no_length():
    features = build_features(LACE, state(stay(days=None)))
    assert codes(features) == ["missing.length_of_stay"]
    assert "Encounter.period" in features.refusals[0].message


@pytest.mark.parametrize(
    ("values", "says"),
    [
        ([], "no inpatient stay is recorded"),
        ([stay(ended_days_ago=31.0)], "ended on 2026-10-20, more than 30 days ago"),
        ([replace(stay(), end_at=None)], "is going on"),
        ([stay(ended_days_ago=-2.0)], "is going on"),
        # a readmission: the first discharge is overtaken
        ([stay(ended_days_ago=20.0), replace(stay(days=1), end_at=None)], "is going on"),
    ],
)
@pytest.mark.parametrize("clinical_model", [LACE, HOSPITAL], ids=["lace", "hospital_score"])
def test_without_an_index_stay_there_is_one_reason(clinical_model, values, says):
    features = build_features(clinical_model, state(*values))
    assert codes(features) == ["not_applicable.index_stay"]
    assert says in features.refusals[0].message


@pytest.mark.parametrize("ended", [0.0, -0.2, 30.0])
def test_from_the_day_of_discharge_for_thirty_days(ended):
    _, features = lace(stay(ended_days_ago=ended))
    last_day = (AS_OF - timedelta(days=ended)).date()
    assert features.valid_until == last_day + timedelta(days=31)


def test_a_planned_end_is_looked_at_again_on_that_day():
    person = state(stay(ended_days_ago=-2.0))
    features = build_features(LACE, person)
    assert features.valid_until == (AS_OF + timedelta(days=2)).date()
    # the discharge has no row before it: others bring it about
    assert build_features(NEWS2, person).valid_until == features.valid_until


@pytest.mark.parametrize(
    ("code", "says"), [("died", "died in hospital"), ("transferred", "moved to another hospital")]
)
def test_who_was_not_discharged_has_no_score(code, says):
    index = stay()
    went = replace(index, concept="discharge_disposition", code=code)
    features = build_features(LACE, state(index, went))
    assert codes(features) == ["not_applicable.discharge_disposition"]
    assert says in features.refusals[0].message
    assert build_features(LACE, state(index, replace(went, code="home"))).is_usable


@pytest.mark.parametrize(
    ("values", "concept"),
    [
        ([coded("ckd", "G3", kind="condition")], "lace_liver_renal_mild"),
        ([coded("ckd", "", kind="condition")], "lace_liver_renal_mild"),
        ([coded("ckd", "G4", kind="condition")], "lace_liver_renal_severe"),
        ([coded("ckd", "G5", kind="condition")], "lace_liver_renal_severe"),
        ([condition("dialysis", days_ago=500, end_days_ago=400)], "lace_liver_renal_severe"),
        ([condition("copd")], "lace_lung"),
        ([condition("charlson_metacanc")], "lace_metastatic"),
        ([condition("diabetes_type_2")], "lace_diabetes"),
        ([condition("end_stage_renal_disease")], "lace_liver_renal_severe"),
    ],
)
def test_comorbidities(values, concept):
    _, features = lace(stay(), *values)
    present = [c for c, v in features.values.items() if c.startswith("lace_") and v]
    assert present == [concept]


def test_of_two_severities_the_graver_counts_alone():
    both = [condition("diabetes_type_2"), condition("charlson_diabwc")]
    assert lace(stay(days=0), *both)[0]["lace_comorbidity"] == 2


def read_from(code, system="http://hl7.org/fhir/sid/icd-10"):
    """The values that the record has of one coded diagnosis."""
    sent = {
        "resourceType": "Condition",
        "id": code,
        "code": {"coding": [{"system": system, "code": code}]},
        "clinicalStatus": {"coding": [{"code": "active"}]},
        "onsetDateTime": "2019-03-01",
    }
    return [
        replace(coded(d.concept, d.value_code, kind=d.kind.value, days_ago=2000), display=d.display)
        for d in project(sent)
        if d.quality == "usable"
    ]


@pytest.mark.parametrize(
    ("code", "concept", "points"),
    [
        ("C50.9", "tumour", 2),
        ("C90.0", "tumour", 2),
        ("C78.7", "metastatic", 6),
        ("F00.1", "dementia", 3),
        ("G30.9", "dementia", 3),
        ("B20", "aids", 4),
        ("B24", "aids", 4),
        ("E11.2", "diabetes_complicated", 2),
        ("E10.7", "diabetes_complicated", 2),
        ("K72.9", "liver_renal_severe", 4),
        ("I85.0", "liver_renal_severe", 4),
        ("N18.5", "liver_renal_severe", 4),
        ("K74.6", "liver_renal_mild", 2),
        ("N18.3", "liver_renal_mild", 2),
        ("E11.9", "diabetes", 1),
        ("I21.4", "infarction", 1),
        ("I63.9", "cerebrovascular", 1),
        ("I71.4", "peripheral", 1),
        ("I50.0", "heart_failure", 2),
        ("J45.0", "lung", 2),
        ("M34.0", "connective_tissue", 3),
    ],
)
def test_icd_10_codes_count_by_their_charlson_group(code, concept, points):
    numbers, features = lace(stay(days=0), *read_from(code))
    assert features.values[f"lace_{concept}"] == 1.0
    assert numbers["lace_comorbidity"] == points


@pytest.mark.parametrize("code", ["G81.9", "K25.0", "I10", "Z00.0"])
def test_what_lace_does_not_count(code):
    assert lace(stay(days=0), *read_from(code))[0]["lace_comorbidity"] == 0


def test_every_concept_that_lace_reads_exists():
    read = {concept for _, _, concepts in LACE_COMORBIDITIES.values() for concept in concepts}
    assert read <= set(COMORBIDITIES) | set(CONDITIONS)
    # paralysis and ulcers have no points here
    assert set(COMORBIDITIES) - read == {"charlson_hp", "charlson_pud"}


def test_kidney_failure_without_its_stage_is_severe():
    """As a data steward's mapping states it."""
    values = [coded("ckd", "", kind="condition"), condition("end_stage_renal_disease")]
    assert lace(stay(days=0), *values)[0]["lace_comorbidity"] == 4


def test_diagnoses_that_nobody_could_read_are_named():
    unread = replace(condition("condition_unclassified"), quality="unclassified")
    read = replace(condition("condition_unclassified"), quality="unclassified")
    charlson = replace(condition("charlson_none"), kind="comorbidity", resource_id=read.resource_id)
    person = state(stay(), charlson, not_used={"condition_unclassified": (unread, read)})
    features = build_features(LACE, person)
    assert any("Diagnoses in codes that are not read: 1;" in note for note in features.notes)


def test_a_diagnosis_that_only_the_prescribing_rules_read_is_named_as_not_counted():
    """Dementia in SNOMED CT has points in LACE, and LACE reads it from ICD-10 alone."""
    features = build_features(LACE, state(stay(), condition("dementia"), condition("stroke")))
    assert any("Diagnoses in codes that are not read: 1;" in note for note in features.notes)


def discharged(*more, without=()):
    """Everything that the HOSPITAL score asks for, and nothing that scores."""
    index = stay(days=4)
    plain = [
        index,
        measurement("haemoglobin", 14.0, days_ago=4),
        measurement("sodium", 140.0, days_ago=4),
        replace(index, concept="hospital_service", code="other"),
        replace(
            coded("hospital_procedure", ""),
            resource_type="Procedure",
            end_at=None,
            effective_at=AS_OF - timedelta(days=4),
        ),
    ]
    replaced = {value.concept for value in more}
    return state(*(v for v in plain if v.concept not in replaced), *more, without=without)


def test_a_procedure_alone_scores_one():
    features = build_features(HOSPITAL, discharged())
    assert features.is_usable, features.refusals
    assert HOSPITAL.predict_one(features.values) == {"hospital_score": 1.0}


def test_earlier_admissions_are_counted_and_named():
    earlier = [stay(days=2, ended_days_ago=ago) for ago in (40.0, 80.0, 340.0, 400.0)]
    person = discharged(*earlier, stay(days=4))
    features = build_features(HOSPITAL, person)
    source = features.sources["previous_admissions"]
    assert (source.value, len(source.derived_from)) == (3.0, 3)
    assert all(part.reference for part in source.derived_from)


@pytest.mark.parametrize(
    ("concept", "refused"),
    [
        ("haemoglobin", "haemoglobin_at_discharge"),
        ("sodium", "sodium_at_discharge"),
        ("hospital_service", "oncology_discharge"),
        ("hospital_procedure", "procedure_in_stay"),
    ],
)
def test_what_is_not_recorded_is_missing_and_never_no(concept, refused):
    features = build_features(HOSPITAL, discharged(without=(concept,)))
    assert codes(features) == [f"missing.{refused}"]


@pytest.mark.parametrize(("days_ago", "accepted"), [(8, False), (7, True), (3, True), (2, False)])
def test_only_values_of_the_stay_are_those_of_the_discharge(days_ago, accepted):
    person = discharged(measurement("haemoglobin", 14.0, days_ago=days_ago))
    assert build_features(HOSPITAL, person).is_usable is accepted


def test_the_last_value_of_the_stay_counts():
    person = discharged(
        measurement("haemoglobin", 14.0, days_ago=6),
        measurement("haemoglobin", 11.0, days_ago=4),
        measurement("haemoglobin", 15.0, days_ago=1),
    )
    assert build_features(HOSPITAL, person).values["haemoglobin_at_discharge"] == 11.0
