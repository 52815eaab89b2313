from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest

from models_engine.catalogue.treatment.safety.finding import Finding, Kind, Level
from patients.fhir.validation import validate
from twinportal.treatment.fhir_rendering import (
    ISSUE_CODES,
    detected_issues,
    request_group,
    withdrawn,
)

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
PROPOSAL = UUID("6f1c1f0e-0000-4000-8000-000000000001")


def candidate(kind: str = "start", **changed: Any) -> dict[str, Any]:
    return {
        "kind": kind,
        "name": "amlodipine",
        "replaces": "lisinopril" if kind == "switch" else "",
        "findings": [],
        "label": "Amlodipine 5 mg once a day",
        "summary": "Stroke within 10 years: 5.0 % to 4.1 %.",
        "dose": "5 mg once a day",
        "atc": "C08CA01",
        "rxnorm": "197361",
    } | changed


def faults(content: dict[str, object]) -> list[str]:
    return [str(f.expression) for f in validate(content) if f.severity in ("error", "fatal")]


def group(*candidates: dict[str, Any]) -> dict[str, object]:
    return request_group(
        candidates,
        title="High blood pressure: options to discuss",
        proposal=PROPOSAL,
        patient_id="p1",
        practitioner_id="d1",
        notes=["one note"],
        now=NOW,
    )


@pytest.mark.parametrize("kind", ["start", "add", "switch", "change_dose", "keep", "stop"])
def test_a_group_of_every_kind_is_valid_r4(kind: str) -> None:
    assert faults({**group(candidate(kind)), "id": "g1"}) == []


def test_nothing_in_it_is_an_order() -> None:
    made = group(candidate(), candidate("keep"))
    assert made["status"] == "draft"
    assert made["intent"] == "proposal"
    contained = made["contained"]
    assert isinstance(contained, list)
    assert [(c["resourceType"], c["status"]) for c in contained] == [
        ("MedicationRequest", "draft"),
        ("CommunicationRequest", "draft"),
    ]
    assert contained[0]["intent"] == "option"
    assert {c["code"] for c in contained[0]["medicationCodeableConcept"]["coding"]} == {
        "197361",
        "C08CA01",
    }


def test_every_action_has_a_resource_or_actions_never_both() -> None:
    """rqg-1 of R4."""
    top = group(candidate(), candidate("stop"), candidate("switch"))["action"]
    assert isinstance(top, list)
    ways = top[0]["action"]
    halves = ways[2]["action"]
    for action in (*top, *ways, *halves):
        assert ("resource" in action) != ("action" in action)
    assert [half["title"] for half in halves] == ["Stop lisinopril", "amlodipine"]


def test_the_dose_stands_once_and_a_pause_is_told() -> None:
    found = {"message": "Stop enalapril 36 hours before.", "other": "enalapril"}
    one = candidate(
        "switch", name="sacubitril and valsartan", replaces="enalapril", findings=[found]
    )
    contained = group(one)["contained"]
    assert isinstance(contained, list)
    request, stop = contained
    assert request["medicationCodeableConcept"]["text"] == "sacubitril and valsartan"
    assert request["dosageInstruction"] == [{"text": "5 mg once a day"}]
    assert "36 hours" in stop["payload"][0]["contentString"]


@pytest.mark.parametrize("level", ["X", "ask", "D", "C", "told"])
@pytest.mark.parametrize("kind", sorted(ISSUE_CODES))
def test_a_detected_issue_is_valid_r4(kind: Kind, level: Level) -> None:
    found = Finding(
        kind,
        level,
        "Simvastatin with clarithromycin: do not give.",
        "Do not take these together.",
        references=(("MedicationRequest", "m1", 2), ("MedicationRequest", "m1", 2)),
    )
    (made,) = detected_issues(
        [("Simvastatin 20 mg", found)], proposal=PROPOSAL, patient_id="p1", now=NOW
    )
    assert faults({**made, "id": "i1"}) == []
    assert made["detail"].startswith("Simvastatin 20 mg: ")
    assert made["implicated"] == [{"reference": "MedicationRequest/m1/_history/2"}]


def test_what_is_missing_is_told_in_words() -> None:
    """HL7 has no code for it, and a question that decides safety must not be lost."""
    found = Finding("missing", "ask", "No creatinine within a year.", "A test is missing.")
    (made,) = detected_issues([("", found)], proposal=PROPOSAL, patient_id="p1", now=NOW)
    assert made["code"] == {"text": "Missing information"}
    assert made["severity"] == "high"
    assert faults({**made, "id": "i1"}) == []


def test_a_withdrawn_proposal_is_revoked_or_in_error() -> None:
    made = {**group(candidate()), "id": "g1", "meta": {"versionId": "1"}}
    assert withdrawn(made)["status"] == "revoked"
    assert withdrawn(made, in_error=True)["status"] == "entered-in-error"
    assert "meta" not in withdrawn(made)
