"""Body weight of an adult under a planned change of energy intake and physical activity.

The dynamic energy balance of Hall et al. (2011). States: lean tissue L, glycogen G, extracellular
fluid ECF (all kg; 1 L of fluid weighs 1 kg) and adaptive thermogenesis AT (kcal/d); fat F follows
lean tissue along Forbes' curve.

    F        = F0 exp(rhoL (L - L0) / (rhoF C)),  C = 10.4 rhoL / rhoF
    dG/dt    = (CI - kG G^2) / rhoG,              kG = CI0 / G0^2
    dAT/dt   = (bAT dEI - AT) / tau
    dECF/dt  = (dNa - xiNa (ECF - ECF0) - xiCI (1 - CI/CI0)) / Na
    EE       = K + gF F + gL L + delta W + bTEF dEI + AT + etaL dL/dt + etaF dF/dt
    rhoL dL/dt = p (EI - EE - rhoG dG/dt),  rhoF dF/dt = (1 - p)(the same),  p = C / (C + F)

Not modelled, so no interval is given: the error of the estimated resting expenditure and body
composition, what is really eaten, and how the plan is kept. A change of activity changes delta by
the formula that sets it at the start [J].

References
----------
Hall KD, Sacks G, Chandramohan D, et al. Quantification of the effect of energy imbalance on
bodyweight. Lancet 2011;378:826-837.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.integrate import solve_ivp
from scipy.optimize import brentq

from models_engine.catalogue.contract import FEMALE, FloatArray, Refusal
from models_engine.catalogue.mechanistic import body_weight_numbers as numbers
from models_engine.catalogue.mechanistic.body_weight_numbers import PARAMETERS
from models_engine.catalogue.mechanistic.parameters import ParameterSet
from models_engine.catalogue.mechanistic.refusing import RefusedError, require

UNCERTAINTY = (
    "One path, without an interval. Not modelled: how far the estimated resting energy expenditure "
    "and body composition are off for this person, what is really eaten, illness, pregnancy and "
    "drugs that change weight, and whether the plan is kept."
)
# shares of today's lean tissue between which the final one is looked for
LEAN_SEARCHED = (0.3, 2.0)
DAYS_A_MONTH = 365.25 / 12
REACHED = 0.01  # kg
# kcal that a kg of weight is worth in the first guess of an intake [J]; the answer does not rest on it
FIRST_GUESS = 7700.0
MOST_STEPS = 12
# tolerance of the solver while an intake is looked for: far finer than REACHED, and faster
SEARCHED_TO = 1e-5
# kg/m2: a path below it is not drawn, nobody's body obeys these equations there [J]
LOWEST_BMI = 15.0


@dataclass(frozen=True)
class Person:
    """An adult as of today: kg, cm, completed years, sex 1.0 female and 0.0 male.

    `activity_level` is total over resting energy expenditure. Raises RefusedError out of range.
    """

    weight: float
    height: float
    age: float
    sex: float
    activity_level: float = 1.5

    def __post_init__(self) -> None:
        values = {name: getattr(self, name) for name in self.__dataclass_fields__}
        require(numbers.PERSON_INPUTS, values)
        require((numbers.BMI,), {"bmi": self.bmi})

    @property
    def bmi(self) -> float:
        """kg/m2."""
        return float(self.weight / (self.height / 100.0) ** 2)


@dataclass(frozen=True)
class Plan:
    """From today on: kcal a day more (or less) eaten, mg of sodium, and the new activity level.

    None keeps the activity as it is. Raises RefusedError out of range.
    """

    intake_change: float = 0.0
    activity_level: float | None = None
    sodium_change: float = 0.0

    def __post_init__(self) -> None:
        changes = {"intake_change": self.intake_change, "sodium_change": self.sodium_change}
        require((numbers.INTAKE_CHANGE, numbers.SODIUM_CHANGE), changes)
        if self.activity_level is not None:
            require((numbers.ACTIVITY,), {"activity_level": self.activity_level})


@dataclass(frozen=True, eq=False)
class WeightPath:
    """Arrays of shape (n,): days from today, and kg of weight, fat, lean tissue and fluid."""

    days: FloatArray
    weight: FloatArray
    fat: FloatArray
    lean: FloatArray
    fluid: FloatArray
    expenditure: FloatArray
    height: float

    @property
    def bmi(self) -> FloatArray:
        """kg/m2, shape (n,)."""
        return np.asarray(self.weight / (self.height / 100.0) ** 2)


@dataclass(frozen=True)
class EnergyBalance:
    """One person's balance at the start, in which the weight is constant."""

    person: Person
    parameters: ParameterSet = PARAMETERS

    @cached_property
    def _woman(self) -> bool:
        return self.person.sex == FEMALE

    @cached_property
    def resting_expenditure(self) -> float:
        """kcal/d (Mifflin-St Jeor)."""
        n, who = self.parameters, self.person
        total = (
            n["rmr_weight"] * who.weight
            + n["rmr_height"] * who.height / 100.0
            - n["rmr_age"] * who.age
        )
        return total + n["rmr_women" if self._woman else "rmr_men"]

    @cached_property
    def intake(self) -> float:
        """kcal/d that keep the weight."""
        return self.resting_expenditure * self.person.activity_level

    @cached_property
    def fluid(self) -> float:
        """Extracellular fluid, L."""
        n, metres = self.parameters, self.person.height / 100.0
        if self._woman:
            weighed = n["fluid_weight_women"] * self.person.weight
            return n["fluid_constant_women"] + n["fluid_height_women"] * metres + weighed
        weighed = n["fluid_weight_men"] * self.person.weight
        aged = n["fluid_age_men"] * self.person.age
        return n["fluid_constant_men"] + aged + n["fluid_height_men"] * metres + weighed

    @cached_property
    def fat(self) -> float:
        """kg, from age and body mass index."""
        n, who = self.parameters, self.person
        which = "women" if self._woman else "men"
        percent = (
            n["fat_age"] * who.age
            + n[f"fat_log_bmi_{which}"] * np.log(who.bmi)
            + n[f"fat_constant_{which}"]
        )
        return float(who.weight * percent / 100.0)

    @cached_property
    def _glycogen_weight(self) -> float:
        return 1.0 + self.parameters["water_per_glycogen"]

    @cached_property
    def lean(self) -> float:
        """kg, what is neither fat, nor extracellular fluid, nor glycogen with its water."""
        glycogen = self._glycogen_weight * self.parameters["glycogen_at_start"]
        return self.person.weight - self.fluid - self.fat - glycogen

    def activity_coefficient(self, activity_level: float) -> float:
        """delta, kcal/kg/d."""
        share = (1.0 - self.parameters["thermic_effect_of_feeding"]) * activity_level - 1.0
        return share * self.resting_expenditure / self.person.weight

    @cached_property
    def constant(self) -> float:
        """K, kcal/d: what closes the balance at the start."""
        n = self.parameters
        delta = self.activity_coefficient(self.person.activity_level)
        spent = n["expenditure_of_lean_tissue"] * self.lean + n["expenditure_of_fat"] * self.fat
        return self.intake - spent - delta * self.person.weight

    @cached_property
    def _forbes(self) -> float:
        n = self.parameters
        return n["forbes_constant"] * n["energy_of_lean_tissue"] / n["energy_of_fat"]

    def fat_at(self, lean: FloatArray | float) -> FloatArray:
        """kg of fat that go with so much lean tissue."""
        n = self.parameters
        exponent = n["energy_of_lean_tissue"] * (np.asarray(lean) - self.lean)
        return np.asarray(self.fat * np.exp(exponent / (n["energy_of_fat"] * self._forbes)))

    def weight_at(
        self, lean: FloatArray | float, glycogen: FloatArray | float, fluid: FloatArray | float
    ) -> FloatArray:
        """kg of the whole body."""
        return np.asarray(lean + self.fat_at(lean) + fluid + self._glycogen_weight * glycogen)

    def rates(self, state: FloatArray, plan: Plan) -> tuple[FloatArray, FloatArray]:
        """Rates of change of (lean, glycogen, fluid, thermogenesis) a day, and expenditure.

        `state` has shape (4,) or (4, n).
        """
        n = self.parameters
        lean, glycogen, fluid, thermogenesis = state
        eaten = self.intake + plan.intake_change
        # carbohydrates keep their share of what is eaten
        carbohydrates = n["carbohydrate_share"] * eaten
        at_start = n["carbohydrate_share"] * self.intake
        burnt = at_start * (glycogen / n["glycogen_at_start"]) ** 2
        d_glycogen = (carbohydrates - burnt) / n["energy_of_glycogen"]
        d_thermogenesis = (n["adaptive_thermogenesis"] * plan.intake_change - thermogenesis) / n[
            "adaptation_time"
        ]
        salt = n["sodium_of_fluid_change"] * (fluid - self.fluid)
        salt = salt + n["sodium_of_carbohydrate_change"] * (1.0 - carbohydrates / at_start)
        d_fluid = (plan.sodium_change - salt) / n["sodium_concentration"]
        fat = self.fat_at(lean)
        share = self._forbes / (self._forbes + fat)
        level = plan.activity_level or self.person.activity_level
        without_synthesis = (
            self.constant
            + n["expenditure_of_fat"] * fat
            + n["expenditure_of_lean_tissue"] * lean
            + self.activity_coefficient(level) * self.weight_at(lean, glycogen, fluid)
            + n["thermic_effect_of_feeding"] * plan.intake_change
            + thermogenesis
        )
        to_lean = share / n["energy_of_lean_tissue"]
        to_fat = (1.0 - share) / n["energy_of_fat"]
        synthesis = n["cost_of_lean_synthesis"] * to_lean + n["cost_of_fat_synthesis"] * to_fat
        left = eaten - n["energy_of_glycogen"] * d_glycogen
        # expenditure is on both sides: synthesis costs a part of what is left over
        expenditure = (without_synthesis + synthesis * left) / (1.0 + synthesis)
        d_lean = to_lean * (left - expenditure)
        return np.array([d_lean, d_glycogen, d_fluid, d_thermogenesis]), expenditure

    @property
    def start(self) -> FloatArray:
        """(lean, glycogen, fluid, thermogenesis) today."""
        return np.array([self.lean, self.parameters["glycogen_at_start"], self.fluid, 0.0])


def weight_path(
    person: Person,
    plan: Plan,
    days: FloatArray | int,
    *,
    parameters: ParameterSet = PARAMETERS,
    tolerance: float = 1e-9,
) -> WeightPath:
    """The path of weight on `days` (rising, from today on; an int means every day up to it).

    `tolerance` is the solver's, relative and absolute.

    Raises
    ------
    RefusedError
        a plan below 800 kcal a day, longer than five years, or to a body mass index below 15.
    """
    wanted = np.arange(days + 1.0) if isinstance(days, int) else np.asarray(days, dtype=float)
    last = float(wanted[-1])
    require((numbers.DAYS,), {"days": last})
    balance = _balance(person, plan, parameters)
    solved = solve_ivp(
        lambda _, state: balance.rates(state, plan)[0],
        (0.0, last),
        balance.start,
        method="LSODA",
        t_eval=wanted,
        rtol=tolerance,
        atol=tolerance,
    )
    if not solved.success:
        raise ArithmeticError(solved.message)
    lean, glycogen, fluid, _ = solved.y
    path = WeightPath(
        days=wanted,
        weight=balance.weight_at(lean, glycogen, fluid),
        fat=balance.fat_at(lean),
        lean=lean,
        fluid=fluid,
        expenditure=balance.rates(solved.y, plan)[1],
        height=person.height,
    )
    if float(path.bmi.min()) < LOWEST_BMI:
        month = wanted[np.argmax(path.bmi < LOWEST_BMI)] / DAYS_A_MONTH
        text = (
            f"Body mass index: this plan leads below {LOWEST_BMI:g} kg/m2 after {month:.0f} months, "
            "where the equations no longer hold."
        )
        raise RefusedError([Refusal("out_of_range", "bmi", text, "below")])
    return path


def final_weight(person: Person, plan: Plan, *, parameters: ParameterSet = PARAMETERS) -> float:
    """kg at which the weight settles when the plan is kept for good, years from now.

    Raises RefusedError as weight_path does, and when there is no such weight.
    """
    balance = _balance(person, plan, parameters)
    start = balance.start
    glycogen, fluid, thermogenesis = _settled(balance, plan)

    def imbalance(lean: float) -> float:
        return float(balance.rates(np.array([lean, glycogen, fluid, thermogenesis]), plan)[0][0])

    low, high = LEAN_SEARCHED[0] * start[0], LEAN_SEARCHED[1] * start[0]
    if not imbalance(low) > 0 > imbalance(high):
        text = "This plan leads to no weight at which the body would settle."
        raise RefusedError([Refusal("out_of_range", "intake_change", text)])
    lean = brentq(imbalance, low, high, xtol=1e-10)
    return float(balance.weight_at(lean, glycogen, fluid))


def intake_that_keeps(
    person: Person, goal: float, *, parameters: ParameterSet = PARAMETERS
) -> float:
    """kcal a day that keep the weight `goal` (kg) once it is reached, activity unchanged.

    Raises RefusedError when no change of intake that the twin may be asked leads there.
    """
    low, high = numbers.INTAKE_CHANGE.low or 0.0, numbers.INTAKE_CHANGE.high or 0.0
    at_start = EnergyBalance(person, parameters).intake
    low = max(low, (numbers.INTAKE.low or 0.0) - at_start)

    def distance(change: float) -> float:
        try:
            return final_weight(person, Plan(change), parameters=parameters) - goal
        except RefusedError:
            # a change after which the weight never settles is beyond any goal on its side
            return -goal if change < 0 else goal

    if distance(low) <= 0 <= distance(high):
        change = float(brentq(distance, low, high, xtol=1e-6))
        # where the weight stops settling there is a jump across the goal, and no root
        if abs(distance(change)) < REACHED:
            return at_start + change
    text = f"A weight of {goal:.4g} kg cannot be reached by a change of intake in its range."
    raise RefusedError([Refusal("out_of_range", "weight", text)])


def intake_to_reach(
    person: Person, goal: float, days: float, *, parameters: ParameterSet = PARAMETERS
) -> float:
    """Change of intake in kcal a day, kept from today on, by which the weight is `goal` on day `days`.

    Activity and sodium unchanged; to 0.01 kg. Raises RefusedError when no change of intake that the
    twin may be asked leads there by then.
    """
    low, high = numbers.INTAKE_CHANGE.low or 0.0, numbers.INTAKE_CHANGE.high or 0.0
    at_start = EnergyBalance(person, parameters).intake
    low = max(low, (numbers.INTAKE.low or 0.0) - at_start)
    high = min(high, (numbers.INTAKE.high or 0.0) - at_start)
    before, weight = 0.0, person.weight
    change = float(np.clip((goal - weight) * FIRST_GUESS / days, low, high))
    for _ in range(MOST_STEPS):
        if abs(weight - goal) < REACHED:
            return before
        if change == before:
            break
        path = weight_path(
            person,
            Plan(change),
            np.array([0.0, days]),
            parameters=parameters,
            tolerance=SEARCHED_TO,
        )
        reached = float(path.weight[-1])
        # the weight on a day is nearly a straight line in the intake: the secant needs few paths
        slope = (reached - weight) / (change - before)
        before, weight = change, reached
        change = float(np.clip(change + (goal - reached) / slope, low, high))
    text = (
        f"A weight of {goal:.4g} kg cannot be reached in {days / DAYS_A_MONTH:.0f} months by a change "
        f"of intake in its range (at least {numbers.INTAKE.low:g} kcal a day, at most "
        f"{numbers.INTAKE_CHANGE.high:g} kcal more or less)."
    )
    raise RefusedError([Refusal("out_of_range", "weight", text)])


def _settled(balance: EnergyBalance, plan: Plan) -> tuple[float, float, float]:
    """Glycogen, fluid and thermogenesis once the change of intake has worked through."""
    n = balance.parameters
    ratio = (balance.intake + plan.intake_change) / balance.intake
    glycogen = n["glycogen_at_start"] * float(np.sqrt(ratio))
    salt = plan.sodium_change - n["sodium_of_carbohydrate_change"] * (1.0 - ratio)
    fluid = balance.fluid + salt / n["sodium_of_fluid_change"]
    return glycogen, fluid, n["adaptive_thermogenesis"] * plan.intake_change


def _balance(person: Person, plan: Plan, parameters: ParameterSet) -> EnergyBalance:
    balance = EnergyBalance(person, parameters)
    require((numbers.INTAKE,), {"energy_intake": balance.intake + plan.intake_change})
    if balance.fat <= 0 or balance.lean <= 0:
        text = "The estimated body composition of this person is outside the range of this model."
        raise RefusedError([Refusal("out_of_range", "bmi", text)])
    return balance
