"""A ranking as the clinician's page shows it: one row a candidate, every number with its rows."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.urls import reverse

from explain.wording.numbers import percent
from models_engine.catalogue.treatment.knowledge.loading import table_of
from models_engine.catalogue.treatment.knowledge.schema import (
    TABLES,
    Deprescribing,
    Outcome,
)
from models_engine.catalogue.treatment.person import Reference, Taken
from models_engine.catalogue.treatment.ranking.results import (
    Candidate,
    EventChange,
    Ranking,
    RelativeOnly,
    ValueChange,
)
from models_engine.catalogue.treatment.safety.deprescribing import Review
from models_engine.catalogue.treatment.safety.finding import Finding
from models_engine.catalogue.what_if.effects import effects
from models_engine.treatment_knowledge import treatment_knowledge
from twinportal.dashboards.clinician.trends import unit_text
from twinportal.treatment.doses import dose_words
from twinportal.treatment.forms import PREFERENCES
from twinportal.treatment.words import (
    KINDS,
    LEVELS,
    TIERS,
    difference_words,
    months_words,
    number_needed_words,
    shares_words,
)
from twinportal.what_if.presenters import OutcomeRow

RowId = tuple[str, str]
BARS = 100.0
# events of a line before its details are opened, and lines before the rest is
MOST_SHOWN, FIRST_LINES, MOST_RERUN = 2, 10, 12
MAIN_VALUES = ("hba1c", "systolic_bp", "ldl_cholesterol", "weight")
NOTHING = "0.0"


@dataclass(frozen=True)
class RowLink:
    """A row of knowledge behind a number: where to read it, and how sure we are."""

    table: str
    id: str
    evidence: str

    @property
    def href(self) -> str:
        if self.table in TABLES:
            return reverse("knowledge-row", args=[self.table, self.id])
        return f"{reverse('what-if-effects')}#{self.id}"

    @property
    def is_unverified(self) -> bool:
        return self.evidence == "M"


@dataclass(frozen=True)
class EventLine:
    """One event of one candidate in words."""

    change: EventChange

    @property
    def label(self) -> str:
        return self.change.label

    @property
    def horizon(self) -> str:
        return months_words(self.change.months)

    @property
    def shares(self) -> str:
        """Both probabilities; empty where only the difference is known."""
        if self.change.is_excess_only:
            return ""
        return shares_words(self.change.before, self.change.after)

    @property
    def difference(self) -> str:
        return difference_words(
            self.change.difference, self.change.difference_low, self.change.difference_high
        )

    @property
    def number_needed(self) -> str:
        return number_needed_words(
            self.change.difference, self.change.difference_low, self.change.difference_high
        )

    @property
    def is_better(self) -> bool:
        return self.change.difference < 0

    @property
    def whose(self) -> str:
        """Whose probability it starts from."""
        if self.change.baseline == "trial":
            return "people of the trial, not this patient"
        whose = f"this twin, {self.change.model}" if self.change.model else "this twin"
        return f"{whose}, a research model" if self.change.is_research else whose

    @property
    def own_interval(self) -> str:
        """The model's own interval of the probability before."""
        if self.change.model_low is None or self.change.model_high is None:
            return ""
        return f"{percent(self.change.model_low)} to {percent(self.change.model_high)}"

    @property
    def rows(self) -> list[RowLink]:
        return [link_to(row) for row in self.change.rows]


@dataclass(frozen=True)
class ValueLine:
    """One measured value of one candidate in words."""

    change: ValueChange

    @property
    def words(self) -> str:
        one = self.change
        unit = unit_text(one.unit)
        low, high = f"{one.low:.3g}", f"{one.high:.3g}"
        spread = f" ({low} to {high})" if low != high else ""
        return f"{one.before:.3g} to {one.after:.3g} {unit}{spread}"

    @property
    def short(self) -> str:
        """Only the change."""
        one = self.change
        unit = unit_text(one.unit)
        return f"{one.label} {signed(one.after - one.before)} {unit}"

    @property
    def rows(self) -> list[RowLink]:
        return [link_to(row) for row in self.change.rows]


@dataclass(frozen=True)
class FindingLine:
    """What a rule says, with the row behind it and what the record says."""

    found: Finding

    @property
    def level(self) -> str:
        return LEVELS[self.found.level]

    @property
    def row(self) -> RowLink | None:
        return link_to((self.found.table, self.found.row)) if self.found.row else None

    @property
    def references(self) -> tuple[Reference, ...]:
        return tuple(dict.fromkeys(self.found.references))


@dataclass(frozen=True)
class ReviewLine:
    """A medicine to look at again."""

    one: Review

    @property
    def medicine(self) -> Taken:
        return self.one.medicine

    @property
    def reasons(self) -> list[FindingLine]:
        return [FindingLine(reason.finding) for reason in self.one.reasons]

    @property
    def how(self) -> list[str]:
        """What stopping needs, each once."""
        return list(dict.fromkeys(reason.how for reason in self.one.reasons if reason.how))


@dataclass(frozen=True)
class Part:
    """A part of the net benefit, in thousandths."""

    label: str
    value: float

    @property
    def shown(self) -> str:
        return signed(self.value)


@dataclass(frozen=True)
class CandidateRow:
    """One candidate as a row of the table."""

    place: int
    one: Candidate
    top: float

    @property
    def kind(self) -> str:
        return KINDS[self.one.kind]

    @property
    def tier(self) -> str:
        return TIERS.get(self.one.tier, "")

    @property
    def dose(self) -> str:
        return dose_words(self.one)

    @property
    def benefits(self) -> list[EventLine]:
        return [EventLine(change) for change in self.one.benefits]

    @property
    def harms(self) -> list[EventLine]:
        return [EventLine(change) for change in self.one.harms]

    @property
    def values(self) -> list[ValueLine]:
        return [ValueLine(change) for change in self.one.values]

    @property
    def brings(self) -> list[EventLine]:
        """What a medicine of today does, compared with stopping it."""
        return [EventLine(change) for change in self.one.brings]

    @property
    def brings_values(self) -> list[ValueLine]:
        return [ValueLine(change) for change in self.one.brings_values]

    @property
    def withdrawal(self) -> list[Deprescribing]:
        """What stopping needs, each once."""
        return [row for row in self.one.withdrawal if row.how]

    @property
    def relative(self) -> tuple[RelativeOnly, ...]:
        return self.one.relative_only

    @property
    def main_benefits(self) -> list[EventLine]:
        """The two that weigh most of what gets better."""
        return self._weightiest(better=True)

    @property
    def main_harms(self) -> list[EventLine]:
        """The two that weigh most of what gets worse."""
        return self._weightiest(better=False)

    def _weightiest(self, *, better: bool) -> list[EventLine]:
        wanted = [
            c
            for c in (*self.one.benefits, *self.one.harms)
            if c.is_counted and c.difference and (c.difference < 0) == better
        ]
        wanted.sort(key=lambda c: -abs(self.one.points.get(c.outcome, 0.0)))
        return [EventLine(change) for change in wanted[:MOST_SHOWN]]

    @property
    def heavy(self) -> list[FindingLine]:
        """Findings that change what one would do."""
        return [line for line in self.findings if line.found.level in ("X", "ask", "D")]

    @property
    def light(self) -> list[FindingLine]:
        """The others."""
        return [line for line in self.findings if line.found.level in ("C", "told")]

    @property
    def findings(self) -> list[FindingLine]:
        return [FindingLine(found) for found in self.one.safety.findings]

    @property
    def gravest(self) -> list[FindingLine]:
        """Why it is excluded."""
        return [line for line in self.findings if line.found.level == self.one.safety.level]

    @property
    def net(self) -> str:
        return "not known" if self.one.is_score_unknown else signed(self.one.score)

    @property
    def net_range(self) -> str:
        if self.one.score_low == self.one.score_high:
            return ""
        return f"{signed(self.one.score_low)} to {signed(self.one.score_high)}"

    @property
    def is_partial(self) -> bool:
        """Something that it brings could not be counted."""
        return self.one.is_score_partial

    @property
    def counts_benefit(self) -> bool:
        return any(value > 0 for value in self.one.points.values())

    @property
    def reruns(self) -> list[OutcomeRow]:
        """What the twin's models say with the new values: told, and in no score."""
        return [
            OutcomeRow(compared.model, compared.model.outcome(found.outcome), found, ())
            for compared in self.one.comparisons
            if not compared.refusals
            for found in compared.outcomes
            if found.difference and compared.model.is_probability
        ][:MOST_RERUN]

    @property
    def first_share(self) -> str:
        share = self.one.first_share
        return f"{share:.0%}".replace("%", " %") if share else ""

    @property
    def parts(self) -> list[Part]:
        outcomes = treatment_knowledge().by_id(Outcome)
        return [
            Part(outcomes[key].label if key in outcomes else PREFERENCES.get(key, key), value)
            for key, value in self.one.points.items()
            if value
        ]

    @property
    def main_values(self) -> list[ValueLine]:
        """The measured values that one treats by."""
        return [
            line
            for line in self.values
            if line.change.concept in MAIN_VALUES
            and signed(line.change.after - line.change.before) != NOTHING
        ]

    @property
    def rows(self) -> list[RowLink]:
        """Every row of knowledge behind it, each once."""
        found: list[RowId] = []
        for event in (*self.one.benefits, *self.one.harms):
            found += event.rows
        for value in self.one.values:
            found += value.rows
        found += [row.row for row in self.one.relative_only]
        found += [(table_of(type(row)), row.id) for row in self.one.recommendations]
        found += [(f.table, f.row) for f in self.one.safety.findings if f.row]
        found += [("monitoring", row.id) for row in self.one.monitoring]
        if self.one.option:
            found.append(("options", self.one.option.id))
        return [link_to(row) for row in dict.fromkeys(found)]

    @property
    def unverified(self) -> int:
        return sum(row.is_unverified for row in self.rows)

    @property
    def bar(self) -> Mapping[str, float]:
        """The net benefit as a bar on an axis from -top to top: x and width of 100."""
        end = BARS / 2 * (1 + self.one.score / self.top) if self.top else BARS / 2
        low, high = sorted((BARS / 2, end))
        return {"x": low, "width": max(high - low, 0.5)}


class RankingPage:
    """The whole answer."""

    def __init__(self, ranking: Ranking) -> None:
        self.ranking = ranking
        top = max((abs(one.score) for one in ranking.candidates), default=0.0)
        self.rows = [CandidateRow(n, one, top) for n, one in enumerate(ranking.candidates, 1)]
        self.first, self.rest = self.rows[:FIRST_LINES], self.rows[FIRST_LINES:]
        self.excluded = [CandidateRow(0, one, top) for one in ranking.excluded]
        self.asked = [FindingLine(found) for found in ranking.asked]
        self.current = [FindingLine(found) for found in ranking.current]

    @property
    def summary(self) -> str:
        """For the live region: the first, and by how much."""
        if self.ranking.barred:
            return f"No ranking: {self.ranking.barred}"
        if not self.rows:
            return "No option can be given."
        first = self.rows[0]
        if first.one.safety.level == "ask":
            return f"Nothing can be put first: an input is missing. {len(self.excluded)} excluded."
        more = f", net {first.net}" if first.one.score else ""
        return f"First of {len(self.rows)}: {first.one.label}{more}. {len(self.excluded)} excluded."

    @property
    def keys(self) -> list[str]:
        return [row.one.key for row in self.rows]


def link_to(row: RowId) -> RowLink:
    """A row with its evidence tag; of the what-if's table of paths too."""
    table, key = row
    if table not in TABLES:
        path = next((one for one in effects().paths if one.id == key), None)
        return RowLink("what_if", key, path.evidence if path else "")
    known: Any = treatment_knowledge().tables[table].get(key)
    return RowLink(table, key, getattr(known, "evidence", ""))


def signed(value: float) -> str:
    """ "+1.2", "−0.4"; one decimal."""
    shown = f"{abs(value):.1f}"
    if float(shown) == 0:
        return NOTHING
    return f"{'+' if value > 0 else '−'}{shown}"
