"""The table of paths: what is refused, and that every number of it is noticed."""

import math
from dataclasses import replace

import pytest

from models_engine.catalogue.what_if.effects import (
    Condition,
    EffectPath,
    Table,
    csv_rows,
    effects,
    read_path,
    read_table,
)
from models_engine.catalogue.what_if.interventions import Intervention, treatments
from models_engine.catalogue.what_if.propagate import Person, propagate
from models_engine.registry import all_models
from patients.terminology.codings import Atc
from patients.terminology.medications import medication_of

ROW = next(row for row in csv_rows() if row["id"] == "weight_sbp")
SOMEBODY = {
    "weight": 100.0,
    "bmi": 32.0,
    "systolic_bp": 150.0,
    "hba1c": 8.0,
    "ldl_cholesterol": 4.0,
    "hdl_cholesterol": 1.2,
    "total_cholesterol": 6.0,
    "smoking_status": 1.0,
    "egfr": 80.0,
}
DIABETES = Person(frozenset({"diabetes_type_2"}))


def row(**changed: str) -> dict[str, str]:
    return {**ROW, **changed}


def test_the_committed_table_is_read_and_every_treatment_has_a_path() -> None:
    table = effects()
    assert {p.from_ for p in table.paths if p.is_of_treatment} == set(treatments())


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"citation": ""}, "citation"),
        ({"citation": "  "}, "citation"),
        ({"read_at": ""}, "say where the source was read"),
        ({"population": ""}, "population"),
        ({"horizon": ""}, "horizon"),
        ({"says": ""}, "says"),
        ({"evidence": "X"}, "evidence tag"),
        ({"reviewed": "soon"}, "soon"),
        ({"low": "2"}, "interval"),
        ({"low": ""}, "two ends"),
        ({"effect": "0", "low": "", "high": ""}, "nothing"),
        ({"effect": "nan", "low": "", "high": ""}, "finite"),
        ({"to": "cvd"}, "an outcome never is"),
        ({"to": "weight"}, "leads to itself"),
        ({"from": "magic"}, "no treatment and no concept"),
        ({"form": "absolute"}, "does not fit"),
        ({"slope": "0.1"}, "slope"),
        ({"requires": "has:magic"}, "not understood"),
        ({"requires": "magic>=3"}, "no measured concept"),
    ],
)
def test_a_wrong_row_is_refused_and_named(changed: dict[str, str], said: str) -> None:
    with pytest.raises(ValueError, match="weight_sbp") as refused:
        read_path(row(**changed))
    assert said in str(refused.value)


def test_a_relative_effect_cannot_take_everything_away() -> None:
    statin = next(r for r in csv_rows() if r["id"] == "atorvastatin_80_ldl")
    with pytest.raises(ValueError, match="100 %"):
        read_path({**statin, "effect": "-120", "low": "-130", "high": "-110"})


def test_a_circle_and_a_doubled_path_are_refused() -> None:
    back = read_path(row(id="back", to="weight", **{"from": "systolic_bp"}))
    with pytest.raises(ValueError, match="circle"):
        Table((*effects().paths, back))
    with pytest.raises(ValueError, match="path listed twice"):
        Table((*effects().paths, read_path(row(id="again"))))
    with pytest.raises(ValueError, match="id listed twice"):
        Table((*effects().paths, read_path(row(to="ldl_cholesterol"))))


def test_two_estimates_of_one_effect_stand_only_for_different_people() -> None:
    pairs: dict[tuple[str, str], list[str]] = {}
    for path in effects().paths:
        pairs.setdefault((path.from_, path.to), []).append(path.id)
    assert sorted(ids for ids in pairs.values() if len(ids) > 1) == [
        ["bempedoic_statin_ldl", "bempedoic_ldl"],
        ["ezetimibe_ldl", "ezetimibe_high_ldl"],
        ["metformin_hba1c", "metformin_added_hba1c"],
        ["salt_sbp", "salt_sbp_normal"],
        ["sglt2_hba1c", "sglt2_hba1c_moderate"],
    ]
    salt = next(r for r in csv_rows() if r["id"] == "salt_sbp_normal")
    for requires in ("", "lacks:dialysis", "has:hypertension"):
        rows = [r for r in csv_rows() if r["id"] != "salt_sbp_normal"]
        with pytest.raises(ValueError, match="path listed twice"):
            read_table([*rows, {**salt, "requires": requires}])


def test_a_treatment_without_a_path_is_refused() -> None:
    rows = [r for r in csv_rows() if r["from"] != "less_salt"]
    with pytest.raises(ValueError, match="less_salt"):
        read_table(rows)


def test_no_path_leads_to_what_a_model_predicts() -> None:
    """A trial's hazard ratio on an outcome would be counted on top of the model's coefficient."""
    outcomes = {outcome.id for model in all_models() for outcome in model.outcomes}
    derived = {"ckd_epi_2021"}
    assert not {path.to for path in effects().paths} & (outcomes - derived)


def test_published_numbers_lie_where_the_sentence_says() -> None:
    """What is computed with is what `says` tells the reader."""
    for path in effects().paths:
        if path.evidence == "D":
            continue
        numbers = {abs(path.effect)} | {abs(n) for n in (path.low, path.high) if n is not None}
        missing = [n for n in numbers if f"{n:g}" not in path.says and f"{n:.2f}" not in path.says]
        assert not missing, (path.id, missing)


def test_intervals_are_those_of_an_estimate() -> None:
    for path in effects().paths:
        assert path.sd >= 0 and math.isfinite(path.sd)
        assert path.lacks_interval == (path.low is None and path.evidence != "D")


def _all_after(table: Table, path: EffectPath) -> list[tuple[str, float]]:
    """What the path's treatment, or else everything, comes to: without hypertension and with it,
    on other medicines and with a lower eGFR.
    """
    begun = [path.from_] if path.is_of_treatment else list(treatments())
    treated = replace(DIABETES, medicines=frozenset({"glucose_lowering"}))
    people = [
        (SOMEBODY, DIABETES, "atorvastatin_20"),
        (SOMEBODY, DIABETES, "rosuvastatin_40"),
        (SOMEBODY, Person(DIABETES.conditions | {"hypertension"}), "atorvastatin_20"),
        ({**SOMEBODY, "egfr": 50.0}, treated, "atorvastatin_20"),
    ]
    return [one for who in people for one in _all_after_of(begun, *who, table)]


def _all_after_of(
    begun: list[str], values: dict[str, float], person: Person, statin: str, table: Table
) -> list[tuple[str, float]]:
    found = []
    scenarios = [[Intervention("set", c, v)] for c, v in (("weight", 92.0), ("smoking_status", 0))]
    scenarios += [
        [Intervention("treatment", t)]
        + ([Intervention("treatment", statin)] if treatments()[t].group == "ezetimibe" else [])
        for t in begun
    ]
    scenarios += [[Intervention("treatment", t) for t in ("bempedoic_acid_180", statin)]]
    for interventions in scenarios:
        done = propagate(values, interventions, person, table)
        assert not done.refused
        found += [(s.concept, value) for s in done.shifts for value in (s.after, s.low, s.high)]
    return found


@pytest.mark.parametrize("path", effects().paths, ids=lambda p: p.id)
def test_every_number_of_the_table_moves_the_answer(path: EffectPath) -> None:
    """Each number changed by 1 %: a mistyped one is seen by the published sentences or by this."""
    true = _all_after(effects(), path)
    for name in ("effect", "factor", "slope", "reference_level"):
        number = getattr(path, name)
        if not number:
            continue
        shifted = {name: number * 1.01}
        if name == "effect" and path.low is not None and path.high is not None:
            shifted |= {"low": path.low * 1.01, "high": path.high * 1.01}
        if name == "factor" and path.form in ("relative", "proportional"):
            with pytest.raises(ValueError, match="unit to convert"):
                replace(path, **shifted)
            continue
        changed = replace(path, **shifted)
        table = Table(tuple(changed if p.id == path.id else p for p in effects().paths))
        assert _all_after(table, path) != true, name


@pytest.mark.parametrize(
    ("one", "other", "never_both"),
    [
        ("egfr>=60", "egfr<60", True),
        ("egfr<45", "egfr>=60", True),
        ("egfr>=45", "egfr<60", False),
        ("egfr<60", "hba1c>=60", False),
        ("egfr<60", "egfr<45", False),
        ("has:hypertension", "lacks:hypertension", True),
        ("has:hypertension", "lacks:dialysis", False),
    ],
)
def test_what_never_holds_together(one: str, other: str, never_both: bool) -> None:
    pair = Condition.parse(one), Condition.parse(other)
    assert pair[0].excludes(pair[1]) == pair[1].excludes(pair[0]) == never_both


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("has:diabetes_type_2", "Type 2 diabetes is recorded"),
        ("not:statin", "no statin is taken already"),
        ("not:glp1_agonist", "no GLP-1 agonist is taken already"),
        ("with:statin", "a statin is taken or begun"),
        ("bmi>=25", "body mass index is 25 or more"),
        ("egfr<60", "eGFR is below 60"),
        ("lacks:glucose_lowering", "glucose-lowering medicine is not recorded"),
        ("lacks:dialysis", "Dialysis is not recorded"),
        (
            "lacks:lower_intensity_statin",
            "the statin is of high intensity, or taken at a dose that is not read",
        ),
    ],
)
def test_conditions_are_told_in_words(words: str, said: str) -> None:
    assert str(Condition.parse(words)) == said


def test_the_codes_of_treatments_are_classified_here() -> None:
    for treatment in treatments().values():
        if treatment.group == "statin":
            known = medication_of(Atc(treatment.atc))
            assert known is not None and "statin" in known.classes, treatment.id
