"""What is trained: cohort, terms, horizons, and what each model is compared with."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from models_engine.catalogue.trained.additive import COX, LOGISTIC, Term
from models_engine.training import cohorts, learners
from models_engine.training.cohorts import Cohort
from models_engine.training.intervals import Recipe


@dataclass(frozen=True)
class Plan:
    """One model to be trained. `load` takes the folder of the data archives."""

    name: str
    version: str
    load: Callable[[Path], Cohort]
    recipe: Recipe
    units: Mapping[str, str]
    # horizon in years at which learners are compared
    compared_at: float | None
    draws: int
    fold_draws: int
    repeats: int
    # probabilities from which somebody might act, by outcome: where net benefit is measured
    thresholds: Mapping[str, tuple[float, ...]]
    external: Callable[[Path], Cohort] | None = None
    binary: tuple[str, ...] = ()
    # instead of the 1st to 99th percentile
    ranges: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    # rounding of follow-up times for the forest of a large cohort, in years
    coarse: float = 0.0
    # boosting and the forest are fitted to at most so many people a fold; 0 is everybody
    most: int = 0

    @property
    def concepts(self) -> tuple[str, ...]:
        """The inputs, each once."""
        return tuple(dict.fromkeys(term.concept for term in self.recipe.terms))

    @property
    def outcomes(self) -> tuple[str, ...]:
        """How the artefact names what is predicted: by horizon, or the event."""
        return tuple(str(horizon) for horizon in self.recipe.horizons) or ("event",)


def survival_learners(
    plan: Plan,
) -> dict[str, tuple[learners.SurvivalLearner, tuple[str, ...]]]:
    """Ours on its own inputs, the three baselines on every honest column."""
    boosting: learners.SurvivalLearner = learners.boosting
    forest: learners.SurvivalLearner = partial(learners.forest, coarse=plan.coarse)
    some = ""
    if plan.most:
        boosting, forest = (learners.on_some(one, plan.most) for one in (boosting, forest))
        some = f", {plan.most:,} people a fold"
    return {
        "this model": (partial(learners.fit_cox, plan.recipe.terms), plan.concepts),
        "ridge Cox, all columns": (learners.ridge_cox, ()),
        f"gradient boosting, all columns{some}": (boosting, ()),
        f"random survival forest, all columns{some}": (forest, ()),
    }


def yes_no_learners(plan: Plan) -> dict[str, tuple[learners.YesNoLearner, tuple[str, ...]]]:
    """The same for a yes/no outcome."""
    return {
        "this model": (partial(learners.fit_logistic, plan.recipe.terms), plan.concepts),
        "gradient boosting, the same inputs": (learners.boosting_yes_no, plan.concepts),
        "logistic regression, all columns": (learners.plain_logistic, ()),
        "gradient boosting, all columns": (learners.boosting_yes_no, ()),
        "random forest, all columns": (learners.forest_yes_no, ()),
    }


POST_INFARCTION = Plan(
    name="post_infarction_mortality",
    version="whas500.1",
    load=lambda folder: cohorts.whas500(),
    recipe=Recipe(
        COX, (Term("age", 70, 10), Term("sex"), Term("heart_failure")), horizons=(1.0, 3.0)
    ),
    units={"age": "a", "sex": "", "heart_failure": ""},
    compared_at=3.0,
    draws=400,
    fold_draws=100,
    repeats=5,
    thresholds={"1.0": (0.05, 0.10, 0.20, 0.30), "3.0": (0.10, 0.20, 0.30, 0.40)},
    external=lambda folder: cohorts.trace(),
    binary=("sex", "heart_failure"),
)
GENERAL_MORTALITY = Plan(
    name="general_mortality",
    version="nhanes1.1",
    load=cohorts.nhanes1,
    recipe=Recipe(
        COX,
        (
            Term("age", 50, 10, knots=(-2.0, 0.0, 2.0)),
            Term("sex"),
            Term("systolic_bp", 130, 20),
            Term("bmi", 25, 5, knots=(-1.2, 0.0, 2.0)),
            Term("total_cholesterol", 5.5, 1, knots=(-1.5, 0.0, 2.0)),
            Term("albumin", 4.4, 0.3),
        ),
        horizons=(10.0,),
    ),
    units={
        "age": "a",
        "sex": "",
        "systolic_bp": "mm[Hg]",
        "bmi": "kg/m2",
        "total_cholesterol": "mmol/L",
        "albumin": "g/dL",
    },
    compared_at=10.0,
    draws=400,
    fold_draws=100,
    repeats=2,
    thresholds={"10.0": (0.05, 0.10, 0.20, 0.30)},
    binary=("sex",),
    coarse=0.5,
    most=3000,
)
READMISSION = Plan(
    name="readmission_30d",
    version="diabetes130.2",
    load=cohorts.readmission,
    recipe=Recipe(
        LOGISTIC,
        (
            Term("age", 65, 10, knots=(-3.0, -1.0, 0.5, 2.0)),
            Term("sex"),
            # both tell less of an old person
            Term("previous_admissions", log1p=True),
            Term("previous_admissions", log1p=True, times="age"),
            Term("age", 65, 10, times="to_care_facility"),
            Term("emergency_visits_12_months", log1p=True),
            Term("length_of_stay", 1.5, 1, log1p=True),
            Term("to_care_facility"),
            Term("insulin_in_stay"),
            Term("glucose_lowering_in_stay"),
        ),
    ),
    units={
        "age": "a",
        "sex": "",
        "previous_admissions": "{admissions}",
        "emergency_visits_12_months": "{visits}",
        "length_of_stay": "d",
        "to_care_facility": "",
        "insulin_in_stay": "",
        "glucose_lowering_in_stay": "",
    },
    compared_at=None,
    draws=100,
    fold_draws=20,
    repeats=1,
    thresholds={"event": (0.05, 0.08, 0.10, 0.12, 0.15, 0.20)},
    binary=("sex", "to_care_facility", "insulin_in_stay", "glucose_lowering_in_stay"),
    # stays of 1 to 14 days were collected; ages are known as decades, so that 25 stands for 20 to 29
    ranges={"length_of_stay": (1.0, 14.0), "age": (20.0, 99.0)},
)
PLANS = (POST_INFARCTION, GENERAL_MORTALITY, READMISSION)
