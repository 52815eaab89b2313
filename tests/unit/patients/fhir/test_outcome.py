from patients.fhir.build import checked
from patients.fhir.outcome import Issue, error, operation_outcome


def test_an_outcome_carries_every_issue():
    outcome = operation_outcome(
        [
            error("value", "Observation.status: x", "Observation.status"),
            Issue("fatal", "structure", ""),
        ]
    )
    assert checked(outcome)["issue"] == [
        {
            "severity": "error",
            "code": "value",
            "diagnostics": "Observation.status: x",
            "expression": ["Observation.status"],
        },
        {"severity": "fatal", "code": "structure"},
    ]


def test_an_outcome_without_faults_says_so():
    assert checked(operation_outcome([]))["issue"][0]["severity"] == "information"


def test_an_issue_can_be_seen_from_a_container():
    issue = error("value", "x", "Observation.status")
    assert issue.at("Bundle.entry[3].resource").expression == "Bundle.entry[3].resource.status"
    assert error("value", "x", "Observation").at("Bundle.entry[3]").expression == "Bundle.entry[3]"


def test_what_is_quoted_has_no_control_characters():
    issue = error("value", "'a\x00b\x1f\x85\ud800' is none\n", "Patient.a\x01")
    (found,) = checked(operation_outcome([issue]))["issue"]
    assert found["diagnostics"] == "'a\ufffdb\ufffd\ufffd\ufffd' is none\n"
    assert found["expression"] == ["Patient.a\ufffd"]
