"""What one model's held-out predictions are worth: calibration, subgroups, net benefit.

Everybody is predicted by the fit of the folds that they are not in. Shares with the event are
those of Kaplan and Meier by the horizon, with Greenwood's interval on the scale of ln(-ln), or of
a yes/no outcome plain shares, whose interval allows for several rows of one person. Intervals of
a C statistic and of a net benefit are 2.5th and 97.5th percentiles over bootstrap draws of persons,
the predictions held fixed. All are 95 % intervals.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import binomtest
from sklearn.metrics import roc_auc_score
from sksurv.nonparametric import kaplan_meier_estimator

from models_engine.catalogue.contract import FloatArray
from models_engine.catalogue.trained.additive import Additive
from models_engine.training.cohorts import Cohort
from models_engine.training.intervals import MOST_GROUPS, PEOPLE_A_GROUP, Recipe
from models_engine.training.metrics import Outcomes, harrell_c, observed_risk
from models_engine.training.recipes import Plan
from models_engine.training.splits import bootstrap, folds

AGE_BANDS = ((0, 50), (50, 65), (65, 75), (75, 120))
# fewer tell nothing of discrimination
FEWEST_EVENTS = 10
DRAWS = 200
SEED = 20261121
Z = 1.959964
DIGITS = 4

Row = dict[str, Any]


@dataclass(frozen=True, eq=False)
class Predicted:
    """People with the held-out probability (n,) of one outcome; `horizon` None is yes or no."""

    cohort: Cohort
    risk: FloatArray
    horizon: float | None

    def rows(self, chosen: NDArray[Any]) -> "Predicted":
        return Predicted(self.cohort.rows(chosen), self.risk[chosen], self.horizon)

    @property
    def events(self) -> int:
        """How many had the event by the horizon."""
        return int(self._within().event.sum())

    def _within(self) -> Outcomes:
        if self.horizon is None:
            return Outcomes(self.cohort.time, self.cohort.event)
        return Outcomes(self.cohort.time, self.cohort.event).until(self.horizon)

    def share(self) -> float:
        """The share with the event by the horizon."""
        if self.horizon is None:
            return float(self.cohort.event.mean())
        times, alive = kaplan_meier_estimator(self.cohort.event, self.cohort.time)
        reached = alive[times <= self.horizon]
        return 1 - float(reached[-1]) if len(reached) else 0.0

    def share_interval(self) -> tuple[float, float]:
        """Its 95 % interval."""
        share, size = self.share(), self.cohort.size
        if not 0 < share < 1:
            # where nobody or everybody had the event, the others give none
            found = binomtest(round(share * size), size).proportion_ci(0.95, "wilson")
            return float(found.low), float(found.high)
        if self.horizon is None:
            error = self._clustered_error() / (share * (1 - share))
            logit = np.log(share / (1 - share)) + Z * error * np.array([-1, 1])
            low, high = 1 / (1 + np.exp(-logit))
        else:
            _, error = observed_risk(Outcomes(self.cohort.time, self.cohort.event), self.horizon)
            hazard = -np.log1p(-share) * np.exp(Z * error * np.array([-1, 1]))
            low, high = -np.expm1(-hazard)
        return float(low), float(high)

    def _clustered_error(self) -> float:
        """Standard error of the share, the rows of one person counted together."""
        _, person = np.unique(self.cohort.groups, return_inverse=True)
        off = np.bincount(person, weights=self.cohort.event - self.cohort.event.mean())
        return float(np.sqrt(np.sum(off**2)) / self.cohort.size)

    def c(self) -> float:
        """Harrell's C up to the horizon, or the area under the ROC curve."""
        if self.horizon is None:
            return float(roc_auc_score(self.cohort.event, self.risk))
        return harrell_c(self._within(), self.risk)

    def spread(
        self, measure: "Callable[[Predicted], float]", draws: int = DRAWS
    ) -> tuple[float, float]:
        """2.5th and 97.5th percentile of a measure over bootstrap draws of persons."""
        rng = np.random.default_rng(SEED)
        found = [measure(self.rows(bootstrap(self.cohort.groups, rng))) for _ in range(draws)]
        low, high = np.percentile(found, (2.5, 97.5))
        return float(low), float(high)


def predictions(recipe: Recipe, cohort: Cohort) -> FloatArray:
    """Held-out probabilities (n, o) of the folds of seed 0."""
    risks = np.zeros((cohort.size, recipe.outcomes))
    for train, test in folds(cohort.groups):
        coefficients, baseline = recipe.fit(cohort.rows(train))
        fitted = Additive(
            recipe.kind,
            recipe.terms,
            coefficients,
            baseline,
            np.zeros((recipe.outcomes, 0, 0)),
            np.zeros(recipe.outcomes),
        )
        risks[test] = fitted.predict(cohort.rows(test).columns)
    return risks


def tables(plan: Plan, cohort: Cohort, draws: int = DRAWS) -> dict[str, dict[str, list[Row]]]:
    """By outcome: `calibration`, `subgroups` and `net_benefit`."""
    risks = predictions(plan.recipe, cohort.only(plan.concepts))
    cohort = cohort.only(("age", "sex"))
    horizons: Sequence[float | None] = plan.recipe.horizons or (None,)
    found = {}
    for at, (outcome, horizon) in enumerate(zip(plan.outcomes, horizons, strict=True)):
        predicted = Predicted(cohort, risks[:, at], horizon)
        found[outcome] = {
            "calibration": calibration(predicted),
            "subgroups": subgroups(predicted, draws),
            "net_benefit": net_benefit(predicted, plan.thresholds[outcome], draws),
        }
    return found


def calibration(predicted: Predicted) -> list[Row]:
    """Bands of about equally many people by predicted probability, the lowest first."""
    size = predicted.cohort.size
    count = int(np.clip(size // PEOPLE_A_GROUP, 2, MOST_GROUPS))
    order = np.argsort(predicted.risk, kind="stable")
    rows = []
    for who in np.array_split(order, count):
        band = predicted.rows(who)
        low, high = band.share_interval()
        rows.append(
            _rounded(
                people=band.cohort.size,
                predicted=float(band.risk.mean()),
                observed=band.share(),
                low=low,
                high=high,
            )
        )
    return rows


def subgroups(predicted: Predicted, draws: int = DRAWS) -> list[Row]:
    """C statistic and observed over expected by sex and age band."""
    rows = []
    for group, level, who in _groups(predicted.cohort.columns):
        if not who.any():
            continue
        part = predicted.rows(who)
        about = {
            "group": group,
            "level": level,
            "people": part.cohort.size,
            "events": part.events,
        }
        if FEWEST_EVENTS <= part.events < part.cohort.size:
            low, high = part.spread(Predicted.c, draws)
            rows.append(
                _rounded(**about, measure="C statistic", value=part.c(), low=low, high=high)
            )
        expected = float(part.risk.mean())
        low, high = (end / expected for end in part.share_interval())
        value = part.share() / expected
        rows.append(
            _rounded(**about, measure="Observed over expected", value=value, low=low, high=high)
        )
    return rows


def _groups(columns: Mapping[str, FloatArray]) -> Iterator[tuple[str, str, NDArray[np.bool_]]]:
    sex, age = columns["sex"], columns["age"]
    yield "Sex", "female", sex == 1
    yield "Sex", "male", sex == 0
    for low, high in AGE_BANDS:
        level = f"under {high}" if low == 0 else f"{low} to {high - 1}"
        if high == AGE_BANDS[-1][1]:
            level = f"{low} and older"
        yield "Age", level, (age >= low) & (age < high)


def net_benefit(predicted: Predicted, thresholds: Sequence[float], draws: int = DRAWS) -> list[Row]:
    """Decision curve: true less weighted false positives a person, against treating everybody.

    Treating nobody has a net benefit of 0. `share` is the share of people at or above the threshold.
    """
    rows = []
    for threshold in thresholds:

        def of(some: Predicted, threshold: float = threshold) -> float:
            return benefit(some, threshold)

        low, high = predicted.spread(of, draws)
        odds = threshold / (1 - threshold)
        share = predicted.share()
        rows.append(
            _rounded(
                threshold=threshold,
                share=float((predicted.risk >= threshold).mean()),
                value=of(predicted),
                low=low,
                high=high,
                treat_all=share - (1 - share) * odds,
            )
        )
    return rows


def benefit(predicted: Predicted, threshold: float) -> float:
    """Net benefit of acting from `threshold` on (Vickers and Elkin); 0 when nobody reaches it."""
    chosen = predicted.risk >= threshold
    if not chosen.any():
        return 0.0
    share, events = float(chosen.mean()), predicted.rows(chosen).share()
    return share * (events - (1 - events) * threshold / (1 - threshold))


def _rounded(**row: Any) -> Row:
    """Rounded, with the value still inside its interval."""
    value = row.get("value", row.get("observed"))
    row["low"], row["high"] = min(row["low"], value), max(row["high"], value)
    return {k: round(v, DIGITS) if isinstance(v, float) else v for k, v in row.items()}
