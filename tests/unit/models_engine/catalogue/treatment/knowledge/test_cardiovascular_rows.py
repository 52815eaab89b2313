"""Rows on hypertension, LDL cholesterol and atrial fibrillation: figures, units and directions."""

import re

import pytest

from models_engine.catalogue.treatment.knowledge.criteria import Answer
from models_engine.catalogue.treatment.knowledge.loading import knowledge
from models_engine.catalogue.treatment.knowledge.schema import (
    Baseline,
    EventEffect,
    Harm,
    Option,
    Outcome,
    Recommendation,
    Source,
)
from models_engine.catalogue.what_if.interventions import treatments

INDICATIONS = ("hypertension", "ldl_primary", "ldl_secondary", "atrial_fibrillation")
TOPICS = ("htn_", "statin_", "bempedoic_", "evolocumab_", "alirocumab_", "inclisiran_", "af_")
EFFECTS = [row for row in knowledge().rows(EventEffect) if row.indication in INDICATIONS]
HARMS = [row for row in knowledge().rows(Harm) if row.id.startswith(TOPICS)]
OPTIONS = [row for row in knowledge().rows(Option) if row.indication in INDICATIONS]


def _spellings(number: float) -> tuple[str, ...]:
    """0.8 is printed as 0.8, 0.80 or, where a copy drops the points, 080."""
    texts = {f"{number:g}", f"{number:.2f}", f"{number:.3f}"}
    return tuple(texts | {f"{number:.2f}".replace(".", "")})


def _is_quoted(number: float, quotes: str) -> bool:
    return any(re.search(rf"(?<![\d.]){re.escape(t)}", quotes) for t in _spellings(number)) or any(
        # the copy of the Lancet runs the ends of an interval together: 077083
        t in quotes
        for t in _spellings(number)
        if t.startswith("0") and "." not in t
    )


def _quotes(row: EventEffect | Harm | Baseline) -> str:
    sources = knowledge().by_id(Source)
    return " ".join(sources[one].quote for one in row.source)


# the others are computed or judged, and say so
READ = [row for row in EFFECTS if row.evidence in ("S", "Q")]


@pytest.mark.parametrize("row", READ, ids=lambda r: r.id)
def test_every_figure_of_an_effect_stands_in_what_was_opened(row: EventEffect) -> None:
    quotes = _quotes(row)
    for number in (row.effect, row.low, row.high):
        # "a reduction by 13 percent" is a ratio of 0.87
        fewer = f"{round(100 * (1 - (number or 0)))} percent reduction"
        assert number is None or _is_quoted(number, quotes) or fewer in quotes, number


@pytest.mark.parametrize("row", [h for h in HARMS if h.form != "per_1000"], ids=lambda r: r.id)
def test_every_ratio_of_a_harm_stands_in_what_was_opened(row: Harm) -> None:
    for number in (row.effect, row.low, row.high):
        assert number is None or _is_quoted(number, _quotes(row)), number


def test_what_is_computed_here_is_computed_again() -> None:
    computed = {row.id: row.effect for row in EFFECTS if row.evidence == "V"}
    assert computed == {
        "af_aspirin_major": pytest.approx(1.2 / 1.4, abs=0.005),
        "af_rivaroxaban_gastrointestinal": pytest.approx(3.20 / 2.20, abs=0.005),
    }


# differences per 1,000 from the published percentages of the two groups
DIFFERENCES = {
    "htn_acei_cough": 1000 * 0.037,
    "htn_acei_hyperkalaemia": 1000 * 0.009,
    "htn_arb_hyperkalaemia": 1000 * 0.009,
    "htn_acei_angioedema": 10 * (0.30 - 0.07),
    "htn_arb_angioedema": 10 * (0.11 - 0.07),
    "htn_ccb_oedema": 10 * (10.7 - 3.2),
    "htn_thiazide_hyponatraemia": 10 * 1.35,
    "htn_thiazide_hypokalaemia": 10 * (7.2 - 1.0),
    "htn_spironolactone_hyperkalaemia": 1000 * 6 / 285,
    "htn_spironolactone_gynaecomastia": 10 * (10 - 1),
    "statin_muscle": 11,
    "bempedoic_gout": 10 * (3.2 - 2.2),
    "bempedoic_gallstones": 10 * (2.2 - 1.2),
    "evolocumab_site": 10 * (2.1 - 1.6),
    "alirocumab_site": 10 * (3.8 - 2.1),
    # both trials together: 781 and 810 on inclisiran, 780 and 807 on placebo
    "inclisiran_site": 10 * ((2.6 * 781 + 4.7 * 810) / 1591 - (0.9 * 780 + 0.5 * 807) / 1587),
    "af_dabigatran_dyspepsia": 10 * (11.3 - 5.8),
}


def test_every_difference_of_a_harm_is_that_of_the_published_percentages() -> None:
    absolute = {row.id: row.effect for row in HARMS if row.form == "per_1000"}
    assert absolute.keys() == DIFFERENCES.keys()
    for name, per_1000 in absolute.items():
        assert per_1000 == pytest.approx(DIFFERENCES[name], abs=0.5), name


def test_a_fall_helps_and_is_counted_in_the_units_of_the_record() -> None:
    """A ratio above 1, or one for each mg/dL, would turn the ranking round."""
    changes = {
        (row.applies_to[0].name, row.per) for row in EFFECTS if row.applies_to[0].kind == "change"
    }
    assert changes == {("systolic_bp", 10), ("ldl_cholesterol", 1)}
    for row in EFFECTS:
        if row.applies_to[0].kind == "change":
            assert row.effect < 1 and row.comparator == "placebo"


def test_what_a_trial_compared_with_leads_to_no_drug_where_it_is_counted() -> None:
    weights = knowledge().by_id(Outcome)
    plain = {
        (subject.name, row.event)
        for row in EFFECTS
        for subject in row.applies_to
        if row.comparator == "placebo"
    }
    known = set(plain)
    for _ in range(3):
        known |= {
            (subject.name, row.event)
            for row in EFFECTS
            for subject in row.applies_to
            if (row.comparator, row.event) in known
        }
    for row in EFFECTS:
        if row.event in ("stroke_af", "major_bleeding", "intracranial_extra"):
            assert {(s.name, row.event) for s in row.applies_to} <= known, row.id
            assert weights[row.event].weight > 0
    # the same benefit must not count a second time
    for told in ("lipid_trial_result", "stroke_embolism_af", "death_af"):
        assert weights[told].weight == 0 and not weights[told].models


def test_every_option_names_a_treatment_of_its_own_dose() -> None:
    for option in OPTIONS:
        if option.indication == "atrial_fibrillation":
            assert not option.what_if
        elif option.indication.startswith("ldl"):
            assert option.what_if == option.id.split("_", 1)[1]
            assert treatments()[option.what_if].atc == option.atc
        else:
            two = len(option.ingredients) == 2
            assert option.what_if in (
                ("bp_two_standard",) if two else ("bp_one_standard", "bp_one_half")
            )


def test_a_daily_dose_is_that_of_its_words() -> None:
    for option in OPTIONS:
        if option.daily_mg is None:
            continue
        first = re.search(r"(?:75 to )?([\d.]+) mg", option.dose)
        assert first, option.id
        times = 2 if option.every == "half_day" else 1
        assert float(first[1]) * times == option.daily_mg, option.id


class Somebody:
    """A person for criteria: what is recorded, taken and measured."""

    def __init__(
        self, *conditions: str, sex: str = "female", takes: tuple[str, ...] = (), **values: float
    ) -> None:
        self.conditions, self.sex, self.medicines = set(conditions), sex, set(takes)
        self.values = values

    def has(self, condition: str) -> bool:
        return condition in self.conditions

    def takes(self, what: str) -> bool:
        return what in self.medicines

    def value(self, concept: str) -> float | None:
        return self.values.get(concept)


def _tiers(person: Somebody, subject: str) -> set[int]:
    rows: list[tuple[Recommendation, Answer]] = [
        (row, row.requires.ask(person))
        for row in knowledge().rows(Recommendation)
        if row.indication in INDICATIONS and subject in map(str, row.applies_to)
    ]
    return {row.tier for row, answer in rows if answer.holds}


@pytest.mark.parametrize(
    ("sex", "score", "doac", "warfarin"),
    [
        ("male", 0, {4}, {4}),
        ("male", 1, {1}, {3}),
        ("male", 2, {1}, {2}),
        ("female", 1, {4}, {4}),
        ("female", 2, {1}, {3}),
        ("female", 3, {1}, {2}),
    ],
)
def test_anticoagulation_by_score_and_sex(
    sex: str, score: float, doac: set[int], warfarin: set[int]
) -> None:
    person = Somebody(sex=sex, cha2ds2_vasc=score)
    assert (_tiers(person, "class:doac"), _tiers(person, "class:vka")) == (doac, warfarin)
    valve = Somebody("mechanical_heart_valve", sex=sex, cha2ds2_vasc=score)
    assert (_tiers(valve, "class:doac"), _tiers(valve, "class:vka")) == ({4}, {1})


def test_first_drugs_of_hypertension() -> None:
    one, two = "option:htn_amlodipine_5", "option:htn_lisinopril_amlodipine"
    high = Somebody(systolic_bp=162, age=60)
    assert min(_tiers(high, two)) == 1
    mild = Somebody(systolic_bp=134, age=50)
    assert _tiers(mild, one) == {1} and _tiers(mild, two) == {2}
    old = Somebody(systolic_bp=162, age=88)
    assert min(_tiers(old, one)) == 1 and _tiers(old, two) == {2}
    kidney = Somebody("ckd", systolic_bp=134, age=50, urine_acr=300)
    assert _tiers(kidney, "option:htn_losartan_50") == {1}
    assert min(_tiers(kidney, one)) == 2
    # a class of a combination's part would put two drugs first where one is enough
    assert min(_tiers(kidney, two)) == 2
    for row in knowledge().rows(Recommendation):
        if row.indication == "hypertension" and row.tier == 1:
            assert all(subject.kind == "option" for subject in row.applies_to), row.id
    pregnant = Somebody("pregnancy", systolic_bp=150, age=30)
    for kind in ("class:acei", "class:arb", "class:mra"):
        assert _tiers(pregnant, kind) == {4}
    assert _tiers(pregnant, "option:htn_labetalol_100") == {1}
    assert not _tiers(Somebody("pregnancy", systolic_bp=150, age=30), two)


@pytest.mark.parametrize(
    ("systolic", "conditions", "tiers"),
    [(129, (), set()), (130, (), {1}), (150, ("orthostatic_hypotension",), set())],
)
def test_a_next_drug_is_first_only_while_the_pressure_is_high(
    systolic: float, conditions: tuple[str, ...], tiers: set[int]
) -> None:
    for taken, option in (
        ("ccb_dhp", "option:htn_lisinopril_10"),
        ("raas", "option:htn_amlodipine_5"),
        ("raas", "option:htn_indapamide_2_5"),
    ):
        # between the ages of the rows on the first step
        who = Somebody(*conditions, takes=(taken,), age=54.5, systolic_bp=systolic)
        next_rows = {
            row.tier
            for row in knowledge().rows(Recommendation)
            if row.id.startswith("htn_next_")
            and option in map(str, row.applies_to)
            and row.requires.ask(who).holds
        }
        assert next_rows == tiers


def test_aspirin_is_never_in_place_of_an_anticoagulant() -> None:
    for conditions in ((), ("stroke", "ischaemic_stroke"), ("tia",)):
        assert _tiers(Somebody(*conditions), "ingredient:aspirin") == {4}
    coronary = Somebody("coronary_heart_disease")
    assert _tiers(coronary, "ingredient:aspirin") == {2}
    option = knowledge().by_id(Option)["af_aspirin_75"]
    assert option.requires.ask(Somebody()).holds
    assert option.requires.ask(coronary).holds is False
    assert option.requires.ask(Somebody("coronary_heart_disease", takes=("aspirin",))).holds


def test_statins_with_and_without_arterial_disease() -> None:
    somebody = Somebody(age=60, ldl_cholesterol=3.4)
    assert _tiers(somebody, "option:lp_atorvastatin_20") == {1}
    assert _tiers(somebody, "option:lp_atorvastatin_80") == {2}
    assert _tiers(Somebody(age=60, ldl_cholesterol=5.2), "option:lp_atorvastatin_80") == {1}
    assert _tiers(somebody, "option:ls_atorvastatin_80") == {1}
    assert _tiers(somebody, "option:ls_atorvastatin_20") == {2}
    treated = Somebody(takes=("statin",), age=60, ldl_cholesterol=2.2)
    assert _tiers(treated, "option:ls_ezetimibe_10") == {1}
    assert _tiers(treated, "option:ls_evolocumab_420") == {2}
    assert _tiers(somebody, "option:ls_evolocumab_420") == {3}
