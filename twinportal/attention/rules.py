"""The attention rules: why a patient stands where on the worklist. Pure; documented on a page.

Thresholds marked [S] were read in a source (docs/evidence.md), those marked [M] are commonly used and
not yet verified here; [J] are this project's own.
A change is looked at over at least 90 days, against the newest standing prediction of the same
model and outcome that is at least that old.
"""

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass

from twinportal.attention.cards import Card, Level

CVD_10Y = ("prevent", "cvd")
KIDNEY_2Y = ("kfre", "kidney_failure_2y")
KIDNEY_5Y = ("kfre", "kidney_failure_5y")
# the dangerous side of an input: a value beyond what the model was made for is no reason to rest
URGENT = {("systolic_bp", "above"), ("egfr", "below")}
EXTREMES = URGENT | {("total_cholesterol", "above"), ("bmi", "above")}


@dataclass(frozen=True)
class Situation:
    """One outcome of one patient: the probability now and, if there is one, the earlier one.

    `extremes` says in words which inputs lie beyond the model's range, on the dangerous side;
    `is_urgent` that one of them cannot wait.
    """

    family: str
    outcome: str
    probability: float | None
    earlier: float | None = None
    extremes: tuple[str, ...] = ()
    is_urgent: bool = False

    @property
    def change(self) -> float | None:
        """Probability now minus then, in 0..1; None without a pair."""
        if self.probability is None or self.earlier is None:
            return None
        return self.probability - self.earlier


@dataclass(frozen=True)
class Rule:
    """`fires` on a situation of its outcome; lower `priority` stands higher on the list.

    `source` names where the threshold is from. Raises ValueError when it makes no sound card.
    """

    id: str
    priority: int
    key: tuple[str, str]
    title: str
    text: str
    evidence: str
    fires: Callable[[Situation], bool]
    level: Level
    source: str

    def __post_init__(self) -> None:
        # a rule that makes no sound card is refused where it is written
        _ = self.card

    @property
    def card(self) -> Card:
        """What is told of it in one line."""
        return Card(self.title, self.level, self.source, self.id)


def extremes_of(refusals: Iterable[Mapping[str, str]]) -> tuple[str, ...]:
    """Messages of the stored refusals that are about a dangerously high or low input."""
    return tuple(r["message"] for r in refusals if _is_beyond(r, EXTREMES))


def cannot_wait(refusals: Iterable[Mapping[str, str]]) -> bool:
    """Whether one of them is a reason to come first."""
    return any(_is_beyond(r, URGENT) for r in refusals)


def _is_beyond(refusal: Mapping[str, str], sides: Collection[tuple[str, str]]) -> bool:
    where = refusal["concept"], refusal.get("side", "")
    return refusal["kind"] == "out_of_range" and where in sides


def _is_extreme(situation: Situation) -> bool:
    return situation.probability is None and bool(situation.extremes)


def _at_least(threshold: float) -> Callable[[Situation], bool]:
    return lambda s: s.probability is not None and s.probability >= threshold


def _rose_by(points: float, floor: float) -> Callable[[Situation], bool]:
    def fires(s: Situation) -> bool:
        rose = s.change is not None and s.change >= points
        return rose and s.probability is not None and s.probability >= floor

    return fires


def _fell_by(points: float) -> Callable[[Situation], bool]:
    return lambda s: s.change is not None and s.change <= -points


RULES: tuple[Rule, ...] = (
    Rule(
        "X1",
        0,
        CVD_10Y,
        "Blood pressure or kidney function beyond the range of the cardiovascular model",
        "No probability can be given, and that is no reason to come last: look at the value itself.",
        "J",
        lambda s: _is_extreme(s) and s.is_urgent,
        "critical",
        "Twinportal, from the published ranges of the PREVENT equations.",
    ),
    Rule(
        "K1",
        1,
        KIDNEY_2Y,
        "Kidney failure within 2 years: 10 % or more",
        "The level at which many guidelines bring in the multidisciplinary kidney team.",
        "M",
        _at_least(0.10),
        "warning",
        "KDIGO 2024, practice point 2.2.2, which was not read to its end.",
    ),
    Rule(
        "C1",
        2,
        CVD_10Y,
        "Cardiovascular disease within 10 years: 5 points up, and now 7.5 % or more",
        "A probability that rises this fast has a reason that may be treatable.",
        "J",
        _rose_by(0.05, 0.075),
        "warning",
        "Twinportal; the 7.5 % are those of rule C4.",
    ),
    Rule(
        "C2",
        3,
        CVD_10Y,
        "Cardiovascular disease within 10 years: 20 % or more",
        "Called high in a published study of this model.",
        "S",
        _at_least(0.20),
        "warning",
        "Published study of PREVENT, see docs/evidence.md.",
    ),
    Rule(
        "K2",
        4,
        KIDNEY_5Y,
        "Kidney failure within 5 years: 3 % or more",
        "The lower end of the range for a referral to nephrology (3 to 5 %) in KDIGO 2024.",
        "S",
        _at_least(0.03),
        "warning",
        "KDIGO 2024, practice point 2.2.1.",
    ),
    Rule(
        "C3",
        5,
        CVD_10Y,
        "Cardiovascular disease within 10 years: 2 points up, and now 7.5 % or more",
        "A slower rise, in the range where treatment is discussed.",
        "J",
        _rose_by(0.02, 0.075),
        "info",
        "Twinportal; the 7.5 % are those of rule C4.",
    ),
    Rule(
        "C4",
        6,
        CVD_10Y,
        "Cardiovascular disease within 10 years: 7.5 % or more",
        "From here the 2025 AHA/ACC guideline starts medicine in stage 1 hypertension.",
        "S",
        _at_least(0.075),
        "info",
        "AHA/ACC 2025 guideline on high blood pressure, in its points to know.",
    ),
    Rule(
        "X2",
        7,
        CVD_10Y,
        "Cholesterol or body mass index beyond the range of the cardiovascular model",
        "No probability can be given, and the value is a reason to act by itself.",
        "J",
        _is_extreme,
        "warning",
        "Twinportal, from the published ranges of the PREVENT equations.",
    ),
    Rule(
        "C5",
        8,
        CVD_10Y,
        "Cardiovascular disease within 10 years: 2 points down",
        "Good news that is worth telling.",
        "J",
        _fell_by(0.02),
        "info",
        "Twinportal.",
    ),
)
NO_RULE_PRIORITY = 90
NO_NUMBER_PRIORITY = 95


@dataclass(frozen=True)
class Verdict:
    """The first rule that fired, on which situation; none fired when `rule` is None.

    `firing` are the ids of all that fired, the first rule's first.
    """

    rule: Rule | None
    situation: Situation | None
    firing: tuple[str, ...] = ()

    @property
    def priority(self) -> int:
        if self.rule is not None:
            return self.rule.priority
        has_number = self.situation is not None and self.situation.probability is not None
        return NO_RULE_PRIORITY if has_number else NO_NUMBER_PRIORITY


def judge(situations: list[Situation]) -> Verdict:
    """The rule of lowest priority number that fires; else the first situation with a number."""
    by_key = {(s.family, s.outcome): s for s in situations}
    fired = [
        (rule, situation)
        for rule in RULES
        if (situation := by_key.get(rule.key)) is not None and rule.fires(situation)
    ]
    if fired:
        return Verdict(*fired[0], tuple(rule.id for rule, _ in fired))
    known = [s for s in situations if s.probability is not None]
    return Verdict(None, known[0] if known else None)


def rule_by_id(rule_id: str) -> Rule | None:
    """The rule of that id; None for "" or a rule that is no more."""
    return next((rule for rule in RULES if rule.id == rule_id), None)
