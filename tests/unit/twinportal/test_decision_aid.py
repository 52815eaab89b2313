"""Which rows the patient's decision aid has, and what stands in them."""

from typing import Any

import pytest

from explain.wording.phrases import LEVELS
from twinportal.treatment.aid_rows import rows_of
from twinportal.treatment.decision_aid import Aid, Cell, aid_of

Json = dict[str, Any]
RARE = ("ketoacidosis", "pancreatitis", "angioedema", "fracture", "acute_kidney_injury")


def change(outcome: str, before: float, after: float, **more: Any) -> Json:
    return {
        "outcome": outcome,
        "plain_label": outcome.replace("_", " "),
        "before": before,
        "after": after,
        "difference": after - before,
        "months": 12,
        "baseline": "twin",
        "is_research": False,
        "is_excess_only": False,
        "is_counted": True,
    } | more


def excess(outcome: str, more: float) -> Json:
    return change(outcome, max(0.0, -more), max(0.0, more), is_excess_only=True)


def option(key: str, *harms: Json, benefits: tuple[Json, ...] = (), **more: Any) -> Json:
    return {
        "key": key,
        "kind": key.partition(":")[0],
        "plain_label": "a statin (rosuvastatin 20 mg)",
        "plain_dose": "one pill once a day",
        "dose": "20 mg once a day",
        "daily_mg": 20.0,
        "every": "day",
        "benefits": list(benefits),
        "harms": list(harms),
        "values": [],
        "findings": [],
        "monitoring": [],
    } | more


def aid(*options: Json, **more: Any) -> Aid:
    return aid_of({"candidates": list(options)}, "plain", **more)


def cells(found: Aid, number: int) -> dict[str, Cell]:
    side = found.sides[number]
    return {cell.outcome: cell for cell in (*side.prevented, *side.side_effects)}


def test_the_commonest_harm_of_every_option_is_shown() -> None:
    """Five rarer harms that weigh more do not push it out."""
    rare = [change(name, 0.001, 0.009) for name in RARE]
    shot = option("start:shot", *rare, excess("gastrointestinal", 0.14))
    pill = option("start:pill", *rare, excess("genital_infection", 0.14))
    shown = {row.outcome for row in rows_of([shot, pill], "harm")}
    assert {"gastrointestinal", "genital_infection"} <= shown
    assert shown < {*RARE, "gastrointestinal", "genital_infection"}
    for level in LEVELS:
        sides = aid_of({"candidates": [shot, pill]}, level).sides
        assert [side.has_others for side in sides] == [False, True, True]


def test_what_is_known_of_one_option_only_gives_way() -> None:
    """It counts for more than what both have, and comes last where room is short."""
    both = [excess(name, 0.02) for name in ("cough", "oedema", "hypotension")]
    own = [excess("muscle_symptoms", 0.021), change("gallbladder", 0.01, 0.0141)]
    options = [option("start:one", *both, *own), option("start:two", *both)]
    shown = {row.outcome for row in rows_of(options, "harm")}
    assert shown == {"cough", "oedema", "hypotension", "muscle_symptoms"}
    # what counts most of an option always stands
    own.append(change("fracture", 0.01, 0.03))
    options = [option("start:one", *both, *own), option("start:two", *both)]
    assert "fracture" in {row.outcome for row in rows_of(options, "harm")}


def test_an_event_stands_under_the_same_heading_whatever_its_sign() -> None:
    keep = option("keep:x")
    add = option("add:x", benefits=(change("heart_failure", 0.20, 0.16),))
    stop = option("stop:x", excess("cough", -0.04), change("heart_failure", 0.20, 0.30))
    found = aid(keep, add, stop)
    for side in found.sides:
        assert [cell.outcome for cell in side.prevented] == ["heart_failure"]
        assert [cell.outcome for cell in side.side_effects] == ["cough"]
    assert "4 in 100 are spared it" in cells(found, 1)["heart_failure"].words
    assert "10 in 100 get it" in cells(found, 2)["heart_failure"].words
    assert cells(found, 2)["cough"].number == "4 fewer than now, out of 100 people"


def test_what_is_called_otherwise_is_another_row() -> None:
    shot = option("start:a", {**excess("gastrointestinal", 0.14), "plain_label": "nausea"})
    pill = option("start:b", {**excess("gastrointestinal", 0.04), "plain_label": "diarrhoea"})
    found = aid(shot, pill)
    assert {row.title: row.outcome for row in found.grid} == {
        "Nausea": "gastrointestinal",
        "Diarrhoea": "gastrointestinal_2",
    }
    assert "know" in cells(found, 2)["gastrointestinal"].number


def test_today_stands_first_where_no_option_is_today() -> None:
    start = option("start:x", benefits=(change("stroke", 0.05, 0.03),))
    found = aid(start, option("start:y", benefits=(change("stroke", 0.05, 0.04),)))
    assert [side.key for side in found.sides] == ["", "start:x", "start:y"]
    assert found.sides[0].title == "Without a new medicine"
    today = cells(found, 0)["stroke"]
    assert today.number == "5 out of 100"
    assert today.found
    assert today.found.with_ == 5
    assert today.words == ""
    switch = option("switch:x", benefits=(change("stroke", 0.05, 0.03),))
    assert aid(switch, start).sides[0].title == "As now"
    kept = aid(option("keep:z"), start)
    assert [side.key for side in kept.sides] == ["keep:z", "start:x"]
    only = aid(option("start:x", excess("cough", 0.04)))
    assert "only know" in cells(only, 0)["cough"].number
    assert cells(kept, 0)["stroke"].number == "5 out of 100"


def test_studies_that_started_apart_are_told() -> None:
    first = option("start:x", benefits=(change("stroke", 0.05, 0.03),))
    found = aid(first, option("start:y", benefits=(change("stroke", 0.09, 0.04),)))
    today = cells(found, 0)["stroke"]
    assert today.number == "5 to 9 out of 100"
    assert today.found is None
    assert "studies" in today.words
    assert "it was 5 out of 100 in its study" in cells(found, 1)["stroke"].words
    assert "it was 9 out of 100 in its study" in cells(found, 2)["stroke"].words


def test_two_below_one_that_go_different_ways_are_told_apart() -> None:
    less = option("start:x", benefits=(change("stroke", 0.004, 0.002),))
    more = option("start:y", benefits=(change("stroke", 0.004, 0.006),))
    found = aid(less, more)
    said = [cells(found, number)["stroke"] for number in (1, 2)]
    assert {cell.number for cell in said} == {"fewer than 1 out of 100"}
    assert "less than 1 in 100 fewer" in said[0].words
    assert "less than 1 in 100 more" in said[1].words


def finding(**more: Any) -> Json:
    return {
        "kind": "kidney_dose",
        "level": "told",
        "plain": "",
        "table": "dosing",
        "row": "r",
        "other": "",
        "dose": "10 mg a day",
        "daily_mg": 10.0,
    } | more


@pytest.mark.parametrize(
    ("found", "how", "title"),
    [
        ([], "One pill once a day", "A statin (rosuvastatin 20 mg)"),
        ([finding()], "A lower dose, for your kidneys: 10 mg a day.", "A statin (rosuvastatin)"),
        (
            [finding(daily_mg=None, dose="EU: 5 mg; US: 10 mg")],
            "The dose that fits your kidneys. Your care team tells you how much.",
            "A statin (rosuvastatin)",
        ),
        (
            [finding(daily_mg=None, dose="usual dose; kidneys every 3 to 6 months")],
            "One pill once a day",
            "A statin (rosuvastatin 20 mg)",
        ),
    ],
)
def test_never_a_dose_that_does_not_fit(found: list[Json], how: str, title: str) -> None:
    side = aid(option("start:x", findings=found)).sides[1]
    assert (side.how, side.title) == (how, title)


def test_new_cautions_come_first_and_old_ones_stay() -> None:
    old = finding(kind="interaction", level="C", plain="Sit down if you feel dizzy.", dose="")
    found = aid(option("start:x", findings=[old]), new={"start:x": ("Less grapefruit.",)})
    said = [str(caution) for caution in found.sides[1].cautions]
    assert said == ["New: Less grapefruit.", "Sit down if you feel dizzy."]


def test_values_are_in_the_unit_that_the_laboratory_sent() -> None:
    ldl = {
        "concept": "ldl_cholesterol",
        "label": "LDL cholesterol",
        "unit": "mmol/L",
        "before": 3.93,
        "after": 3.70,
    }
    one = option("start:x", values=[ldl])
    assert aid(one).sides[1].values == ('LDL ("bad") cholesterol: from 3.9 to about 3.7 mmol/L.',)
    sent = aid(one, units={"ldl_cholesterol": "mg/dL"})
    assert sent.sides[1].values == ('LDL ("bad") cholesterol: from 152 to about 143 mg/dL.',)
