import json
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from fhir.resources.R4B.riskassessment import RiskAssessment
from hypothesis import given
from hypothesis import strategies as st

from models_engine.fhir_rendering import band_text, percentage, risk_assessment, with_status
from models_engine.registry import model

AS_OF = datetime(2026, 11, 20, 12, tzinfo=UTC)
PREVENT = model("prevent_base_10y")


def rendered(**changes):
    arguments = {
        "model": PREVENT,
        "probabilities": PREVENT.predict_one(PREVENT.vectors[0].inputs),
        "patient_id": "p1",
        "as_of": AS_OF,
        "state_hash": "abc",
        "basis": ("Observation/7/_history/2",),
        "notes": ("Statin: assumed absent: none recorded.",),
    }
    return risk_assessment(**(arguments | changes))


def test_the_probability_is_a_percentage():
    (cvd, *_) = rendered()["prediction"]

    assert cvd["probabilityDecimal"] == 14.7
    assert cvd["outcome"]["coding"][0]["code"] == "cvd"
    assert cvd["whenPeriod"] == {
        "start": "2026-11-20T12:00:00+00:00",
        "end": "2036-11-20T12:00:00+00:00",
    }


def test_the_band_says_how_sure_its_limits_are():
    (cvd, ascvd, *_) = rendered()["prediction"]

    assert cvd["qualitativeRisk"]["coding"][0]["code"] == "intermediate"
    assert cvd["qualitativeRisk"]["text"] == (
        "Intermediate (limits: published; the source was read, the figure was not recomputed here)"
    )
    assert "qualitativeRisk" not in ascvd


def test_a_verified_band_needs_no_caveat():
    assert band_text(model("ckd_epi_2021").outcome("egfr").band_of(50.0)) == "G3a"


def test_it_says_who_what_when_by_which_model_and_from_what():
    resource = rendered()

    assert resource["subject"] == {"reference": "Patient/p1"}
    assert resource["occurrenceDateTime"] == "2026-11-20T12:00:00+00:00"
    assert resource["method"]["coding"] == [
        {"system": "urn:twinportal:model", "version": "2023.1", "code": "prevent_base_10y"}
    ]
    assert resource["basis"] == [{"reference": "Observation/7/_history/2"}]
    assert [note["text"] for note in resource["note"]] == [
        "Statin: assumed absent: none recorded.",
        f"Model evidence: {PREVENT.facts.evidence_text}",
        "No interval is published for this model.",
    ]
    assert "extension" not in json.dumps(resource)


def test_it_is_valid_and_survives_json():
    resource = rendered(resource_id="ra-1")

    assert json.loads(json.dumps(resource)) == resource
    parsed = RiskAssessment.model_validate(resource)
    assert parsed.prediction[0].probabilityDecimal == Decimal("14.7")
    assert parsed.id == "ra-1"


def test_two_horizons_of_one_model():
    kfre = model("kfre_4v")

    resource = rendered(model=kfre, probabilities=kfre.predict_one(kfre.vectors[0].inputs))

    assert [p["whenPeriod"]["end"][:4] for p in resource["prediction"]] == ["2028", "2031"]
    assert [p["probabilityDecimal"] for p in resource["prediction"]] == [7.8, 22.3]


def test_the_identifier_is_the_same_for_the_same_prediction_only():
    first = rendered()["identifier"]
    others = [
        rendered(patient_id="p2"),
        rendered(state_hash="abd"),
        rendered(as_of=AS_OF.replace(hour=13)),
        rendered(probabilities={"cvd": 0.1}),
    ]

    assert rendered()["identifier"] == first
    assert all(other["identifier"] != first for other in others)


def test_empty_lists_are_left_out():
    assert "basis" not in rendered(basis=())


def test_the_29th_of_february_ends_on_the_first_of_march():
    kfre = model("kfre_4v")

    resource = rendered(
        model=kfre,
        probabilities={"kidney_failure_2y": 0.1},
        as_of=datetime(2028, 2, 29, tzinfo=UTC),
    )

    assert resource["prediction"][0]["whenPeriod"]["end"] == "2030-03-01T00:00:00+00:00"


@pytest.mark.parametrize("status", ["corrected", "cancelled", "entered-in-error"])
def test_a_superseded_prediction_keeps_what_it_said(status):
    before = rendered()

    after = with_status(before, status, "an input was deleted", AS_OF)

    assert after["status"] == status
    assert after["note"][-1]["text"] == f"{status}: an input was deleted"
    unchanged = {k: v for k, v in after.items() if k not in ("status", "note")}
    assert unchanged == {k: v for k, v in before.items() if k not in ("status", "note")}
    assert before["status"] == "final"


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"probabilities": {}}, "at least one"),
        ({"probabilities": {"cvd": 1.2}}, "between 0 and 1"),
        ({"probabilities": {"cvd": float("nan")}}, "between 0 and 1"),
        ({"as_of": datetime(2026, 11, 20)}, "aware"),  # noqa: DTZ001 naive on purpose
        ({"status": "maybe"}, "status"),
        ({"model": model("ckd_epi_2021"), "probabilities": {"egfr": 0.9}}, "derived"),
    ],
)
def test_what_is_not_a_prediction_is_refused(changes, message):
    with pytest.raises(ValueError, match=message):
        rendered(**changes)


def test_an_unknown_status_is_refused():
    with pytest.raises(ValueError, match="status"):
        with_status(rendered(), "maybe", "why not", AS_OF)


@pytest.mark.parametrize(
    ("probability", "shown"),
    [
        (0.146839, "14.7"),
        (0.15, "15.0"),
        (0.0749, "7.5"),
        (0.1225, "12.3"),
        (0.00747, "0.75"),
        (0.00001, "0.01"),
        (0.9999, "99.9"),
        (0.0, "0.00"),
        (1.0, "100.0"),
    ],
)
def test_percentages(probability, shown):
    assert str(percentage(probability)) == shown


@given(st.floats(0, 1))
def test_a_percentage_is_close_and_never_falsely_certain(probability):
    shown = float(percentage(probability))

    assert abs(shown - 100 * probability) <= 0.1
    assert (shown == 0) == (probability == 0)
    assert (shown == 100) == (probability == 1)
