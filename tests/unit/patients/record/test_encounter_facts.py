"""Encounters in a hospital: which, from when to when, planned or not, and what is doubtful."""

from datetime import UTC, datetime

import pytest

from patients.record.projection import project
from tests.unit.patients.record.builders import ACT_CODE, SNOMED, concept, day, encounter, one

HL7 = "http://terminology.hl7.org/CodeSystem/"
PRIORITY, SOURCE = f"{HL7}v3-ActPriority", f"{HL7}admit-source"
DISPOSITION = f"{HL7}discharge-disposition"
START = datetime(2024, 5, 3, 9, tzinfo=UTC)
END = datetime(2024, 5, 8, 11, tzinfo=UTC)


def test_a_finished_stay_says_how_long_it_was():
    stay = one(encounter())
    assert (stay.concept, stay.kind, stay.quality) == ("inpatient_stay", "encounter", "usable")
    assert (stay.effective_at, stay.effective_precision, stay.end_at) == (START, "time", END)
    assert (stay.value, stay.unit, stay.value_code) == (5.0, "d", "")
    assert stay.display == "Inpatient stay"


@pytest.mark.parametrize(
    ("code", "meaning"),
    [
        ("IMP", "inpatient_stay"),
        ("ACUTE", "inpatient_stay"),
        ("NONAC", "inpatient_stay"),
        ("EMER", "emergency_visit"),
        ("OBSENC", "observation_stay"),
        ("SS", "observation_stay"),
    ],
)
def test_classes_in_a_hospital(code, meaning):
    assert one(encounter(code)).concept == meaning


@pytest.mark.parametrize(
    "odd",
    [
        {"code": "AMB", "system": ACT_CODE},
        {"code": "VR", "system": ACT_CODE},
        {"code": "imp", "system": ACT_CODE},
        {"code": "IMP"},
        {"code": "IMP", "system": "urn:local"},
        {},
    ],
)
def test_any_other_class_gives_no_fact(odd):
    assert project(encounter(**{"class": odd})) == []


@pytest.mark.parametrize(
    ("status", "end", "quality", "end_at"),
    [
        ("in-progress", None, "usable", None),
        ("arrived", None, "usable", None),
        ("triaged", None, "usable", None),
        ("onleave", None, "usable", None),
        ("in-progress", "2024-05-08T11:00:00Z", "verify", END),
        ("finished", "2024-05-08T11:00:00Z", "usable", END),
        # over, nobody says since when: never going on
        ("finished", None, "verify", START),
        ("planned", None, "inactive", None),
        ("cancelled", None, "inactive", None),
        ("entered-in-error", "2024-05-08T11:00:00Z", "inactive", END),
        ("unknown", None, "unclassified", None),
        ("finished", "2024-05-02", "implausible", day("2024-05-03")),
    ],
)
def test_status(status, end, quality, end_at):
    stay = one(encounter(end=end, status=status))
    assert (stay.quality, stay.end_at) == (quality, end_at)


@pytest.mark.parametrize(
    ("status", "quality"), [("in-progress", "verify"), ("finished", "inactive")]
)
def test_without_any_date(status, quality):
    stay = one(encounter(start=None, end=None, status=status))
    assert (stay.quality, stay.effective_at, stay.end_at) == (quality, None, None)


@pytest.mark.parametrize(
    ("start", "end", "days"),
    [
        ("2024-05-03T09:00:00Z", "2024-05-03T23:00:00Z", 0.0),
        ("2024-05-03T23:00:00Z", "2024-05-04T01:00:00Z", 1.0),
        ("2024-05-03", "2024-05-17", 14.0),
        # the days of the hospital's own clock: in UTC it began on the 4th
        ("2024-05-03T22:00:00-05:00", "2024-05-05T10:00:00-05:00", 2.0),
        ("2024-05", "2024-06-02", None),
        ("2024-05-03", None, None),
    ],
)
def test_length_in_calendar_days(start, end, days):
    assert one(encounter(start=start, end=end)).value == days


@pytest.mark.parametrize(
    ("more", "admission"),
    [
        ({"priority": concept(PRIORITY, "EM")}, "emergency"),
        ({"priority": concept(PRIORITY, "UR")}, "emergency"),
        ({"priority": concept(PRIORITY, "EL")}, "elective"),
        ({"hospitalization": {"admitSource": concept(SOURCE, "emd")}}, "emergency"),
        ({"hospitalization": {"admitSource": concept(SOURCE, "gp")}}, ""),
        ({"type": [concept(SNOMED, "183452005")]}, "emergency"),
        ({"type": [concept(SNOMED, "32485007"), concept(SNOMED, "8715000")]}, "elective"),
        ({"priority": concept("urn:local", "EM")}, ""),
        ({}, ""),
    ],
)
def test_how_planned_the_admission_was(more, admission):
    stay = one(encounter(**more))
    assert (stay.value_code, stay.quality) == (admission, "usable")


def test_elements_that_disagree_say_nothing():
    stay = one(
        encounter(
            priority=concept(PRIORITY, "EL"),
            hospitalization={"admitSource": concept(SOURCE, "emd")},
        )
    )
    assert (stay.value_code, stay.quality) == ("", "verify")


@pytest.mark.parametrize(
    ("code", "meaning"),
    [
        ("home", "home"),
        ("hosp", "hospice"),
        ("other-hcf", "transferred"),
        ("psy", "transferred"),
        ("exp", "died"),
        # nursing care is where one lives on, rehabilitation a stay that goes on
        ("snf", "facility"),
        ("rehab", "rehabilitation"),
    ],
)
def test_where_an_inpatient_went(code, meaning):
    went = {"dischargeDisposition": concept(DISPOSITION, code)}
    stay, disposition = project(encounter(hospitalization=went))
    assert disposition.concept == "discharge_disposition"
    assert disposition.value_code == meaning
    assert disposition.effective_at == stay.effective_at
    # an emergency visit has no index stay
    assert len(project(encounter("EMER", hospitalization=went))) == 1


def test_the_service_that_is_known():
    oncology = project(encounter(serviceType=concept(SNOMED, "394593009")))[1]
    cardiology = project(encounter(serviceType=concept(SNOMED, "394579002")))[1]
    assert (oncology.concept, oncology.value_code) == ("hospital_service", "oncology")
    assert cardiology.value_code == "other"
    assert len(project(encounter(serviceType=concept(SNOMED, "123456789")))) == 1


def test_a_modifier_that_is_not_known_takes_the_stay_away():
    odd = {"modifierExtension": [{"url": "urn:x", "valueBoolean": True}]}
    assert one(encounter(**odd)).quality == "modified"


def procedure(system, **more):
    found = {
        "resourceType": "Procedure",
        "id": "p1",
        "status": "completed",
        "code": {"coding": [{"system": system, "code": "0DTJ4ZZ", "display": "Appendix out"}]},
        "performedDateTime": "2024-05-04",
    }
    return found | more


@pytest.mark.parametrize(
    ("system", "more", "quality"),
    [
        ("http://www.cms.gov/Medicare/Coding/ICD10", {}, "usable"),
        ("http://hl7.org/fhir/sid/icd-10-pcs", {}, "usable"),
        ("http://hl7.org/fhir/sid/icd-10-pcs", {"status": "not-done"}, "inactive"),
        ("http://hl7.org/fhir/sid/icd-10-pcs", {"performedDateTime": None}, "undated"),
    ],
)
def test_a_procedure_that_a_hospital_codes(system, more, quality):
    done = one(procedure(system, **more))
    assert (done.concept, done.kind, done.quality) == ("hospital_procedure", "encounter", quality)


def test_any_other_procedure_is_none_that_counts():
    assert project(procedure("urn:local")) == []
