"""Each check: what it finds, what it asks for, and that it leaves alone what it should."""

from pathlib import Path
from typing import Any

import pytest

from models_engine.catalogue.treatment.knowledge.loading import Knowledge
from models_engine.catalogue.treatment.knowledge.loading import knowledge as committed
from models_engine.catalogue.treatment.knowledge.medicines import index_of
from models_engine.catalogue.treatment.person import (
    Allergy,
    GeneResult,
    Reading,
    Taken,
    TreatmentPerson,
)
from models_engine.catalogue.treatment.safety.check import check, interactions_among
from models_engine.catalogue.treatment.safety.duplicates import duplicates_among
from models_engine.catalogue.treatment.safety.finding import Finding, Safety
from tests.unit.models_engine.catalogue.treatment.builders import (
    Rows,
    knowledge_of,
    person,
    reading,
    reference,
    taken,
)


def checked(knowledge: Knowledge, who: TreatmentPerson, *ingredients: str, **more: Any) -> Safety:
    given: dict[str, Any] = {"daily_mg": None, "route": "oral", "indication": "hypertension"}
    given |= more
    return check(ingredients, person=who, knowledge=knowledge, **given)


def only(safety: Safety) -> Finding:
    assert len(safety.findings) == 1, safety.findings
    return safety.findings[0]


class TestContraindications:
    ROWS: Rows = [
        {"id": "swelling", "applies_to": "class:acei", "when": "has:angioedema"},
        {
            "id": "potassium",
            "applies_to": "class:raas",
            "kind": "laboratory",
            "when": "potassium>5.5",
            "asks": "yes",
        },
        {
            "id": "sugar",
            "applies_to": "ingredient:metformin",
            "kind": "laboratory",
            "severity": "D",
            "when": "hba1c<5",
        },
        {
            "id": "child",
            "applies_to": "class:statin",
            "kind": "pregnancy",
            "when": "has:pregnancy",
        },
    ]

    @pytest.fixture
    def knowledge(self, tmp_path: Path) -> Knowledge:
        return knowledge_of(tmp_path, contraindications=self.ROWS)

    def test_a_condition_excludes_and_leads_to_the_record(self, knowledge: Knowledge) -> None:
        who = person(
            conditions={"angioedema": (reference(7, "Condition"),)},
            readings={"potassium": reading(4.2, "mmol/L")},
        )
        found = only(checked(knowledge, who, "lisinopril"))
        assert (found.kind, found.level) == ("contraindication", "X")
        assert (found.table, found.row) == ("contraindications", "swelling")
        assert found.references == (("Condition", "7", 1),)
        assert checked(knowledge, who, "lisinopril").is_excluded
        assert checked(knowledge, who, "losartan").findings == ()

    def test_a_value_over_the_limit_is_told_with_its_day(self, knowledge: Knowledge) -> None:
        who = person(readings={"potassium": reading(5.6, "mmol/L", "2026-11-02")})
        found = only(checked(knowledge, who, "losartan"))
        assert (found.kind, found.level) == ("laboratory", "X")
        assert "5.6 mmol/L of 2026-11-02" in found.message
        assert found.references == (reference(),)

    def test_a_value_that_decides_is_asked_for_with_the_age_of_the_last(
        self, knowledge: Knowledge
    ) -> None:
        old = {"potassium": reading(4.1, "mmol/L", "2024-02-03")}
        found = only(checked(knowledge, person(too_old=old), "losartan"))
        assert (found.kind, found.level, found.missing) == ("missing", "ask", ("potassium",))
        assert "2024-02-03" in found.message and "too old" in found.message
        found = only(checked(knowledge, person(), "losartan"))
        assert found.level == "ask" and "none recorded" in found.message

    def test_a_value_that_does_not_decide_is_told(self, knowledge: Knowledge) -> None:
        found = only(checked(knowledge, person(), "metformin"))
        assert (found.level, found.missing) == ("told", ("hba1c",))

    @pytest.mark.parametrize(
        ("sex", "age", "is_told"),
        [("female", 30, True), ("female", 51, False), ("male", 30, False), ("", 30, True)],
    )
    def test_a_pregnancy_is_thought_of_and_not_assumed(
        self, knowledge: Knowledge, sex: str, age: int, is_told: bool
    ) -> None:
        found = checked(knowledge, person(sex=sex, age=age), "simvastatin").findings
        assert [one.level for one in found] == (["told"] if is_told else [])

    @pytest.mark.parametrize(("daily_mg", "level"), [(40.0, ""), (80.0, "X"), (None, "told")])
    def test_a_row_of_high_doses(self, tmp_path: Path, daily_mg: float | None, level: str) -> None:
        row = {"id": "much", "applies_to": "class:statin", "over_daily_mg": "40"}
        knowledge = knowledge_of(tmp_path, contraindications=[row])
        assert checked(knowledge, person(), "simvastatin", daily_mg=daily_mg).level == level

    def test_a_recorded_pregnancy_excludes(self, knowledge: Knowledge) -> None:
        who = person(sex="female", age=30, conditions={"pregnancy": ()})
        assert only(checked(knowledge, who, "simvastatin")).level == "X"


class TestAllergies:
    ROWS: Rows = [
        {
            "id": "swelling",
            "applies_to": "class:acei",
            "allergen": "class:acei",
            "reaction": "angioedema",
        },
        {
            "id": "side_chain",
            "applies_to": "ingredient:cefalexin",
            "allergen": "ingredient:amoxicillin",
            "severity": "D",
        },
    ]

    @pytest.fixture
    def knowledge(self, tmp_path: Path) -> Knowledge:
        return knowledge_of(tmp_path, allergies=self.ROWS)

    def levels(self, knowledge: Knowledge, allergy: Allergy, *ingredients: str) -> list[str]:
        found = checked(knowledge, person(allergies=(allergy,)), *ingredients).findings
        return [one.level for one in found]

    def test_the_ingredient_itself(self, knowledge: Knowledge) -> None:
        allergy = Allergy("Amoxicillin", ("amoxicillin",), frozenset({"penicillin"}))
        assert self.levels(knowledge, allergy, "amoxicillin") == ["X"]
        assert self.levels(knowledge, allergy, "cephalexin") == ["D"]
        assert self.levels(knowledge, allergy, "metformin") == []

    @pytest.mark.parametrize(
        ("reactions", "rows"),
        [
            ((), {"swelling", "untold"}),
            (("Angioneurotic oedema",), {"swelling"}),
            (("Angioedema", "Cough"), {"swelling"}),
            (("Dry cough",), set()),
            (("Rash",), {"else"}),
        ],
    )
    def test_rows_of_no_reaction_and_of_any_other(
        self, tmp_path: Path, reactions: tuple[str, ...], rows: set[str]
    ) -> None:
        of = {"applies_to": "class:acei", "allergen": "class:acei"}
        knowledge = knowledge_of(
            tmp_path,
            allergies=[
                {**of, "id": "swelling", "reaction": "angioedema/angioneurotic"},
                {**of, "id": "untold", "reaction": "unrecorded", "severity": "D"},
                {**of, "id": "else", "reaction": "other_than:angioedema/angioneurotic/cough"},
            ],
        )
        allergy = Allergy("Enalapril", ("enalapril",), frozenset({"acei"}), reactions)
        found = checked(knowledge, person(allergies=(allergy,)), "lisinopril").findings
        assert {one.row for one in found} == rows

    def test_an_intolerance_says_avoid(self, knowledge: Knowledge) -> None:
        allergy = Allergy("Metformin", ("metformin",), kind="intolerance")
        assert self.levels(knowledge, allergy, "metformin") == ["D"]

    def test_a_class_as_such_and_not_the_class_above(self, knowledge: Knowledge) -> None:
        penicillins = Allergy("Penicillins", classes=frozenset({"penicillin"}))
        assert self.levels(knowledge, penicillins, "amoxicillin") == ["X"]
        ace = Allergy("ACE inhibitors", classes=frozenset({"acei", "raas"}), reactions=("rash",))
        assert self.levels(knowledge, ace, "lisinopril") == ["X"]
        assert self.levels(knowledge, ace, "losartan") == []

    @pytest.mark.parametrize(
        ("reactions", "expected"),
        [(("Angioedema of lips",), ["X"]), (("Cough",), []), ((), ["ask"])],
    )
    def test_a_reaction_decides_for_another_of_the_class(
        self, knowledge: Knowledge, reactions: tuple[str, ...], expected: list[str]
    ) -> None:
        allergy = Allergy("Enalapril", ("enalapril",), frozenset({"acei"}), reactions)
        assert self.levels(knowledge, allergy, "lisinopril") == expected

    def test_an_unread_allergy_is_asked_for(self, knowledge: Knowledge) -> None:
        allergy = Allergy("Something blue", is_known=False)
        assert self.levels(knowledge, allergy, "metformin") == ["ask"]
        found = only(checked(knowledge, person(allergies_unread=True), "metformin"))
        assert found.level == "ask"

    def test_no_record_at_all_is_told(self, knowledge: Knowledge) -> None:
        found = only(checked(knowledge, person(allergies_recorded=False), "metformin"))
        assert found.level == "told"


class TestDosing:
    """Apixaban's label: two of age >= 80, weight <= 60 kg, creatinine >= 1.5 mg/dL."""

    APIXABAN: Rows = [
        {
            "id": "apixaban_two_of_three",
            "applies_to": "ingredient:apixaban",
            "measure": "crcl",
            "daily_mg": "5",
            "dose": "2.5 mg twice daily",
            "when": "has:atrial_fibrillation;"
            "age>=80|weight<=60;age>=80|creatinine>=1.5;weight<=60|creatinine>=1.5",
        },
        {
            "id": "apixaban_full_dose",
            "applies_to": "ingredient:apixaban",
            "measure": "crcl",
            "action": "full",
            "daily_mg": "10",
            "dose": "5 mg twice daily",
            "when": "has:atrial_fibrillation;crcl>=30;"
            "age<80|weight>60;age<80|creatinine<1.5;weight>60|creatinine<1.5",
        },
    ]
    METFORMIN: Rows = [
        {"id": "never", "applies_to": "ingredient:metformin", "high": "30", "action": "avoid"},
        {
            "id": "less",
            "applies_to": "ingredient:metformin",
            "low": "30",
            "high": "45",
            "daily_mg": "1000",
            "dose": "500 mg twice daily",
        },
        {
            "id": "watch",
            "applies_to": "ingredient:metformin",
            "low": "45",
            "high": "60",
            "action": "caution",
        },
        {"id": "any", "applies_to": "ingredient:metformin", "low": "60", "action": "usual"},
    ]

    @pytest.fixture
    def knowledge(self, tmp_path: Path) -> Knowledge:
        return knowledge_of(tmp_path, dosing=self.METFORMIN)

    @pytest.fixture
    def apixaban_rows(self, tmp_path: Path) -> Knowledge:
        return knowledge_of(tmp_path, dosing=self.APIXABAN)

    def apixaban(
        self, knowledge: Knowledge, daily_mg: float | None, **values: float | None
    ) -> Safety:
        age = values.pop("age")
        readings = {name: reading(value) for name, value in values.items() if value is not None}
        who = person(age=age, readings=readings, conditions={"atrial_fibrillation": ()})
        return checked(knowledge, who, "apixaban", daily_mg=daily_mg)

    def test_a_woman_of_82_with_58_kg_and_1_6(self, apixaban_rows: Knowledge) -> None:
        values = {"age": 82, "weight": 58, "creatinine": 1.6}
        found = only(self.apixaban(apixaban_rows, 10.0, **values))
        assert (found.kind, found.level, found.row) == ("kidney_dose", "D", "apixaban_two_of_three")
        assert (found.daily_mg, found.dose) == (5.0, "2.5 mg twice daily")
        assert only(self.apixaban(apixaban_rows, 5.0, **values)).level == "told"

    def test_a_man_of_70_with_80_kg_and_1_6(self, apixaban_rows: Knowledge) -> None:
        values = {"age": 70, "weight": 80, "creatinine": 1.6, "crcl": 49}
        assert self.apixaban(apixaban_rows, 10.0, **values).findings == ()
        found = only(self.apixaban(apixaban_rows, 5.0, **values))
        assert (found.level, found.row, found.daily_mg) == ("D", "apixaban_full_dose", 10.0)
        less = values | {"crcl": 25}
        assert self.apixaban(apixaban_rows, 5.0, **less).findings == ()

    @pytest.mark.parametrize("age", [79, 80])
    @pytest.mark.parametrize("weight", [60, 60.1])
    @pytest.mark.parametrize("creatinine", [1.49, 1.5])
    def test_exactly_two_of_three(
        self, apixaban_rows: Knowledge, age: float, weight: float, creatinine: float
    ) -> None:
        criteria = (age >= 80) + (weight <= 60) + (creatinine >= 1.5)
        values = {"age": age, "weight": weight, "creatinine": creatinine, "crcl": 40}
        over = self.apixaban(apixaban_rows, 10.0, **values)
        assert (over.level == "D") == (criteria >= 2)
        under = self.apixaban(apixaban_rows, 5.0, **values)
        assert (under.level == "D") == (criteria < 2)

    def test_two_known_of_three_may_be_enough(self, apixaban_rows: Knowledge) -> None:
        enough = self.apixaban(apixaban_rows, 10.0, age=82, weight=None, creatinine=1.6)
        assert [one.row for one in enough.findings] == ["apixaban_two_of_three"]
        neither = self.apixaban(apixaban_rows, 10.0, age=70, weight=None, creatinine=1.0)
        assert neither.findings == ()
        open_ = only(self.apixaban(apixaban_rows, 10.0, age=82, weight=None, creatinine=1.0))
        assert (open_.level, open_.missing) == ("ask", ("weight",))

    @pytest.mark.parametrize(
        ("egfr", "daily_mg", "level", "proposed"),
        [
            (29.9, 500.0, "X", None),
            (30.0, 2000.0, "D", 1000.0),
            (44.9, 1000.0, "told", 1000.0),
            (44.9, None, "D", 1000.0),
            (45.0, 2000.0, "C", None),
            (60.0, 2000.0, "", None),
        ],
    )
    def test_bands(
        self,
        knowledge: Knowledge,
        egfr: float,
        daily_mg: float | None,
        level: str,
        proposed: float | None,
    ) -> None:
        who = person(readings={"egfr": reading(egfr, "mL/min/{1.73_m2}")})
        found = checked(knowledge, who, "metformin", daily_mg=daily_mg)
        assert found.level == level
        assert [one.daily_mg for one in found.findings] == ([proposed] if level else [])

    def test_no_value_within_a_year_is_asked_for_once(self, knowledge: Knowledge) -> None:
        old: dict[str, Reading] = {"egfr": reading(70, "mL/min/{1.73_m2}", "2025-01-01")}
        found = only(checked(knowledge, person(too_old=old), "metformin"))
        assert (found.level, found.missing) == ("ask", ("creatinine",))
        assert "2025-01-01" in found.message

    def test_on_dialysis_no_filtration_is_asked_for(self, tmp_path: Path) -> None:
        band = {"applies_to": "ingredient:metformin", "high": "30", "action": "avoid"}
        rows: dict[str, Rows] = {
            "dosing": [
                {**band, "id": "lowest"},
                {**band, "id": "next", "low": "30", "high": "60", "action": "caution"},
                {**band, "id": "other", "applies_to": "ingredient:apixaban"},
            ],
            "contraindications": [
                {
                    "id": "said",
                    "applies_to": "ingredient:apixaban",
                    "when": "has:dialysis",
                    "severity": "C",
                }
            ],
        }
        knowledge = knowledge_of(tmp_path, **rows)
        who = person(conditions={"dialysis": ()})
        found = only(checked(knowledge, who, "metformin"))
        assert (found.row, found.level, found.missing) == ("lowest", "X", ())
        assert "Dialysis" in found.message and " 0 " not in found.message
        # a row on dialysis goes before the band
        assert only(checked(knowledge, who, "apixaban")).row == "said"
        assert only(checked(knowledge, person(), "apixaban")).level == "ask"


class TestInteractions:
    ROWS: Rows = [
        {"id": "two_raas", "applies_to": "class:acei", "other": "class:arb"},
        {
            "id": "statin_macrolide",
            "applies_to": "ingredient:simvastatin",
            "other": "ingredient:clarithromycin",
            "severity": "X",
            "management": "Stop simvastatin for the course.",
        },
        {
            "id": "statin_over_20",
            "applies_to": "ingredient:simvastatin",
            "other": "ingredient:lisinopril",
            "over_daily_mg": "20",
            "severity": "C",
        },
        {
            "id": "whammy",
            "applies_to": "class:raas",
            "other": "class:diuretic",
            "third": "class:nsaid",
        },
        {"id": "nsaids", "applies_to": "class:nsaid", "other": "class:nsaid"},
    ]

    @pytest.fixture
    def knowledge(self, tmp_path: Path) -> Knowledge:
        return knowledge_of(tmp_path, interactions=self.ROWS)

    def rows(self, knowledge: Knowledge, medicines: list[Taken], *of: str, **more: Any) -> set[str]:
        found = checked(knowledge, person(medicines=tuple(medicines)), *of, **more).findings
        return {one.row for one in found if one.kind == "interaction"}

    def test_in_either_order_by_class_and_by_ingredient(self, knowledge: Knowledge) -> None:
        assert self.rows(knowledge, [taken("losartan")], "lisinopril") == {"two_raas"}
        assert self.rows(knowledge, [taken("lisinopril")], "losartan") == {"two_raas"}
        macrolide = {"statin_macrolide"}
        assert self.rows(knowledge, [taken("clarithromycin")], "simvastatin") == macrolide
        assert self.rows(knowledge, [taken("simvastatin")], "clarithromycin") == macrolide

    @pytest.mark.parametrize(("daily_mg", "is_found"), [(20.0, False), (40.0, True), (None, True)])
    def test_a_dose_of_the_first(
        self, knowledge: Knowledge, daily_mg: float | None, is_found: bool
    ) -> None:
        expected = {"statin_over_20"} if is_found else set()
        statin = taken("simvastatin", daily_mg=daily_mg)
        assert self.rows(knowledge, [statin], "lisinopril", daily_mg=10.0) == expected
        beside = [taken("lisinopril", daily_mg=40.0)]
        assert self.rows(knowledge, beside, "simvastatin", daily_mg=daily_mg) == expected

    def test_a_dose_that_is_not_known_is_said(self, knowledge: Knowledge) -> None:
        who = person(medicines=(taken("simvastatin"),))
        assert (
            "dose of simvastatin is not known"
            in only(checked(knowledge, who, "lisinopril")).message
        )

    def test_three_together_whoever_comes_last(self, knowledge: Knowledge) -> None:
        three = ["lisinopril", "hydrochlorothiazide", "ibuprofen"]
        for last in three:
            others = [taken(name) for name in three if name != last]
            assert self.rows(knowledge, others, last) == {"whammy"}
            assert self.rows(knowledge, others[:1], last) == set()

    def test_the_committed_row_of_three(self) -> None:
        """Losartan/hydrochlorothiazide beside naproxen is three together."""
        index = index_of(committed())
        both = index.recognise(("losartan", "hydrochlorothiazide"))
        who = person(medicines=(Taken("both", both.ingredients, both.classes),))
        found = checked(committed(), who, "naproxen")
        assert ("raas_diuretic_nsaid", "D") in {(one.row, one.level) for one in found.findings}
        alone = index.recognise(("losartan",))
        who = person(medicines=(Taken("one", alone.ingredients, alone.classes),))
        rows = {one.row for one in checked(committed(), who, "naproxen").findings}
        assert "raas_diuretic_nsaid" not in rows

    def test_a_combination_meets_two_of_three(self, knowledge: Knowledge) -> None:
        both = [taken("lisinopril", "hydrochlorothiazide")]
        assert self.rows(knowledge, both, "ibuprofen") == {"whammy"}
        assert self.rows(knowledge, [taken("ibuprofen")], "lisinopril", "hctz") == {"whammy"}

    def test_one_ingredient_does_not_interact_with_itself(self, knowledge: Knowledge) -> None:
        assert self.rows(knowledge, [taken("ibuprofen")], "ibuprofen") == set()
        assert self.rows(knowledge, [taken("naproxen")], "ibuprofen") == {"nsaids"}

    def test_what_is_replaced_may_still_act(self, knowledge: Knowledge) -> None:
        macrolide, arb = taken("clarithromycin"), taken("losartan")
        who = person(medicines=(macrolide, arb))
        found = only(checked(knowledge, who, "simvastatin", replaces=(macrolide,)))
        assert (found.level, found.row) == ("C", "statin_macrolide")
        found = only(checked(knowledge, who, "lisinopril", replaces=(arb,)))
        assert (found.level, found.row) == ("told", "two_raas")

    def test_what_is_kept_replaces_itself(self, knowledge: Knowledge) -> None:
        kept = taken("lisinopril", daily_mg=10.0)
        who = person(medicines=(kept,))
        assert checked(knowledge, who, "lisinopril", replaces=(kept,)).findings == ()

    def test_criteria_see_what_goes_on(self, tmp_path: Path) -> None:
        """An ACE inhibitor that is replaced is taken no more; that its kind is taken goes on."""
        knowledge = knowledge_of(
            tmp_path,
            contraindications=[
                {"id": "start", "applies_to": "class:raas", "when": "potassium>5;not:raas"},
                {"id": "with", "applies_to": "class:arb", "when": "takes:acei"},
                {"id": "on", "applies_to": "class:raas", "when": "takes:raas", "severity": "C"},
            ],
        )
        old = taken("lisinopril")
        who = person(medicines=(old,), readings={"potassium": reading(5.7, "mmol/L")})
        rows = {
            name: [one.row for one in checked(knowledge, who, name, replaces=(old,)).findings]
            for name in ("losartan", "lisinopril")
        }
        assert rows == {"losartan": ["on"], "lisinopril": ["on"]}
        beside = checked(knowledge, who, "losartan").findings
        assert [one.row for one in beside] == ["with", "on"]
        new = person(readings=who.readings)
        assert [one.row for one in checked(knowledge, new, "losartan").findings] == ["start"]

    def test_an_unresolved_medicine_is_asked_for(self, knowledge: Knowledge) -> None:
        who = person(medicines=(Taken("blue pills", is_known=False, references=(reference(9),)),))
        found = only(checked(knowledge, who, "metformin"))
        assert (found.kind, found.level, found.other) == ("unresolved", "ask", "blue pills")
        assert found.references == (reference(9),)

    def test_an_option_that_no_table_knows_is_asked_for(self, knowledge: Knowledge) -> None:
        found = only(checked(knowledge, person(), "unobtainium"))
        assert (found.kind, found.level) == ("unresolved", "ask")

    def test_of_a_group_it_is_asked_which_where_it_matters(self, knowledge: Knowledge) -> None:
        statin = Taken("a statin", classes=frozenset({"statin"}))
        who = person(medicines=(statin,))
        found = only(checked(knowledge, who, "clarithromycin"))
        assert (found.kind, found.level) == ("unresolved", "ask")
        assert checked(knowledge, who, "metformin").findings == ()
        ace = person(medicines=(Taken("an ACE inhibitor", classes=frozenset({"acei", "raas"})),))
        assert only(checked(knowledge, ace, "losartan")).row == "two_raas"

    def test_what_is_not_certain_is_said_and_not_lighter(self, knowledge: Knowledge) -> None:
        who = person(medicines=(taken("clarithromycin", is_certain=False),))
        found = only(checked(knowledge, who, "simvastatin"))
        assert found.level == "X" and "not certain" in found.message

    def test_among_what_is_taken(self, knowledge: Knowledge) -> None:
        names = ["simvastatin", "lisinopril", "hydrochlorothiazide", "ibuprofen", "clarithromycin"]
        found = interactions_among([taken(name) for name in names], knowledge)
        assert [one.row for one in found] == ["statin_macrolide", "whammy", "statin_over_20"]
        assert found[0].other == "simvastatin and clarithromycin"


class TestDuplicates:
    @pytest.fixture
    def knowledge(self, tmp_path: Path) -> Knowledge:
        return knowledge_of(tmp_path)

    def test_the_ingredient_and_the_class(self, knowledge: Knowledge) -> None:
        who = person(medicines=(taken("lisinopril", "hydrochlorothiazide"),))
        same = only(checked(knowledge, who, "lisinopril"))
        assert (same.kind, same.level, same.row) == ("duplicate", "D", "")
        assert only(checked(knowledge, who, "enalapril")).row == "acei"
        # of one class of which two may be taken
        assert checked(knowledge, who, "losartan").findings == ()
        assert checked(knowledge, person(medicines=(taken("losartan"),)), "metformin").level == ""

    def test_of_a_group_above_it_is_asked_which(self, knowledge: Knowledge) -> None:
        who = person(medicines=(Taken("something RAAS", classes=frozenset({"raas"})),))
        found = only(checked(knowledge, who, "enalapril"))
        assert (found.kind, found.level, found.row) == ("unresolved", "ask", "acei")

    def test_among_what_is_taken(self, knowledge: Knowledge) -> None:
        found = duplicates_among(
            [taken("ibuprofen"), taken("naproxen"), taken("apixaban")], knowledge
        )
        assert [(one.row, one.other) for one in found] == [("nsaid", "naproxen")]


class TestGenes:
    """SLCO1B1 and simvastatin, shaped as CPIC has it."""

    ROWS: Rows = [
        {
            "id": "slow",
            "applies_to": "ingredient:simvastatin",
            "gene": "SLCO1B1",
            "phenotype": "decreased function/possible decreased function",
            "daily_mg": "20",
            "alternatives": "rosuvastatin",
        },
        {
            "id": "poor",
            "applies_to": "ingredient:simvastatin",
            "gene": "SLCO1B1",
            "phenotype": "poor function",
            "when": "for:ldl_primary",
            "severity": "X",
        },
    ]

    @pytest.fixture
    def knowledge(self, tmp_path: Path) -> Knowledge:
        return knowledge_of(tmp_path, pharmacogenomics=self.ROWS)

    def found(self, knowledge: Knowledge, phenotype: str, **more: Any) -> Safety:
        gene = GeneResult("SLCO1B1", phenotype, "*1/*5", reference(4))
        return checked(knowledge, person(genes=(gene,)), "simvastatin", **more)

    def test_a_dose_up_to_the_limit_fits(self, knowledge: Knowledge) -> None:
        over = only(self.found(knowledge, "Decreased function", daily_mg=40.0))
        assert (over.kind, over.level, over.daily_mg) == ("gene", "D", 20.0)
        assert "rosuvastatin" in over.message and over.references == (reference(4),)
        assert only(self.found(knowledge, "decreased function", daily_mg=20.0)).level == "told"
        assert only(self.found(knowledge, "decreased function")).level == "D"

    def test_a_rule_of_one_indication(self, knowledge: Knowledge) -> None:
        primary = self.found(knowledge, "poor function", indication="ldl_primary")
        assert primary.level == "X"
        other = self.found(knowledge, "poor function", indication="ldl_secondary")
        assert other.findings == ()
        unknown = only(self.found(knowledge, "poor function", indication=""))
        assert (unknown.level, unknown.missing) == ("told", ("indication",))

    def test_other_phenotypes_genes_and_untested_people(self, knowledge: Knowledge) -> None:
        assert self.found(knowledge, "normal function").findings == ()
        assert checked(knowledge, person(), "simvastatin").findings == ()

    def test_a_result_that_could_not_be_read_is_asked_for(self, knowledge: Knowledge) -> None:
        assert only(self.found(knowledge, "")).level == "ask"


def test_the_gravest_comes_first_and_none_is_lighter(tmp_path: Path) -> None:
    knowledge = knowledge_of(
        tmp_path,
        contraindications=[
            {"id": "c", "applies_to": "any", "when": "has:gout", "severity": "C"},
            {"id": "ask", "applies_to": "any", "when": "potassium>5", "asks": "yes"},
            {"id": "x", "applies_to": "any", "when": "has:gout", "severity": "X"},
            {"id": "d", "applies_to": "any", "when": "has:gout", "severity": "D"},
        ],
    )
    found = checked(knowledge, person(conditions={"gout": ()}), "metformin")
    # what is excluded whatever the potassium asks for none
    assert [one.row for one in found.findings] == ["x", "d", "c", "ask"]
    assert [one.level for one in found.findings] == ["X", "D", "C", "told"]
    assert only(checked(knowledge, person(), "metformin")).level == "ask"
