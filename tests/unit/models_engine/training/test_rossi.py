"""Published Cox regression of Rossi's recidivism data (lifelines): the library, then our own fit."""

import numpy as np
import pytest

NEEDS = "the dependency group `training` is not installed (make train installs it)"
pytest.importorskip("sksurv", reason=NEEDS)
pytest.importorskip("SurvSet", reason=NEEDS)

from sksurv.linear_model import CoxPHSurvivalAnalysis
from sksurv.util import Surv

from models_engine.training.cohorts import survset
from models_engine.training.cox import newton_cox
from models_engine.training.metrics import Outcomes, harrell_c

# fin, age, race, wexp, mar, paro, prio; Efron's ties
PUBLISHED = (-0.379422, -0.057438, 0.313900, -0.149796, -0.433704, -0.084871, 0.091497)
PUBLISHED_C = 0.6403


@pytest.fixture(scope="module")
def rossi():
    weeks = survset("Rossi")
    # a row for each spell: the longest says how it ended
    order = np.lexsort((weeks["time2"], weeks["pid"]))
    pid = weeks["pid"][order]
    last = order[np.r_[pid[1:] != pid[:-1], True]]
    people = {name: column[last] for name, column in weeks.items()}
    x = np.column_stack(
        [
            people["fac_fin"] == "yes",
            people["num_age"],
            people["fac_race"] == "black",
            people["fac_wexp"] == "yes",
            people["fac_mar"] == "married",
            people["fac_paro"] == "yes",
            people["fac_prio"],
        ]
    ).astype(float)
    return x, people["time2"].astype(float), people["event"].astype(bool)


def test_the_published_coefficients_and_discrimination(rossi):
    x, time, event = rossi
    assert (len(x), int(event.sum())) == (432, 114)
    fitted = CoxPHSurvivalAnalysis(ties="efron", tol=1e-12).fit(x, Surv.from_arrays(event, time))
    assert fitted.coef_ == pytest.approx(PUBLISHED, abs=5e-7)
    risk = x @ np.array(PUBLISHED)
    assert harrell_c(Outcomes(time, event), risk) == pytest.approx(PUBLISHED_C, abs=5e-5)


def test_ours_is_the_same_but_for_the_ties(rossi):
    x, time, event = rossi
    breslow = CoxPHSurvivalAnalysis(ties="breslow", tol=1e-12).fit(x, Surv.from_arrays(event, time))
    ours = newton_cox(x, time, event, ridge=0.0).coefficients
    assert ours == pytest.approx(breslow.coef_, abs=1e-7)
    assert ours == pytest.approx(PUBLISHED, abs=5e-3)
