"""How probable an event is today: by a model of this twin, else as in the control group of a trial.

In atrial fibrillation, the yearly rate that belongs to the person's CHA2DS2-VASc (stroke, without
anticoagulation) and HAS-BLED (major bleeding).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from models_engine.catalogue.scores.cha2ds2_vasc import FRIBERG_2012
from models_engine.catalogue.scores.has_bled import PISTERS_2010
from models_engine.catalogue.treatment.knowledge.criteria import Known
from models_engine.catalogue.treatment.knowledge.loading import Knowledge
from models_engine.catalogue.treatment.knowledge.schema import Baseline, Indication, Outcome
from models_engine.catalogue.treatment.ranking.drugs import BEST_EVIDENCE, holding
from models_engine.catalogue.treatment.ranking.results import BaselineOf

YEAR = 12.0
PEOPLE_OF_A_TRIAL = "How often it came in people of the trial, not a probability of this patient."
STROKE_RATE = (
    "The yearly rate of people with this CHA2DS2-VASc in a Swedish cohort without anticoagulation "
    "(Friberg 2012), as other authors reprint it; not a probability of this patient."
)
BLEEDING_RATE = (
    "The yearly rate of people with this HAS-BLED (Pisters 2010), with and without anticoagulation "
    "together; taken as today's."
)
AT_LEAST = " The score is at least this: what the record does not tell counts no point."


@dataclass(frozen=True)
class TwinNumber:
    """What a model of this twin says now. `low` to `high` its own interval, where it has one."""

    probability: float
    months: float
    low: float | None = None
    high: float | None = None
    is_research: bool = False


@dataclass(frozen=True)
class Risk:
    """A probability over `months`. `is_untreated`: of people without any drug for it."""

    probability: float
    months: float
    of: BaselineOf
    model: str = ""
    rows: tuple[tuple[str, str], ...] = ()
    assumption: str = ""
    low: float | None = None
    high: float | None = None
    is_research: bool = False
    is_untreated: bool = False
    evidence: str = ""


class Baselines:
    """The probabilities of one person for one indication. `twin` by "model:outcome"."""

    def __init__(
        self,
        knowledge: Knowledge,
        indication: Indication,
        person: Known,
        twin: Mapping[str, TwinNumber],
    ) -> None:
        self.outcomes = knowledge.by_id(Outcome)
        self.indication = indication
        self.person = person
        self.twin = twin
        own = [row for row in knowledge.rows(Baseline) if row.indication == indication]
        self._rows: Sequence[Baseline] = holding(own, person)

    def of(self, event: str) -> Risk | None:
        """Today's probability of an outcome; None where there is none."""
        return self._by_score(event) or self._by_model(event) or self._by_trial(event)

    def _by_score(self, event: str) -> Risk | None:
        if self.indication != "atrial_fibrillation":
            return None
        if event == "stroke_af":
            return self._rate("cha2ds2_vasc", FRIBERG_2012, STROKE_RATE, is_untreated=True)
        if event == "major_bleeding":
            return self._rate("has_bled", PISTERS_2010, BLEEDING_RATE + AT_LEAST)
        return None

    def _rate(
        self, score: str, rates: Sequence[float], said: str, *, is_untreated: bool = False
    ) -> Risk | None:
        points = self.person.value(score)
        if points is None or not 0 <= points < len(rates):
            return None
        rate = rates[round(points)] / 100.0
        return Risk(
            rate,
            YEAR,
            "twin",
            f"{score}:{score}",
            assumption=said,
            is_untreated=is_untreated,
            evidence="S",
        )

    def _by_model(self, event: str) -> Risk | None:
        outcome = self.outcomes.get(event)
        for name in outcome.models if outcome else ():
            if found := self.twin.get(name):
                return Risk(
                    found.probability,
                    found.months,
                    "twin",
                    name,
                    low=found.low,
                    high=found.high,
                    is_research=found.is_research,
                )
        return None

    def _by_trial(self, event: str) -> Risk | None:
        rows = [row for row in self._rows if row.event == event]
        if not rows:
            return None
        # the row that asks for most is about people most like this one
        row = min(
            rows,
            key=lambda r: (-len(r.requires.words), BEST_EVIDENCE.index(r.evidence), r.id),
        )
        return Risk(
            row.per_1000 / 1000.0,
            row.months,
            "trial",
            rows=(("baselines", row.id),),
            assumption=PEOPLE_OF_A_TRIAL,
            evidence=row.evidence,
        )
