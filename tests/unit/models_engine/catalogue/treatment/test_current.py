"""What speaks against medicines that are taken: at any age, in pregnancy, whatever they are for."""

import pytest

from models_engine.catalogue.treatment.knowledge.loading import knowledge
from models_engine.catalogue.treatment.knowledge.medicines import index_of
from models_engine.catalogue.treatment.person import Allergy, GeneResult, Taken, TreatmentPerson
from models_engine.catalogue.treatment.safety.current import findings_of_taken
from models_engine.catalogue.treatment.safety.deprescribing import review_medicines
from tests.unit.models_engine.catalogue.treatment.builders import person, reading

KIDNEYS = {"egfr": reading(90), "crcl": reading(100)}


def takes(ingredient: str, daily_mg: float | None = None) -> Taken:
    classes = index_of(knowledge()).classes_of(ingredient)
    return Taken(ingredient, (ingredient,), classes, daily_mg)


def levels(who: TreatmentPerson) -> dict[str, str]:
    """The gravest level by medicine, of the committed rows."""
    found = findings_of_taken(who, knowledge())
    return {taken.label: findings[0].level if findings else "" for taken, findings in found}


def checked(who: TreatmentPerson) -> dict[str, list[str]]:
    """Rows by medicine, as a page shows them."""
    review = review_medicines(who, knowledge())
    return {one.medicine.label: [r.finding.row for r in one.reasons] for one in review.checked}


def test_in_pregnancy_all_that_is_taken_is_judged() -> None:
    who = person(
        age=31,
        sex="female",
        conditions={"pregnancy": ()},
        readings=KIDNEYS,
        medicines=tuple(map(takes, ("lisinopril", "warfarin", "atorvastatin", "apixaban"))),
    )
    rows = checked(who)
    assert rows["lisinopril"][0] == "raas_pregnancy"
    assert rows["warfarin"][0] == "vka_pregnancy"
    assert rows["apixaban"][0] == "doac_pregnancy"
    assert "statin_pregnancy" in rows["atorvastatin"]
    assert levels(who) == {
        "lisinopril": "X",
        "warfarin": "X",
        "apixaban": "X",
        "atorvastatin": "D",
    }
    assert not review_medicines(who, knowledge()).is_due


@pytest.mark.parametrize(
    ("conditions", "row", "level"),
    [
        (("coronary_heart_disease",), "clopidogrel_other_cyp2c19_poor_metabolizer", "D"),
        ((), "clopidogrel_unknown_cyp2c19_poor_metabolizer", "C"),
    ],
)
def test_genes_of_what_is_taken_for_no_ranked_indication(
    conditions: tuple[str, ...], row: str, level: str
) -> None:
    who = person(
        age=56,
        conditions=dict.fromkeys(conditions, ()),
        readings=KIDNEYS,
        medicines=(takes("clopidogrel", 75),),
        genes=(GeneResult("CYP2C19", "poor metabolizer", "Poor metabolizer"),),
    )
    assert row in checked(who)["clopidogrel"]
    assert levels(who)["clopidogrel"] == level


def test_kidneys_and_allergies_of_somebody_young() -> None:
    who = person(
        age=40,
        readings={"egfr": reading(25), "crcl": reading(25)},
        medicines=(takes("metformin"), takes("naproxen"), takes("levothyroxine")),
        allergies=(Allergy("naproxen", ("naproxen",)),),
    )
    rows = checked(who)
    assert "metformin_below_30" in rows["metformin"]
    assert levels(who)["naproxen"] == "X"
    assert "levothyroxine" not in rows


def test_of_an_older_person_too_and_nothing_of_the_dead() -> None:
    five = tuple(
        map(takes, ("diazepam", "metformin", "simvastatin", "losartan", "hydrochlorothiazide"))
    )
    given = {"age": 80, "medicines": five, "readings": {"egfr": reading(25)}}
    due = review_medicines(person(**given), knowledge())
    of_any_age = {r.finding.table for one in due.checked for r in one.reasons}
    assert due.is_due and "dosing" in of_any_age and "deprescribing" not in of_any_age
    dead = person(**given, barred="This person has died.", has_died=True)
    assert review_medicines(dead, knowledge()).checked == ()
    assert findings_of_taken(dead, knowledge()) == ()
