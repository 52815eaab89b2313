"""A state as the rules of treatment read it: what counts, what is too old, what could not be read."""

from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from models_engine.catalogue.treatment.indications import indicated
from models_engine.catalogue.treatment.knowledge.loading import Knowledge
from models_engine.catalogue.treatment.knowledge.medicines import index_of
from models_engine.catalogue.treatment.person import TreatmentPerson
from models_engine.catalogue.treatment.safety.check import check
from models_engine.catalogue.treatment.safety.words import read_words
from models_engine.features import StateReader
from models_engine.treatment_person import treatment_person
from patients.record.allergy_details import AllergyDetails
from patients.record.genotypes import Genotype
from patients.record.medicines import MedicineReference, MedicineTaken
from patients.record.state import State, Value
from patients.terminology.codings import Atc, RxNorm
from tests.unit.models_engine.builders import coded, condition, measurement, state
from tests.unit.models_engine.catalogue.treatment.builders import knowledge_of

ATC, RXNORM = Atc.uris[0], RxNorm.uris[0]


@pytest.fixture
def knowledge(tmp_path: Path) -> Knowledge:
    alleles = [
        ("CYP2C19", "*1", "normal function", ""),
        ("CYP2C19", "*2", "no function", ""),
        ("CYP2C19", "*17", "increased function", ""),
        ("CYP2C19", "*30", "uncertain function", ""),
        ("CYP2D6", "*1", "normal function", "1"),
        ("CYP2D6", "*4", "no function", "0"),
        ("CYP2D6", "*10", "decreased function", "0.25"),
        ("SLCO1B1", "*1", "normal function", ""),
        ("SLCO1B1", "*5", "no function", ""),
        ("SLCO1B1", "*99", "uncertain function", ""),
        ("HLA-B", "*57:01", "risk allele", ""),
    ]
    return knowledge_of(
        tmp_path,
        alleles=[
            {"id": f"{g}{a}", "gene": g, "allele": a, "function": f, "activity": s, "evidence": "M"}
            for g, a, f, s in alleles
        ],
    )


def read(knowledge: Knowledge, *values: Value, **more: Any) -> TreatmentPerson:
    about = {k: more.pop(k) for k in ("medicines", "genotypes", "allergy_details") if k in more}
    made: State = replace(state(*values), **more)
    return treatment_person(made, StateReader(made), knowledge=knowledge, **about)


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"deceased": True}, "died"),
        ({"birth_date": date(2016, 1, 1)}, "below 18"),
        ({"birth_date": None}, "age is not known"),
        ({"birth_date": date(1960, 1, 1), "birth_date_precision": "year"}, ""),
    ],
)
def test_whom_no_treatment_is_ranked_for(
    knowledge: Knowledge, more: dict[str, Any], said: str
) -> None:
    found = read(knowledge, **more)
    assert said in found.barred and bool(said) == bool(found.barred)
    assert found.has_died == (said == "died")


def test_recent_values_and_those_too_old(knowledge: Knowledge) -> None:
    found = read(
        knowledge,
        measurement("potassium", 4.4, days_ago=80),
        measurement("potassium", 5.9, days_ago=700),
        measurement("hba1c", 8.1, days_ago=800),
        measurement("height", 165.0, days_ago=4000),
    )
    assert found.value("potassium") == 4.4
    assert found.readings["potassium"].reference is not None
    assert found.value("hba1c") is None and found.too_old["hba1c"].value == 8.1
    assert found.value("height") == 165.0
    assert read(knowledge, measurement("potassium", 4.4, days_ago=100)).value("potassium") is None


def test_the_height_of_a_child_is_none(knowledge: Knowledge) -> None:
    child = measurement("height", 120.0, days_ago=int(35 * 365.25))
    assert read(knowledge, child).value("height") is None


def test_kidney_function_of_one_creatinine(knowledge: Knowledge) -> None:
    """A woman of 50 with 1.0 mg/dL has 68.63 (CKD-EPI 2021) and, with 60 kg, 63.75 mL/min."""
    values = (
        measurement("creatinine", 1.0),
        measurement("weight", 60.0),
        measurement("height", 165.0),
    )
    found = read(knowledge, *values, birth_date=date(1976, 3, 1))
    assert found.age == 50
    assert found.value("egfr") == pytest.approx(68.63, abs=0.005)
    assert found.value("crcl") == pytest.approx((140 - 50) * 60 / 72 * 0.85)
    creatinine = found.readings["creatinine"].reference
    assert found.readings["egfr"].reference == found.readings["crcl"].reference == creatinine


def test_the_clearance_of_who_is_overweight_is_given_with_both_weights(
    knowledge: Knowledge,
) -> None:
    """165 cm and 95 kg: 56.91 kg are ideal, 72.15 kg are computed with."""
    values = [measurement(n, v) for n, v in (("creatinine", 1.0), ("weight", 95), ("height", 165))]
    found = read(knowledge, *values)
    per_kg = (140 - 50) / 72 * 0.85
    assert found.value("crcl") == pytest.approx(per_kg * 72.15, abs=0.01)
    assert found.value("crcl_actual_weight") == pytest.approx(per_kg * 95)
    said = read_words(("crcl",), found)
    assert "Creatinine clearance 76.65" in said and "with actual weight 100.9" in said


def test_kidney_function_of_an_old_creatinine_is_told_apart(knowledge: Knowledge) -> None:
    found = read(knowledge, measurement("creatinine", 1.0, days_ago=500))
    assert found.value("egfr") is None and found.value("crcl") is None
    assert found.too_old["egfr"].value == pytest.approx(68.63, abs=0.005)


@pytest.mark.parametrize("concept", ["dialysis", "acute_kidney_injury"])
def test_where_creatinine_does_not_tell_there_is_no_filtration(
    knowledge: Knowledge, concept: str
) -> None:
    values = [measurement(n, v) for n, v in (("creatinine", 1.0), ("weight", 60), ("height", 165))]
    found = read(knowledge, *values, condition(concept))
    assert found.has(concept)
    assert found.value("egfr") is None and found.value("crcl") is None
    assert "egfr" not in found.too_old


def test_no_clearance_of_who_is_very_heavy(knowledge: Knowledge) -> None:
    values = [measurement(n, v) for n, v in (("creatinine", 1.0), ("weight", 150), ("height", 165))]
    found = read(knowledge, *values)
    assert found.value("crcl") is None and found.value("egfr") is not None


@pytest.mark.parametrize(
    ("recorded", "is_ischaemic"),
    [
        (("stroke",), True),
        (("stroke", "intracranial_haemorrhage"), False),
        (("stroke", "intracranial_haemorrhage", "ischaemic_stroke"), True),
        (("intracranial_haemorrhage",), False),
    ],
)
def test_a_stroke_is_ischaemic_unless_a_bleeding_is_recorded(
    knowledge: Knowledge, recorded: tuple[str, ...], is_ischaemic: bool
) -> None:
    found = read(knowledge, *map(condition, recorded))
    assert found.has("ischaemic_stroke") == is_ischaemic
    assert (indicated("ldl_secondary", found, {}).holds is True) == is_ischaemic


def test_conditions_with_what_says_so(knowledge: Knowledge) -> None:
    now, over = condition("heart_failure", days_ago=900), condition("hypertension", end_days_ago=5)
    found = read(knowledge, now, over, condition("pregnancy", days_ago=400))
    assert found.conditions["heart_failure"] == ((now.resource_type, now.resource_id, 1),)
    assert not found.has("hypertension") and not found.has("pregnancy")
    assert "Pregnancy" in found.notes[0]
    assert read(knowledge, condition("pregnancy", days_ago=60)).has("pregnancy")


def test_diagnoses_that_nobody_reads_are_told(knowledge: Knowledge) -> None:
    unread = replace(condition("condition_unclassified"), quality="unclassified")
    found = read(knowledge, not_used={"condition_unclassified": (unread,)})
    assert found.notes and "not read: 1" in found.notes[0]


def test_scores_are_readings(knowledge: Knowledge) -> None:
    found = read(knowledge, condition("atrial_fibrillation"), condition("diabetes_type_2"))
    assert found.value("cha2ds2_vasc") == 2.0  # female, diabetes
    assert found.value("cha2ds2_va") == 1.0
    man = read(
        knowledge, condition("atrial_fibrillation"), condition("diabetes_type_2"), sex="male"
    )
    assert man.value("cha2ds2_vasc") == man.value("cha2ds2_va") == 1.0


def medicine(name: str, *, code: str = "", system: str = "", **more: Any) -> Value:
    value = coded("antihypertensive", name, kind="medication")
    return replace(
        value, display=more.pop("display", name), system=system, source_code=code, **more
    )


class TestMedicinesOfTheState:
    def test_by_code_and_once_a_set_of_ingredients(self, knowledge: Knowledge) -> None:
        orders = (
            medicine("lisinopril", system=RXNORM, code="29046"),
            medicine("lisinopril", system=RXNORM, code="29046"),
        )
        found = read(knowledge, *orders).medicines
        assert len(found) == 1 and found[0].ingredients == ("lisinopril",)
        assert found[0].classes >= {"acei", "raas"} and found[0].is_known
        assert len(found[0].references) == 2

    @pytest.mark.parametrize(
        ("code", "classes", "is_known"),
        [
            ("C09AA03", {"acei", "raas"}, True),
            ("C09A", {"acei", "raas"}, True),
            ("C09AA99", {"acei", "raas"}, False),
            ("C09BA02", {"acei", "raas"}, False),
            ("C09B", {"acei", "raas"}, False),
            ("N06A", set(), False),
        ],
    )
    def test_a_group_gives_its_classes_and_a_combination_hides_a_part(
        self, knowledge: Knowledge, code: str, classes: set[str], is_known: bool
    ) -> None:
        (found,) = read(knowledge, medicine("x", system=ATC, code=code)).medicines
        assert (set(found.classes), found.is_known) == (classes, is_known)

    def test_a_text_is_shown_and_not_guessed(self, knowledge: Knowledge) -> None:
        text = replace(medicine("", display="Lisinopril 10 mg, blue"), quality="unclassified")
        (found,) = read(knowledge, not_used={"medication_unclassified": (text,)}).medicines
        assert found.label == "Lisinopril 10 mg, blue"
        assert not found.is_known and found.ingredients == ()

    def test_what_is_over_is_not_taken(self, knowledge: Knowledge) -> None:
        over = medicine(
            "lisinopril", system=RXNORM, code="29046", end_at=datetime(2026, 1, 1, tzinfo=UTC)
        )
        assert read(knowledge, over).medicines == ()


def row(*ingredients: str, **more: Any) -> MedicineTaken:
    """A row of the reconciled list."""
    given: dict[str, Any] = {
        "ingredients": ingredients,
        "atc": (),
        "rxnorm": (),
        "display": "as sent",
        "status": "taken",
        "started": None,
        "ended": None,
        "daily_mg": None,
        "dose_text": "",
        "dose_why_not": "",
        "route": "",
        "as_needed": False,
        "adherence": None,
        "contradictions": (),
        "references": (MedicineReference("MedicationRequest", "m1", 3, None, "active"),),
        "is_resolved": bool(ingredients),
    }
    return MedicineTaken(**(given | more))


class TestReconciledMedicines:
    @pytest.mark.parametrize(
        ("status", "expected"),
        [
            ("taken", [True]),
            ("uncertain", [False]),
            ("planned", [False]),
            ("on_hold", [False]),
            ("stopped", []),
        ],
    )
    def test_what_may_be_taken_is_compared(
        self, knowledge: Knowledge, status: str, expected: list[bool]
    ) -> None:
        found = read(knowledge, medicines=[row("lisinopril", status=status)]).medicines
        assert [one.is_certain for one in found] == expected

    def test_dose_route_and_references(self, knowledge: Knowledge) -> None:
        dosed = row("lisinopril", daily_mg=20.0, dose_text="20 mg daily", route="oral")
        (found,) = read(knowledge, medicines=[dosed]).medicines
        assert (found.daily_mg, found.dose_text, found.route) == (20.0, "20 mg daily", "oral")
        assert found.references == (("MedicationRequest", "m1", 3),)

    def test_a_code_alone_is_called_by_what_it_is(self, knowledge: Knowledge) -> None:
        coded_only = row(atc=("C09AA03",), display="C09AA03")
        (found,) = read(knowledge, medicines=[coded_only]).medicines
        assert found.label == "lisinopril" and found.is_known
        (group,) = read(knowledge, medicines=[row(atc=("C09A",), display="C09A")]).medicines
        assert group.label == "C09A"

    def test_one_unknown_ingredient_of_two_is_not_known(self, knowledge: Knowledge) -> None:
        two = row("lisinopril", "unobtainium")
        (found,) = read(knowledge, medicines=[two]).medicines
        assert found.ingredients == ("lisinopril",) and not found.is_known

    def test_an_alias_is_the_ingredient(self, knowledge: Knowledge) -> None:
        (found,) = read(knowledge, medicines=[row("HCTZ")]).medicines
        assert found.ingredients == ("hydrochlorothiazide",) and "diuretic" in found.classes

    def test_codes_that_contradict_the_name_all_count(self, knowledge: Knowledge) -> None:
        (found,) = read(knowledge, medicines=[row("losartan", atc=("C09AA03",))]).medicines
        assert set(found.ingredients) == {"losartan", "lisinopril"}


def allergy(display: str, *, system: str = "", code: str = "") -> Value:
    value = replace(coded("allergy", "listed", kind="allergy"), display=display)
    return replace(value, system=system, source_code=code)


class TestAllergies:
    @pytest.mark.parametrize(
        ("words", "ingredients", "classes", "is_known"),
        [
            ("Amoxicillin", ("amoxicillin",), {"penicillin"}, True),
            ("Allergy to penicillin (disorder)", (), {"penicillin"}, True),
            ("Statins", (), {"statin"}, True),
            ("ACE inhibitor allergy", (), {"acei", "raas"}, True),
            ("swelling after Lisinopril tablets", ("lisinopril",), {"acei", "raas"}, False),
            ("strawberries", (), set(), False),
        ],
    )
    def test_words(
        self,
        knowledge: Knowledge,
        words: str,
        ingredients: tuple[str, ...],
        classes: set[str],
        is_known: bool,
    ) -> None:
        (found,) = read(knowledge, allergy(words)).allergies
        assert (found.ingredients, set(found.classes)) == (ingredients, classes)
        assert found.is_known is is_known

    def test_codes(self, knowledge: Knowledge) -> None:
        (found,) = read(knowledge, allergy("x", system=RXNORM, code="29046")).allergies
        assert found.ingredients == ("lisinopril",) and found.is_known
        (found,) = read(knowledge, allergy("x", system=ATC, code="J01C")).allergies
        assert found.classes == {"penicillin"} and found.is_known

    def test_details_and_food(self, knowledge: Knowledge) -> None:
        value = allergy("strawberries")
        details = {value.resource_id: AllergyDetails(categories=frozenset({"food"}))}
        (found,) = read(knowledge, value, allergy_details=details).allergies
        assert found.is_known
        value = allergy("Lisinopril")
        more = AllergyDetails("intolerance", ("Cough",), "mild", frozenset({"medication"}))
        (found,) = read(knowledge, value, allergy_details={value.resource_id: more}).allergies
        assert (found.kind, found.reactions, found.severity) == ("intolerance", ("Cough",), "mild")

    def test_none_confirmed_and_not_recorded(self, knowledge: Knowledge) -> None:
        assert not read(knowledge).allergies_recorded
        none = coded("allergy", "none_known", kind="allergy")
        assert read(knowledge, none).allergies_recorded
        unread = {"allergy": (replace(allergy("x"), quality="modified"),)}
        assert read(knowledge, not_used=unread).allergies_unread


def gene(name: str, diplotype: str = "", phenotype: str = "", doubt: str = "") -> Genotype:
    return Genotype(name, diplotype, phenotype, coded(f"genotype:{name}", diplotype), doubt)


@pytest.mark.parametrize(
    ("name", "diplotype", "phenotype"),
    [
        ("CYP2C19", "*1/*1", "normal metabolizer"),
        ("CYP2C19", "*1/*17", "rapid metabolizer"),
        ("CYP2C19", "*17/*17", "ultrarapid metabolizer"),
        ("CYP2C19", "*2/*1", "intermediate metabolizer"),
        ("CYP2C19", "*2/*17", "intermediate metabolizer"),
        ("CYP2C19", "*2/*2", "poor metabolizer"),
        ("CYP2C19", "*1/*30", ""),
        ("CYP2C19", "*1/*99", ""),
        ("CYP2C19", "*1", ""),
        ("CYP2D6", "*1/*1", "normal metabolizer"),
        ("CYP2D6", "*1/*10", "normal metabolizer"),
        ("CYP2D6", "*4/*1", "intermediate metabolizer"),
        ("CYP2D6", "*4/*4", "poor metabolizer"),
        ("CYP2D6", "*1/*1x2", "ultrarapid metabolizer"),
        ("SLCO1B1", "*1/*5", "decreased function"),
        ("SLCO1B1", "*5/*5", "poor function"),
        ("SLCO1B1", "*99/*5", "possible decreased function"),
        ("SLCO1B1", "*99/*1", ""),
        ("GENE1", "*1/*1", ""),
    ],
)
def test_diplotypes(knowledge: Knowledge, name: str, diplotype: str, phenotype: str) -> None:
    (found,) = read(knowledge, genotypes=[gene(name, diplotype)]).genes
    assert found.phenotype == phenotype and found.told_as.startswith(diplotype)


def test_a_phenotype_in_words_and_one_that_the_genotype_denies(knowledge: Knowledge) -> None:
    results = [
        gene("CYP2C19", "*2/*2", "Poor metabolizer"),
        gene("CYP2D6", "*1/*1", "poor metabolizer"),
        gene("SLCO1B1", "*1/*5", "as before"),
    ]
    same, differing, one_readable = read(knowledge, genotypes=results).genes
    assert (same.phenotype, same.told_as) == ("poor metabolizer", "Poor metabolizer *2/*2")
    assert differing.phenotype == "" and "normal metabolizer" in differing.told_as
    assert one_readable.phenotype == "decreased function"


def test_an_allele_that_is_there_and_results_that_differ(knowledge: Knowledge) -> None:
    results = [gene("HLA-B", "*57:01", "positive"), gene("CYP2D6", doubt="results differ: ...")]
    allele, differing = read(knowledge, genotypes=results).genes
    assert allele.phenotype == "*57:01 positive"
    assert (differing.phenotype, differing.told_as) == ("", "results differ: ...")
    assert allele.reference is not None


def test_a_person_read_from_the_state_is_checked(knowledge: Knowledge) -> None:
    """From values of the record to a finding, whatever lies between."""
    who = read(
        knowledge,
        medicine("lisinopril", system=RXNORM, code="29046"),
        allergy("Penicillin"),
    )
    found = check(("enalapril",), 10.0, "oral", "hypertension", who, knowledge)
    assert [(one.kind, one.level) for one in found.findings] == [("duplicate", "D")]
    found = check(("amoxicillin",), None, "oral", "", who, knowledge)
    assert found.is_excluded
    assert index_of(knowledge) is index_of(knowledge)


LONG = "Swelling after the white pills of " + "x" * 5000 + " lisinopril"
TURNED = "Aspi\u202erin\u2069\u200f \x07none\n recorded\x00"


def test_a_long_text_is_cut_where_it_is_shown_and_read_whole(knowledge: Knowledge) -> None:
    person = read(knowledge, allergy(LONG))
    (found,) = person.allergies
    assert (
        len(found.label) == 80 and found.label.endswith("x…") and LONG.startswith(found.label[:-1])
    )
    # the name at the end of it was read, and the record is linked
    assert found.ingredients == ("lisinopril",) and found.references
    for label in (
        read(knowledge, medicines=[row(display=LONG)]).medicines[0].label,
        read(knowledge, medicine(LONG)).medicines[0].label,
    ):
        assert len(label) == 80 and label.endswith("…")
    findings = check(("lisinopril",), 10.0, "oral", "hypertension", person, knowledge)
    (excluded,) = [one for one in findings.findings if one.level == "X"]
    assert len(excluded.message) < 200 and excluded.references == found.references


def test_what_turns_or_breaks_a_sentence_is_not_in_a_label(knowledge: Knowledge) -> None:
    clean = "Aspirin none recorded"
    assert read(knowledge, allergy(TURNED)).allergies[0].label == clean
    assert read(knowledge, medicines=[row(display=TURNED)]).medicines[0].label == clean
    assert read(knowledge, medicine(TURNED)).medicines[0].label == clean
    unseen = read(knowledge, medicines=[row(display="\u202e\x00")]).medicines[0]
    assert unseen.label == "a medicine without a name"
