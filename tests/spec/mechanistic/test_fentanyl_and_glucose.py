"""Transdermal fentanyl and the glucose minimal model: published values and closed forms."""

import numpy as np
import pytest

from models_engine.catalogue.mechanistic import fentanyl, glucose
from models_engine.catalogue.mechanistic.fentanyl import Patch, patch_course, steady_level
from models_engine.catalogue.mechanistic.glucose import (
    DIABETES,
    IMPAIRED,
    NORMAL,
    Sampled,
    Secretion,
    glucose_course,
    homa_ir,
    quicki,
    tyg,
)
from models_engine.catalogue.mechanistic.refusing import RefusedError
from tests.spec.mechanistic import oracle_kinetics as oracle

PATCHES = [Patch(0, 25), Patch(72, 50, 60)]
HOURS = np.array([6.0, 24, 72, 90, 140, 190])


def test_steady_level_of_the_published_clearance():
    """25 ug/h: 0.205 ug/L with Bista's clearance, 0.595 with one like the label's (42 L/h)."""
    assert steady_level(25, 70).value == pytest.approx(0.205, abs=6e-4)
    label = fentanyl.PARAMETERS.with_value("clearance", 42.0)
    assert steady_level(25, 70, label).value == pytest.approx(0.595, abs=6e-4)


def test_the_closed_form_is_what_small_steps_come_to():
    got = patch_course(PATCHES, 80, HOURS).value
    given = [(patch.at, patch.rate, patch.hours) for patch in PATCHES]
    theirs = [oracle.patch_level(at, given, 80) for at in HOURS]
    assert got == pytest.approx(theirs, rel=1e-3)


def test_one_percent_in_any_number_of_fentanyl_is_noticed():
    def outcome(parameters):
        found = patch_course(PATCHES, 80, HOURS, parameters)
        return np.concatenate((found.value, found.high))

    given = [(patch.at, patch.rate, patch.hours) for patch in PATCHES]
    value = np.array([oracle.patch_level(at, given, 80, 600) for at in HOURS])
    spread = np.sqrt(np.log(1 + 0.385**2) + np.log(1 + 0.22**2))
    theirs = np.concatenate((value, value * np.exp(1.959963985 * spread)))
    close = {"rtol": 2e-5, "atol": 0}
    np.testing.assert_allclose(outcome(fentanyl.PARAMETERS), theirs, **close)
    unnoticed = [
        p.name
        for p in fentanyl.PARAMETERS
        if np.allclose(outcome(fentanyl.PARAMETERS.changed(p.name)), theirs, **close)
    ]
    assert unnoticed == []


def test_a_patch_never_removed_reaches_the_steady_level_and_falls_after_removal():
    many = [Patch(72.0 * number, 25) for number in range(6)]
    late = np.array([72.0 * 6])
    steady = steady_level(25, 70).value
    assert patch_course(many, 70, late).value[0] == pytest.approx(steady, rel=1e-5)
    # long after removal the depot decides: the fall published after removal, 17 h
    fall = patch_course(many, 70, late + np.array([80.0, 97.0])).value
    assert fall[1] / fall[0] == pytest.approx(0.5, abs=0.001)
    twice = [Patch(patch.at, 50) for patch in many]
    assert patch_course(twice, 70, late).value[0] == pytest.approx(2 * steady, rel=1e-5)
    assert patch_course([Patch(10, 25)], 70, np.array([0.0, 10.0])).value == pytest.approx([0, 0])


def test_fentanyl_out_of_range_is_refused_by_name():
    with pytest.raises(RefusedError, match="Nominal patch rate"):
        Patch(0, 500)
    with pytest.raises(RefusedError, match="Patch worn"):
        Patch(0, 25, 200)
    with pytest.raises(RefusedError, match="Weight"):
        steady_level(25, 10)


BASAL = {"basal_glucose": 90.0, "basal_insulin": 8.0}


def test_the_basal_state_is_a_fixed_point():
    for parameters in (NORMAL, IMPAIRED, DIABETES):
        found = glucose_course(parameters, np.linspace(0, 300, 7), glucose=90.0, **BASAL)
        assert found.glucose == pytest.approx(np.full(7, 90.0), abs=1e-6)
        assert found.insulin == pytest.approx(np.full(7, 8.0), abs=1e-6)


def test_with_basal_insulin_the_solution_is_exact():
    """G(t) = Gb + (G0 - Gb) e^(-SG t): 90, 290, 0.025 -> 163.576 mg/dL after 40 minutes."""
    known = NORMAL.with_value("glucose_effectiveness", 0.025)
    minutes = np.array([0.0, 40.0])
    found = glucose_course(known, minutes, glucose=290.0, **BASAL)
    assert found.glucose[1] == pytest.approx(163.576, abs=6e-4)


def test_more_insulin_and_more_sensitivity_lower_glucose():
    minutes = np.arange(0.0, 181.0, 10.0)
    high = Sampled(np.array([0.0, 30.0, 180.0]), np.array([8.0, 60.0, 8.0]))
    ends = [
        glucose_course(p, minutes, glucose=250.0, insulin=high, **BASAL)
        for p in (NORMAL, IMPAIRED, DIABETES)
    ]
    finals = [found.glucose.min() for found in ends]
    assert finals == sorted(finals)
    assert ends[0].insulin[3] == pytest.approx(60.0)
    assert (ends[0].action[1:-1] > 0).all()


@pytest.mark.parametrize("parameters", [NORMAL, IMPAIRED, DIABETES])
def test_one_percent_in_any_number_of_the_minimal_model_is_noticed(parameters):
    def outcome(p):
        secreted = glucose_course(
            p,
            np.array([0.0, 60.0]),
            glucose=250.0,
            insulin=Secretion(0.003, 95.0),
            insulin_at_start=80.0,
            appearance=Sampled(np.array([0.0]), np.array([1.5])),
            **BASAL,
        )
        return np.array([secreted.glucose[-1], secreted.insulin[-1]])

    sg, si = {id(NORMAL): (0.02, 6e-4), id(IMPAIRED): (0.0175, 3e-4), id(DIABETES): (0.015, 1e-4)}[
        id(parameters)
    ]
    theirs = oracle.minimal_model(
        sg, si, 0.025, 0.2, 90.0, 8.0, 250.0, 80.0, 60, slope=0.003, threshold=95.0, meal=1.5
    )
    close = {"rtol": 2e-6, "atol": 0}
    np.testing.assert_allclose(outcome(parameters), theirs, **close)
    unnoticed = [
        p.name
        for p in parameters
        if np.allclose(outcome(parameters.changed(p.name)), theirs, **close)
    ]
    assert unnoticed == []


def test_surrogates():
    assert homa_ir(5.0, 9.0) == pytest.approx(2.0)
    # the other form of the same index, in mg/dL
    assert homa_ir(6.0, 12.0) == pytest.approx(6.0 * 18.016 * 12 / 405, rel=2e-3)
    assert quicki(5.0, 9.0) == pytest.approx(1 / (np.log10(9) + np.log10(90.08)))
    assert tyg(1.7, 5.5) == pytest.approx(np.log(1.7 / 0.01129 * 5.5 * 18.016 / 2))
    with pytest.raises(RefusedError, match="Fasting insulin"):
        homa_ir(5.0, 0.0)
    with pytest.raises(RefusedError, match="Triglycerides"):
        tyg(100.0, 5.0)


def test_the_typical_values_are_marked_as_not_verified():
    assert len(NORMAL.not_verified) == 5
    assert {p.evidence for p in IMPAIRED} == {"J", "M"}
    assert "not yet verified" in glucose.DIABETES.not_verified[0].evidence_text
    assert glucose.DIABETES.not_verified[0].label == "glucose effectiveness"
