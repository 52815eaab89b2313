"""The committed tables of safety say what their sources say, for people made for each limit."""

from typing import Any

import pytest

from models_engine.catalogue.treatment.knowledge.check import problems
from models_engine.catalogue.treatment.knowledge.loading import knowledge
from models_engine.catalogue.treatment.knowledge.medicines import index_of
from models_engine.catalogue.treatment.person import Allergy, Taken
from models_engine.catalogue.treatment.safety.check import check
from models_engine.catalogue.treatment.safety.finding import Finding
from tests.unit.models_engine.catalogue.treatment.builders import person, reading

OWN = ("contraindications", "dosing", "allergies", "monitoring", "deprescribing")
AF = ("atrial_fibrillation",)


def test_nothing_is_wrong_with_them() -> None:
    assert [str(one) for one in problems(knowledge()) if one.table in OWN] == []


def takes(ingredient: str) -> Taken:
    classes = index_of(knowledge()).classes_of(ingredient)
    return Taken(label=ingredient, ingredients=(ingredient,), classes=classes)


def found(
    ingredient: str,
    has: tuple[str, ...] = (),
    daily_mg: float | None = None,
    medicines: tuple[str, ...] = (),
    **values: Any,
) -> dict[str, Finding]:
    """The findings of the rows, by row, for one with these conditions and values."""
    given = {name: values.pop(name) for name in ("age", "sex", "allergies") if name in values}
    if has:
        given["conditions"] = dict.fromkeys(has, ())
    who = person(
        **given,
        readings={name: reading(value) for name, value in values.items()},
        medicines=tuple(map(takes, medicines)),
    )
    safety = check(
        (ingredient,),
        daily_mg=daily_mg,
        route="oral",
        indication="",
        person=who,
        knowledge=knowledge(),
        replaces=tuple(one for one in who.medicines if ingredient in one.ingredients),
    )
    return {one.row: one for one in safety.findings if one.table in OWN}


@pytest.mark.parametrize(
    ("ingredient", "values", "row", "level"),
    [
        ("metformin", {"egfr": 29.9}, "metformin_below_30", "X"),
        ("metformin", {"egfr": 30}, "metformin_30_45_new", "X"),
        (
            "metformin",
            {"egfr": 30, "medicines": ("metformin",), "daily_mg": 2000},
            "metformin_30_45_taken",
            "D",
        ),
        ("metformin", {"egfr": 45}, "metformin_45_60", "C"),
        ("sitagliptin", {"egfr": 44.9, "daily_mg": 100}, "sitagliptin_30_45", "D"),
        ("sitagliptin", {"egfr": 29.9, "daily_mg": 50}, "sitagliptin_below_30", "D"),
        ("dapagliflozin", {"egfr": 24.9}, "dapagliflozin_below_25_new", "X"),
        (
            "dapagliflozin",
            {"egfr": 24.9, "medicines": ("dapagliflozin",)},
            "dapagliflozin_below_25_taken",
            "C",
        ),
        ("empagliflozin", {"egfr": 19.9}, "empagliflozin_below_20_new", "X"),
        ("finerenone", {"egfr": 24.9, "potassium": 4.5}, "finerenone_below_25_new", "X"),
        ("finerenone", {"egfr": 59, "daily_mg": 20}, "finerenone_25_60_new", "D"),
        ("finerenone", {"potassium": 5.1}, "mra_potassium_start", "X"),
        ("spironolactone", {"potassium": 5.1}, "mra_potassium_start", "X"),
        (
            "spironolactone",
            {"potassium": 5.6, "medicines": ("spironolactone",)},
            "mra_potassium_55_taken",
            "D",
        ),
        ("lisinopril", {"potassium": 5.1}, "raas_potassium_above_50_start", "D"),
        ("lisinopril", {"potassium": 5.6}, "raas_potassium_above_55_start", "X"),
        (
            "lisinopril",
            {"potassium": 6.1, "medicines": ("lisinopril",)},
            "raas_potassium_60_taken",
            "X",
        ),
        ("lisinopril", {"has": ("angioedema",)}, "acei_angioedema", "X"),
        ("losartan", {"has": ("angioedema",)}, "arb_angioedema", "C"),
        ("losartan", {"has": ("pregnancy",), "sex": "female"}, "raas_pregnancy", "X"),
        ("atorvastatin", {"has": ("pregnancy",), "sex": "female"}, "statin_pregnancy", "D"),
        ("sacubitril", {"systolic_bp": 99}, "arni_systolic_100_start", "X"),
        ("verapamil", {"has": ("heart_failure", "hfref")}, "non_dhp_hfref", "X"),
        ("verapamil", {"has": ("heart_failure",), "lvef": 40}, "non_dhp_hfref", "X"),
        ("verapamil", {"has": ("heart_failure",)}, "non_dhp_hfref", "ask"),
        ("propranolol", {"has": ("asthma",)}, "beta_blocker_non_selective_asthma", "X"),
        ("bisoprolol", {"has": ("asthma",)}, "beta_blocker_asthma", "D"),
        ("bisoprolol", {"heart_rate": 49}, "beta_blocker_heart_rate_50_start", "X"),
        ("pioglitazone", {"has": ("heart_failure",)}, "tzd_heart_failure", "X"),
        ("semaglutide", {"has": ("medullary_thyroid_carcinoma",)}, "glp1_mtc", "X"),
        ("saxagliptin", {"has": ("heart_failure",)}, "dpp4_heart_failure", "D"),
        ("rivaroxaban", {"has": ("mechanical_heart_valve",)}, "doac_mechanical_valve", "X"),
        ("rivaroxaban", {"has": AF, "crcl": 49, "daily_mg": 20}, "rivaroxaban_15_50", "D"),
        ("rivaroxaban", {"has": AF, "crcl": 50, "daily_mg": 15}, "rivaroxaban_50", "D"),
        ("rivaroxaban", {"has": AF, "crcl": 14}, "rivaroxaban_below_15", "X"),
        ("dabigatran etexilate", {"has": AF, "crcl": 29}, "dabigatran_below_30", "X"),
        ("edoxaban", {"has": AF, "crcl": 96}, "edoxaban_above_95", "X"),
        ("edoxaban", {"has": AF, "crcl": 30, "daily_mg": 60}, "edoxaban_15_50", "D"),
        ("flecainide", {"has": ("myocardial_infarction",)}, "class_1c_infarction", "X"),
        ("ibuprofen", {"egfr": 29}, "nsaid_below_30", "X"),
        ("ibuprofen", {"has": ("heart_failure",)}, "nsaid_heart_failure", "D"),
        ("hydrochlorothiazide", {"has": ("gout",)}, "thiazide_gout", "D"),
        ("glyburide", {"age": 65}, "su_glyburide_age", "D"),
        ("gabapentin", {"crcl": 20, "daily_mg": 900}, "gabapentin_15_30", "D"),
    ],
)
def test_the_row_holds(ingredient: str, values: dict[str, Any], row: str, level: str) -> None:
    findings = found(ingredient, **values)
    assert row in findings, sorted(findings)
    assert findings[row].level == level


@pytest.mark.parametrize(
    ("ingredient", "values", "row"),
    [
        ("metformin", {"egfr": 60}, "metformin_45_60"),
        ("lisinopril", {"potassium": 5.0}, "raas_potassium_above_50_start"),
        ("spironolactone", {"potassium": 5.0}, "mra_potassium_start"),
        ("verapamil", {"has": ("heart_failure",), "lvef": 41}, "non_dhp_hfref"),
        ("amlodipine", {"has": ("heart_failure", "hfref")}, "non_dhp_hfref"),
        ("aspirin", {"egfr": 29}, "nsaid_below_30"),
        ("aspirin", {"has": ("heart_failure",)}, "nsaid_heart_failure"),
        ("bisoprolol", {"heart_rate": 50}, "beta_blocker_heart_rate_50_start"),
        ("warfarin", {"has": ("mechanical_heart_valve",)}, "doac_mechanical_valve"),
        ("glyburide", {"age": 64}, "su_glyburide_age"),
    ],
)
def test_the_row_does_not_hold(ingredient: str, values: dict[str, Any], row: str) -> None:
    assert row not in found(ingredient, **values)


def doses(findings: dict[str, Finding]) -> dict[str, str]:
    return {row: one.level for row, one in findings.items() if one.table == "dosing"}


class TestApixaban:
    """CLINICAL vectors: a woman of 82 with 58 kg and 1.6 mg/dL, a man of 70 with 80 kg and 1.6."""

    def test_three_of_three(self) -> None:
        values: dict[str, Any] = {
            "age": 82,
            "sex": "female",
            "weight": 58,
            "creatinine": 1.6,
            "crcl": 33,
        }
        findings = found("apixaban", AF, 10, **values)
        assert findings["apixaban_two_of_three"].level == "D"
        assert findings["apixaban_two_of_three"].daily_mg == 5

    def test_one_of_three(self) -> None:
        values: dict[str, Any] = {"age": 70, "weight": 80, "creatinine": 1.6, "crcl": 49}
        assert doses(found("apixaban", AF, 10, **values)) == {}
        too_little = doses(found("apixaban", AF, 5, **values))
        assert too_little == {"apixaban_not_two_of_three": "D"}

    def test_below_30_the_countries_differ_and_neither_dose_is_called_wrong(self) -> None:
        values: dict[str, Any] = {"age": 70, "weight": 80, "creatinine": 3.0, "crcl": 26}
        assert doses(found("apixaban", AF, 5, **values)) == {"apixaban_15_30": "C"}
        assert doses(found("apixaban", AF, 10, **values)) == {"apixaban_15_30": "C"}


@pytest.mark.parametrize("has", [AF, ()])
@pytest.mark.parametrize(
    ("ingredient", "doses_mg"),
    [
        ("apixaban", (5, 10)),
        ("dabigatran etexilate", (220, 300)),
        ("edoxaban", (30, 60)),
        ("rivaroxaban", (15, 20)),
    ],
)
def test_every_doac_asks_for_the_kidneys(
    ingredient: str, doses_mg: tuple[float, ...], has: tuple[str, ...]
) -> None:
    for daily_mg in doses_mg:
        findings = found(ingredient, has, daily_mg, age=68, weight=80.0)
        asked = {name for one in findings.values() if one.level == "ask" for name in one.missing}
        assert "creatinine" in asked


@pytest.mark.parametrize(
    ("ingredient", "level"),
    [("apixaban", "C"), ("rivaroxaban", "D"), ("edoxaban", "X"), ("dabigatran etexilate", "X")],
)
def test_on_dialysis_the_rows_of_dialysis_decide(ingredient: str, level: str) -> None:
    findings = found(ingredient, (*AF, "dialysis"), 10, age=68, weight=80.0, creatinine=6.0)
    assert not [one for one in findings.values() if one.level == "ask"]
    grave = [one.level for one in findings.values() if one.level != "told"]
    assert grave == [level]


def allergic(ingredient: str, *reactions: str) -> tuple[Allergy, ...]:
    classes = index_of(knowledge()).classes_of(ingredient)
    return (Allergy(ingredient, (ingredient,), classes, reactions),)


@pytest.mark.parametrize(
    ("to", "ingredient", "row", "level"),
    [
        (allergic("amoxicillin"), "penicillin V", "penicillin_penicillin", "X"),
        (allergic("amoxicillin"), "cephalexin", "aminopenicillin_aminocephalosporin", "D"),
        (allergic("amoxicillin"), "cefuroxime", "penicillin_cephalosporin", "C"),
        (allergic("amoxicillin"), "meropenem", "penicillin_carbapenem", "C"),
        (allergic("sulfamethoxazole"), "furosemide", "sulfonamide_antibiotic_other", "C"),
        (allergic("aspirin"), "ibuprofen", "nsaid_cox1", "X"),
        (allergic("ibuprofen"), "celecoxib", "nsaid_cox2", "C"),
        (allergic("enalapril", "angioedema"), "lisinopril", "acei_angioedema_acei", "X"),
        (allergic("enalapril", "angioedema"), "losartan", "acei_angioedema_arb", "C"),
        (allergic("enalapril", "cough"), "lisinopril", "acei_cough", "D"),
        (allergic("enalapril"), "lisinopril", "acei_unrecorded", "D"),
        (allergic("enalapril", "lip swelling"), "lisinopril", "acei_other", "D"),
        (allergic("enoxaparin"), "heparin", "heparin_all", "X"),
        (allergic("simvastatin"), "rosuvastatin", "statin_muscle", "C"),
    ],
)
def test_what_crosses(to: tuple[Allergy, ...], ingredient: str, row: str, level: str) -> None:
    findings = found(ingredient, allergies=to)
    assert row in findings, sorted(findings)
    assert findings[row].level == level


def test_a_reaction_that_is_told_is_not_called_untold() -> None:
    rows = found("lisinopril", allergies=allergic("enalapril", "angioedema"))
    assert not {"acei_unrecorded", "acei_other", "acei_cough"} & set(rows)


def test_only_80_mg_of_simvastatin_should_not_be_begun() -> None:
    for age in (50, 70):
        assert not {row for row in found("simvastatin", daily_mg=40, age=age) if "_80" in row}
        assert found("simvastatin", daily_mg=80, age=age)["simvastatin_80"].level == "D"
        taken = found("simvastatin", daily_mg=80, age=age, medicines=("simvastatin",))
        assert taken["simvastatin_80_taken"].level == "C" and "simvastatin_80" not in taken


def test_cough_is_no_angioedema() -> None:
    crossing = found("losartan", allergies=allergic("enalapril", "cough"))
    assert "acei_angioedema_arb" not in crossing
