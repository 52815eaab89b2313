"""The table of ingredients: the record's medicines are all in it, and no name or code is two things."""

import re
from collections import Counter

from models_engine.catalogue.treatment.knowledge.loading import knowledge
from models_engine.catalogue.treatment.knowledge.medicines import index_of
from models_engine.catalogue.treatment.knowledge.schema import DrugClass, Ingredient
from patients.terminology.tables import rows

INGREDIENTS = knowledge().by_id(Ingredient)
CLASSES = knowledge().by_id(DrugClass)


def medications() -> list[dict[str, str]]:
    return rows("medications", "system,code,term_type,ingredients,classes,display,source,note")


def names() -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for one in INGREDIENTS.values():
        for name in (one.id, *one.aliases):
            found.setdefault(name.lower(), set()).add(one.id)
    return found


def test_every_ingredient_of_the_record_is_in_the_table() -> None:
    taken = {
        name.lower() for row in medications() for name in row["ingredients"].split("/") if name
    }
    assert taken - set(names()) == set()


def test_no_name_and_no_code_belongs_to_two_ingredients() -> None:
    assert [name for name, ids in names().items() if len(ids) > 1] == []
    atc = Counter(code for one in INGREDIENTS.values() for code in one.atc)
    rxnorm = Counter(one.rxnorm for one in INGREDIENTS.values() if one.rxnorm)
    assert [code for code, times in (atc + rxnorm).items() if times > 1] == []


def test_codes_have_their_form() -> None:
    for one in INGREDIENTS.values():
        assert all(re.fullmatch(r"[A-Z]\d\d[A-Z]{2}\d\d", code) for code in one.atc), one.id
        assert re.fullmatch(r"\d*", one.rxnorm), one.id


def test_rxnorm_codes_are_those_of_the_record() -> None:
    theirs = {r["code"]: r["ingredients"] for r in medications() if r["term_type"] == "IN"}
    for one in INGREDIENTS.values():
        if one.rxnorm in theirs:
            assert theirs[one.rxnorm] in (one.id, *one.aliases)


def test_classes_are_known_and_follow_the_atc_groups() -> None:
    for one in INGREDIENTS.values():
        assert set(one.classes) <= set(CLASSES), one.id
        by_code = {
            group.id
            for group in CLASSES.values()
            for start in group.atc
            if any(code.startswith(start) for code in one.atc)
        }
        assert by_code <= set(one.classes), one.id


def test_who_is_not_of_its_neighbours_in_the_atc() -> None:
    """Vasopressin antagonists raise sodium, lithium is no antipsychotic: by code neither."""
    index = index_of(knowledge())
    for name, code, group in (
        ("tolvaptan", "C03XA01", "diuretic"),
        ("conivaptan", "C03XA02", "diuretic"),
        ("lithium", "N05AN01", "antipsychotic"),
    ):
        assert group not in index.recognise((name,), (code,)).classes
    assert "diuretic" in index.recognise((), ("C03EA01",)).classes
    assert "antipsychotic" in index.recognise((), ("N05AX08",)).classes
