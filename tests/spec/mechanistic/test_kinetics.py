"""Drug levels: published values, closed forms, and patients made individual by measured levels."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models_engine.catalogue.mechanistic import renal
from models_engine.catalogue.mechanistic.drugs import DIGOXIN, DRUGS, GENTAMICIN, VANCOMYCIN
from models_engine.catalogue.mechanistic.individual import (
    Level,
    before_levels,
    chances,
    course,
    expected,
    individualised,
)
from models_engine.catalogue.mechanistic.kinetics import (
    Dose,
    Regimen,
    concentration,
    half_life,
    steady_state,
)
from models_engine.catalogue.mechanistic.refusing import RefusedError
from models_engine.catalogue.mechanistic.renal import RenalPatient, creatinine_clearance
from tests.spec.mechanistic import oracle_kinetics as oracle

# 60 years, 70 kg, creatinine 1.0: the published man, in a height for which his weight is used
MAN = RenalPatient(age=60, sex=0.0, weight=70, height=178, creatinine=1.0)
WOMAN = RenalPatient(age=71, sex=1.0, weight=95, height=160, creatinine=1.4)
# just above 1.2 times the ideal weight
NEAR = RenalPatient(
    age=50, sex=0.0, weight=renal.ideal_weight(170, 0.0) * 1.205, height=170, creatinine=1.1
)
REGIMEN = Regimen(1000, 12, 1)


def ideal(who):
    return (45.5 if who.sex == 1.0 else 50.0) + 2.3 * (who.height / 2.54 - 60)


def with_clearance(wanted):
    """Somebody of 70 kg with that creatinine clearance."""
    return replace(MAN, creatinine=round(80 * 70 / 72 / wanted, 12))


def test_creatinine_clearance_of_the_published_man():
    assert creatinine_clearance(MAN) == pytest.approx(77.78, abs=0.005)
    assert creatinine_clearance(replace(MAN, sex=1.0, height=175)) == pytest.approx(
        77.78 * 0.85, abs=0.01
    )


def test_the_weight_of_the_clearance():
    assert renal.dosing_weight(MAN) == 70
    best = renal.ideal_weight(160, 1.0)
    assert best == pytest.approx(ideal(WOMAN))
    assert renal.dosing_weight(WOMAN) == pytest.approx(best + 0.4 * (95 - best))


def test_steady_state_of_the_published_man():
    """The worked example of another rule for vancomycin, ke = 0.00083 CrCl + 0.0044, which grows
    with the weight twice and is not offered: its clearance and volume still give its levels.
    """
    clearance = (0.00083 * creatinine_clearance(MAN) + 0.0044) * 49
    at = steady_state(REGIMEN, clearance, 49)
    assert clearance / 49 == pytest.approx(0.06896, abs=6e-6)
    assert clearance == pytest.approx(3.379, abs=6e-4)
    assert half_life(clearance, 49) == pytest.approx(10.05, abs=0.005)
    assert (at.peak, at.trough) == pytest.approx((35.04, 16.41), abs=6e-3)
    assert at.auc24 == pytest.approx(591.9, abs=0.06)


@pytest.mark.parametrize(
    ("weight", "clearance", "volume"),
    [(70, 3.4349, 49.0), (100, 4.0738, 70.0), (125, 4.5331, 87.5)],
)
def test_vancomycin_follows_the_kidneys_and_not_the_weight_twice(weight, clearance, volume):
    prior = VANCOMYCIN.prior(replace(MAN, weight=weight))
    assert (prior.clearance, prior.volume) == pytest.approx((clearance, volume), abs=6e-5)
    # as the publication has it, mL/min
    found = 3.66 + 0.689 * creatinine_clearance(replace(MAN, weight=weight))
    assert prior.clearance == pytest.approx(found * 0.06)


def test_in_obesity_only_a_share_of_the_weight_counts():
    heavy = replace(MAN, weight=120)
    best = ideal(MAN)
    assert GENTAMICIN.prior(heavy).volume == pytest.approx(0.26 * (best + 0.43 * (120 - best)))
    # of digoxin nothing but the creatinine clearance is more than in a man of the ideal weight
    crcl = creatinine_clearance(heavy)
    prior = DIGOXIN.prior(heavy, {"heart_failure": 0.0})
    assert prior.clearance == pytest.approx((0.8 * best + crcl) * 0.06)
    assert prior.volume == pytest.approx(3.8 * best + 3.1 * crcl)
    for drug in DRUGS.values():
        assert drug.in_obesity, drug.id


def test_gentamicin_of_the_published_example():
    prior = GENTAMICIN.prior(with_clearance(80))
    at = steady_state(Regimen(350, 24, 0.5), prior.clearance, prior.volume)
    assert prior.clearance / prior.volume == pytest.approx(0.2484, abs=6e-5)
    assert prior.volume == pytest.approx(18.2)
    assert (at.peak, at.trough) == pytest.approx((18.13, 0.053), abs=6e-3)


@pytest.mark.parametrize(
    ("failing", "per_minute", "level"), [(0.0, 106, 0.573), (1.0, 68.1, 0.892)]
)
def test_digoxin_of_the_published_example(failing, per_minute, level):
    prior = DIGOXIN.prior(with_clearance(50), {"heart_failure": failing})
    absorbed = Regimen(0.125 * DIGOXIN.bioavailability, 24)
    average = steady_state(absorbed, prior.clearance, prior.volume).average
    assert prior.clearance * 1000 / 60 == pytest.approx(per_minute)
    assert average * DIGOXIN.shown_per_mg_l == pytest.approx(level, abs=6e-4)
    assert prior.volume == pytest.approx(3.8 * 70 + 3.1 * 50)


def test_priors_are_those_of_the_second_implementation():
    for who in (MAN, WOMAN, NEAR):
        cleared = oracle.crcl(who.age, who.sex == 1.0, who.weight, who.height, who.creatinine)
        assert creatinine_clearance(who) == pytest.approx(cleared, rel=1e-12)
        for drug, theirs in (
            (VANCOMYCIN, oracle.vancomycin(who.weight, cleared)),
            (GENTAMICIN, oracle.gentamicin(who.weight, cleared, ideal(who))),
            (DIGOXIN, oracle.digoxin(who.weight, cleared, True, ideal(who))),
        ):
            prior = drug.prior(who, {"heart_failure": 1.0})
            assert (prior.clearance, prior.volume) == pytest.approx(theirs, rel=1e-12)


def numbers_of(drug):
    """What a drug's own parameters make of three people, one of them with heart failure."""
    found = [drug.bioavailability]
    for who, failing in ((MAN, 0.0), (WOMAN, 1.0), (NEAR, 0.0)):
        prior = drug.prior(who, {"heart_failure": failing})
        found += [*(getattr(prior, name) for name in prior.__dataclass_fields__)]
    return np.array(found)


# clearance and volume spread, share and fixed part of a level's error, in mg/L; bioavailability
VARIABILITY = {
    "vancomycin": (0.3, 0.25, 0.15, 1.0, 1.0),
    "gentamicin": (0.3, 0.25, 0.15, 0.2, 1.0),
    "digoxin": (0.3, 0.3, 0.1, 0.0001, 0.7),
}


@pytest.mark.parametrize("drug", DRUGS.values(), ids=DRUGS)
def test_one_percent_in_any_number_of_a_drug_is_noticed(drug):
    *varies, bioavailability = VARIABILITY[drug.id]
    theirs = [bioavailability]
    for who, failing in ((MAN, False), (WOMAN, True), (NEAR, False)):
        cleared = oracle.crcl(who.age, who.sex == 1.0, who.weight, who.height, who.creatinine)
        kinetics = {
            "vancomycin": lambda w, c, _: oracle.vancomycin(w, c),
            "gentamicin": lambda w, c, _, who=who: oracle.gentamicin(w, c, ideal(who)),
            "digoxin": lambda w, c, f, who=who: oracle.digoxin(w, c, f, ideal(who)),
        }[drug.id](who.weight, cleared, failing)
        theirs += [*kinetics, *varies]
    np.testing.assert_allclose(numbers_of(drug), theirs, rtol=1e-12)
    unnoticed = [
        p.name
        for p in drug.parameters
        if np.allclose(
            numbers_of(replace(drug, parameters=drug.parameters.changed(p.name))),
            theirs,
            rtol=1e-9,
            atol=0,
        )
    ]
    assert unnoticed == []


def test_one_percent_in_any_number_of_the_clearance_is_noticed():
    heavy = replace(WOMAN, sex=0.0, weight=100)
    # just above and just below 1.2 times the ideal weight
    best = renal.ideal_weight(170, 0.0)
    near = [replace(MAN, height=170, weight=best * share) for share in (1.195, 1.205)]
    people = [MAN, WOMAN, heavy, *near]
    theirs = [
        oracle.crcl(who.age, who.sex == 1.0, who.weight, who.height, who.creatinine)
        for who in people
    ]
    got = [creatinine_clearance(who) for who in people]
    assert got == pytest.approx(theirs, rel=1e-12)
    unnoticed = [
        p.name
        for p in renal.PARAMETERS
        if [creatinine_clearance(who, renal.PARAMETERS.changed(p.name)) for who in people]
        == pytest.approx(theirs, rel=1e-9)
    ]
    assert unnoticed == []


DOSES = st.lists(
    st.builds(Dose, st.floats(0, 72), st.floats(50, 2000), st.sampled_from([0.0, 0.5, 1.0, 2.0])),
    min_size=1,
    max_size=6,
)
TIMES = np.linspace(0, 120, 97)


@settings(max_examples=40, deadline=None)
@given(DOSES, st.floats(0.5, 12), st.floats(5, 100))
def test_concentrations_are_those_of_the_second_implementation(doses, clearance, volume):
    got = concentration(TIMES, doses, clearance, volume)
    plain = [(dose.at, dose.amount, dose.duration) for dose in doses]
    theirs = [oracle.level(at, plain, clearance, volume) for at in TIMES]
    assert got == pytest.approx(theirs, rel=1e-9, abs=1e-9)


@settings(max_examples=40, deadline=None)
@given(DOSES, st.floats(0.5, 12), st.floats(5, 100), st.floats(0.1, 10))
def test_kinetics_are_linear_in_the_dose(doses, clearance, volume, factor):
    more = [replace(dose, amount=dose.amount * factor) for dose in doses]
    once = concentration(TIMES, doses, clearance, volume)
    assert concentration(TIMES, more, clearance, volume) == pytest.approx(once * factor)
    apart = sum(concentration(TIMES, [dose], clearance, volume) for dose in doses)
    assert apart == pytest.approx(once)


@settings(max_examples=25, deadline=None)
@given(
    st.floats(1, 10),
    st.floats(15, 60),
    st.sampled_from([6.0, 8.0, 12.0, 24.0]),
    st.sampled_from([0.0, 1.0]),
)
def test_many_doses_reach_the_closed_form(clearance, volume, interval, hours):
    regimen = Regimen(500, interval, hours)
    late = interval * np.ceil(20 * volume / clearance / interval)
    doses = regimen.doses(0, late + interval)
    at = steady_state(regimen, clearance, volume)
    times = np.array([late + hours, late + interval - 1e-9])
    assert concentration(times, doses, clearance, volume) == pytest.approx(
        [at.peak, at.trough], rel=1e-6
    )
    fine = np.linspace(late, late + interval, 4001)[:-1] + interval / 8000
    area = concentration(fine, doses, clearance, volume).mean() * 24
    assert area == pytest.approx(at.auc24, rel=1e-3)


def test_what_goes_in_comes_out():
    """Mass balance: clearance times the whole area is the dose."""
    fine = np.linspace(0, 400, 400_001)
    level = concentration(fine, [Dose(0, 1000, 1), Dose(10, 500)], 3.4, 49)
    assert np.trapezoid(level, fine) * 3.4 == pytest.approx(1500, rel=1e-4)


PRIOR = VANCOMYCIN.prior(MAN)
GIVEN = REGIMEN.doses(0, 48)


def plain(prior):
    return tuple(getattr(prior, name) for name in prior.__dataclass_fields__)


def test_without_levels_it_is_the_prior():
    alone = individualised(PRIOR, GIVEN, [])
    np.testing.assert_array_equal(alone.covariance, before_levels(PRIOR).covariance)
    assert (alone.clearance, alone.volume) == (PRIOR.clearance, PRIOR.volume)
    assert np.sqrt(np.diag(alone.covariance)) == pytest.approx([0.3, 0.25])


@pytest.mark.parametrize(
    "levels",
    [[(35.5, 22.0)], [(35.5, 22.0), (38.5, 41.0)], [(11.9, 4.0)], [(47.5, 30.0), (25.5, 40.0)]],
)
def test_the_mode_is_that_of_a_search_on_a_grid(levels):
    got = individualised(PRIOR, GIVEN, [Level(*one) for one in levels])
    doses = [(dose.at, dose.amount, dose.duration) for dose in GIVEN]
    theirs = oracle.posterior_mode(plain(PRIOR), doses, levels)
    assert (got.clearance, got.volume) == pytest.approx(theirs, rel=2e-4)


def test_many_precise_levels_are_what_counts():
    true_cl, true_v = 5.1, 38.0
    times = np.arange(2.0, 48.0, 1.0)
    values = concentration(times, GIVEN, true_cl, true_v)
    precise = replace(PRIOR, level_share=0.001, level_fixed=0.001)
    levels = [Level(float(t), float(v)) for t, v in zip(times, values, strict=True)]
    got = individualised(precise, GIVEN, levels)
    assert (got.clearance, got.volume) == pytest.approx((true_cl, true_v), rel=2e-3)
    assert np.sqrt(np.diag(got.covariance)).max() < 0.01
    assert not got.misfits and not got.is_unusual


def test_the_posterior_is_between_prior_and_data_and_surer_than_the_prior():
    low = individualised(PRIOR, GIVEN, [Level(35.5, 8.0)])
    high = individualised(PRIOR, GIVEN, [Level(35.5, 30.0)])
    assert low.clearance > PRIOR.clearance > high.clearance
    at_prior = concentration(np.array([35.5]), GIVEN, PRIOR.clearance, PRIOR.volume)[0]
    assert 8.0 < low.predicted[0] < at_prior < high.predicted[0] < 30.0
    for found in (low, high):
        assert (np.diag(found.covariance) < np.array([0.3, 0.25]) ** 2).all()
        assert np.linalg.eigvalsh(found.covariance).min() > 0


def test_the_covariance_is_the_curvature_of_the_objective():
    levels = [(35.5, 22.0), (38.5, 41.0)]
    got = individualised(PRIOR, GIVEN, [Level(*one) for one in levels])
    doses = [(dose.at, dose.amount, dose.duration) for dose in GIVEN]
    eta = np.log([got.clearance / PRIOR.clearance, got.volume / PRIOR.volume])
    step, gauss_newton = 1e-4, np.zeros((2, 2))
    jacobian = []
    for at, observed in levels:
        sigma = np.hypot(PRIOR.level_share * observed, PRIOR.level_fixed)
        row = []
        for axis in (0, 1):
            moved = [eta + sign * step * np.eye(2)[axis] for sign in (1, -1)]
            up, down = (
                oracle.level(at, doses, PRIOR.clearance * np.exp(e[0]), PRIOR.volume * np.exp(e[1]))
                for e in moved
            )
            row.append((up - down) / (2 * step) / sigma)
        jacobian.append(row)
    gauss_newton = np.array(jacobian).T @ np.array(jacobian) + np.diag([1 / 0.3**2, 1 / 0.25**2])
    assert got.covariance == pytest.approx(np.linalg.inv(gauss_newton), rel=1e-4)


def test_intervals_cover_people_drawn_from_the_prior():
    """Of people made up by the model itself, about 95 % have a clearance inside their interval."""
    rng, inside = np.random.default_rng(11), 0
    people = 150
    for _ in range(people):
        cl = PRIOR.clearance * np.exp(rng.normal(0, 0.3))
        v = PRIOR.volume * np.exp(rng.normal(0, 0.25))
        times = np.array([25.5, 35.5])
        true = concentration(times, GIVEN, cl, v)
        seen = true + rng.normal(size=2) * np.hypot(0.15 * true, 1.0)
        levels = [Level(float(t), max(float(s), 0.2)) for t, s in zip(times, seen, strict=True)]
        span = individualised(PRIOR, GIVEN, levels).clearance_span
        inside += span.low <= cl <= span.high
    assert 0.88 <= inside / people <= 0.99


def test_a_level_that_does_not_fit_is_named():
    got = individualised(PRIOR, GIVEN, [Level(35.5, 15.0), Level(36.0, 90.0), Level(40.0, 25.0)])
    assert 1 in got.misfits and 0 not in got.misfits
    wild = individualised(PRIOR, GIVEN, [Level(t, 120.0) for t in (30.0, 33.0, 35.5, 40.0, 47.0)])
    assert wild.is_unusual


def test_the_course_lies_in_its_band_and_is_the_same_every_time():
    got = individualised(PRIOR, GIVEN, [Level(35.5, 12.0)])
    once = course(got, GIVEN, TIMES)
    assert (once.low <= once.value).all() and (once.value <= once.high).all()
    again = course(got, GIVEN, TIMES)
    np.testing.assert_array_equal(once.low, again.low)
    wide = course(before_levels(PRIOR), GIVEN, TIMES)
    after = TIMES > 12
    assert ((wide.high - wide.low)[after] > (once.high - once.low)[after]).mean() > 0.9


def test_what_a_regimen_leads_to():
    got = expected(before_levels(PRIOR), REGIMEN)
    auc = 2000 / 3.4349333
    assert got.auc24.value == pytest.approx(auc)
    factor = np.exp(1.959964 * 0.3)
    assert (got.auc24.low, got.auc24.high) == pytest.approx((auc / factor, auc * factor), rel=1e-5)
    assert got.trough.low < got.trough.value < got.trough.high
    assert got.peak.value == pytest.approx(34.650, abs=6e-4)
    assert got.average.value == pytest.approx(auc / 24, rel=1e-5)
    kinetics = before_levels(PRIOR)
    spread = np.hypot(0.3, 0.25)
    assert kinetics.half_life_span.high / kinetics.half_life == pytest.approx(
        np.exp(1.959964 * spread)
    )
    assert kinetics.volume_span.high == pytest.approx(49 * np.exp(1.959964 * 0.25), rel=1e-5)


@pytest.mark.parametrize(
    "levels", [[], [Level(35.5, 12.0)], [Level(35.5, 22.0), Level(38.5, 41.0)]]
)
def test_how_probable_a_target_is(levels):
    kinetics = individualised(PRIOR, GIVEN, levels)
    value = expected(kinetics, REGIMEN).auc24.value
    found = chances(kinetics, value, 400, 600)
    # against counting in the draws of the same approximation
    drawn = 2000 / kinetics.draws(3, 100_000)[0]
    counted = ((drawn < 400).mean(), ((drawn >= 400) & (drawn <= 600)).mean(), (drawn > 600).mean())
    assert (found.below, found.inside, found.above) == pytest.approx(counted, abs=6e-3)
    assert found.below + found.inside + found.above == pytest.approx(1)


def test_a_value_in_the_middle_is_no_certainty():
    """The one of the review: 457 with 254 to 822 is inside 400 to 600 less often than not."""
    kinetics = replace(before_levels(PRIOR), covariance=np.diag([0.3**2, 0.25**2]))
    found = chances(kinetics, 457, 400, 600)
    assert (found.below, found.inside, found.above) == pytest.approx(
        (0.3286, 0.4898, 0.1820), abs=1e-3
    )


@pytest.mark.parametrize(
    ("changed", "concept"),
    [
        ({"age": 12}, "age"),
        ({"creatinine": 0.1}, "creatinine"),
        ({"creatinine": float("nan")}, "creatinine"),
        ({"height": 100}, "height"),
        ({"weight": 300}, "weight"),
        ({"weight": 127}, "bmi"),
        ({"weight": 110, "height": 165}, "bmi"),
        ({"weight": None}, "weight"),
    ],
)
def test_people_out_of_range_are_refused_by_name(changed, concept):
    with pytest.raises(RefusedError) as refused:
        replace(MAN, **changed)
    assert [r.concept for r in refused.value.refusals] == [concept]


def test_what_cannot_be_a_dose_or_a_level():
    with pytest.raises(RefusedError, match="Dose interval 200 h"):
        Regimen(500, 200)
    for wrong in (
        lambda: Regimen(500, 1, 2),
        lambda: Dose(0, 0),
        lambda: Dose(0, 10, -1),
        lambda: Dose(float("nan"), 10),
        lambda: Level(0, 0),
        lambda: individualised(PRIOR, GIVEN, [Level(-1, 10)]),
        lambda: individualised(PRIOR, [], [Level(1, 10)]),
    ):
        with pytest.raises(ValueError):
            wrong()


def test_every_drug_says_what_is_not_verified():
    for drug in DRUGS.values():
        assert drug.parameters.not_verified, drug.id
    with pytest.raises(KeyError):
        VANCOMYCIN.parameters.with_value("nothing", 1.0)
