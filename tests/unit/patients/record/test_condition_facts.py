import pytest

from patients.record.projection import project
from tests.unit.patients.record.builders import SNOMED, concept, condition, day, one

ICD10CM = "http://hl7.org/fhir/sid/icd-10-cm"


@pytest.mark.parametrize(
    ("clinical", "verification", "dates", "quality", "end"),
    [
        ("active", "confirmed", {}, "usable", None),
        ("recurrence", "", {}, "usable", None),
        ("relapse", "", {}, "usable", None),
        ("resolved", "", {"abatementDateTime": "2018-01-01"}, "usable", "2018-01-01"),
        ("inactive", "", {"abatementPeriod": {"start": "2018-01-01"}}, "usable", "2018-01-01"),
        # over, nobody says since when: never going on
        ("remission", "", {}, "usable", "2015-06-01"),
        ("resolved", "", {"abatementString": "last year"}, "usable", "2015-06-01"),
        ("active", "", {"abatementDateTime": "2018-01-01"}, "verify", "2018-01-01"),
        ("", "", {}, "verify", None),
        ("", "", {"abatementDateTime": "2018-01-01"}, "usable", "2018-01-01"),
        ("", "", {"abatementString": "last year"}, "usable", "2015-06-01"),
        ("active", "refuted", {}, "inactive", None),
        ("", "entered-in-error", {}, "inactive", None),
        ("active", "differential", {}, "inactive", None),
        ("active", "provisional", {}, "verify", None),
        ("active", "unconfirmed", {}, "verify", None),
    ],
)
def test_status(clinical, verification, dates, quality, end):
    draft = one(condition(status=clinical, verification=verification, **dates))
    assert draft.quality == quality
    assert draft.end_at == (day(end) if end else None)


@pytest.mark.parametrize(
    ("dates", "at", "precision", "quality"),
    [
        ({"onsetDateTime": "2015"}, "2015-01-01", "year", "usable"),
        ({"onsetPeriod": {"start": "2015-06"}}, "2015-06-01", "month", "usable"),
        ({"onsetAge": {"value": 50}, "recordedDate": "2016-01-01"}, "2016-01-01", "day", "usable"),
        ({"recordedDate": "2016-01-01"}, "2016-01-01", "day", "usable"),
        ({}, None, "", "verify"),
    ],
)
def test_since_when(dates, at, precision, quality):
    draft = one(condition(**({"onsetDateTime": None} | dates)))
    assert draft.effective_at == (day(at) if at else None)
    assert (draft.effective_precision, draft.quality) == (precision, quality)


def test_without_any_date_what_is_over_counts_only_if_it_persists():
    drafts = project(condition("22298006", status="resolved", onsetDateTime=None))
    assert {draft.quality for draft in drafts} == {"verify"}
    pregnancy = one(condition("77386006", status="resolved", onsetDateTime=None))
    assert pregnancy.quality == "inactive"


def test_a_code_may_state_several_conditions():
    drafts = project(condition("E11.22", ICD10CM))
    assert [draft.concept for draft in drafts] == ["diabetes_type_2", "ckd", "charlson_diabwc"]
    assert {draft.path for draft in drafts} == {"Condition"}


@pytest.mark.parametrize("order", [1, -1])
def test_several_codings_of_one_condition_are_one_fact_with_the_finest_stage(order):
    codings = [
        {"system": SNOMED, "code": "433144002"},
        {"system": ICD10CM, "code": "N18.31"},
    ]
    draft, comorbidity = project(condition(code={"coding": codings[::order]}))
    assert comorbidity.concept == "charlson_rend"
    assert (draft.concept, draft.value_code) == ("ckd", "G3a")


def test_an_unknown_condition_is_kept_for_the_timeline():
    code = concept(SNOMED, "444814009", text="Viral sinusitis")
    draft = one(condition(code=code))
    assert (draft.concept, draft.quality) == ("condition_unclassified", "unclassified")
    assert draft.display == "Viral sinusitis"
    assert one(condition(code=code, verification="refuted")).quality == "inactive"


@pytest.mark.parametrize(
    ("code", "status", "expected"),
    [
        ("302497006", "completed", [("dialysis", "usable", "2024-07-30")]),
        ("232717009", "completed", [("coronary_heart_disease", "usable", "2024-05-02")]),
        ("70536003", "not-done", [("kidney_transplant", "inactive", "2024-05-02")]),
        ("70536003", "unknown", [("kidney_transplant", "verify", "2024-05-02")]),
        # a condition's code as a procedure, and a procedure that states nothing
        ("44054006", "completed", []),
        ("73761001", "completed", []),
    ],
)
def test_procedures(code, status, expected):
    resource = {
        "resourceType": "Procedure",
        "id": "p1",
        "status": status,
        "code": concept(SNOMED, code),
        "performedDateTime": "2024-05-01",
    }
    drafts = project(resource)
    assert [(d.concept, d.quality, d.end_at.date().isoformat()) for d in drafts] == expected


def test_an_undated_dialysis_is_not_assumed_to_go_on():
    resource = {"resourceType": "Procedure", "status": "completed"}
    assert one(resource | {"code": concept(SNOMED, "302497006")}).quality == "inactive"
    assert one(resource | {"code": concept(SNOMED, "70536003")}).quality == "verify"
