"""All ways to treat one indication of one person, with their numbers, in order. Pure."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace

from models_engine.catalogue.contract import FloatArray
from models_engine.catalogue.treatment.knowledge.loading import Knowledge
from models_engine.catalogue.treatment.knowledge.schema import (
    Deprescribing,
    Harm,
    Indication,
    Monitoring,
    Option,
    Outcome,
    Recommendation,
)
from models_engine.catalogue.treatment.person import Taken, TreatmentPerson
from models_engine.catalogue.treatment.ranking import order
from models_engine.catalogue.treatment.ranking.baselines import YEAR, Baselines, TwinNumber
from models_engine.catalogue.treatment.ranking.drugs import Drug, Pharmacy, holding, is_about
from models_engine.catalogue.treatment.ranking.harms import Harms
from models_engine.catalogue.treatment.ranking.numbers import (
    Numbers,
    Numerator,
    brought,
    brought_values,
    with_counted,
)
from models_engine.catalogue.treatment.ranking.relative import EventEffects
from models_engine.catalogue.treatment.ranking.results import (
    AGAINST,
    FIRST,
    NO_MEDICINE,
    NOTHING,
    RESERVE,
    UNSPOKEN,
    Candidate,
    Preferences,
    Ranking,
)
from models_engine.catalogue.treatment.ranking.tiers import next_step, tier_of
from models_engine.catalogue.treatment.ranking.values import Today
from models_engine.catalogue.treatment.ranking.ways import (
    Check,
    Current,
    Way,
    Ways,
    in_words,
    named,
)
from models_engine.catalogue.treatment.ranking.wording import (
    dose_of,
    evidence_of,
    labels,
    notes_on,
)
from models_engine.catalogue.treatment.safety.finding import Finding
from models_engine.catalogue.treatment.safety.words import missing_words
from models_engine.catalogue.what_if.compare import ModelComparison

Rerun = Callable[[Mapping[str, FloatArray]], tuple[ModelComparison, ...]]
NO_VALUES = (
    "Not in the score: what follows from measured values. Its unwanted effects are in it, so that the "
    "score alone misleads."
)
NOT_IN_SCORE = "Not in the score, as no probability of today is known: {outcomes}. Its unwanted effects are in it."
NO_DOSE_EFFECT = (
    "What this dose does that the dose of today does not is not known here: nothing of it is in the "
    "score."
)
WANTED_ELSEWHERE = (
    "{label} is recommended for {others} too; what that loses without it is not in the score."
)


@dataclass(frozen=True, eq=False)
class Subject:
    """Who is treated: for the rules, for the what-if, and the models' numbers by "model:outcome".

    `rerun` gives every model before and after, from values after; None leaves that out.
    """

    person: TreatmentPerson
    today: Today
    twin: Mapping[str, TwinNumber]
    rerun: Rerun | None = None


def rank(
    subject: Subject,
    indication: Indication,
    preferences: Preferences,
    knowledge: Knowledge,
    check: Check,
    *,
    why_indicated: str = "",
    asked: Iterable[str] = (),
    current_findings: Iterable[Finding] = (),
    is_indicated: bool = True,
    others: Iterable[Indication] = (),
) -> Ranking:
    """The ranking. `check` are the rules of safety; `current_findings` about what is taken.

    `asked`: concepts that the indication needs and that are not known. `is_indicated`: it is
    certain that the person has it. `others` are the person's other indications.
    """
    person = subject.person
    if person.barred:
        return Ranking(indication, person.as_of, barred=person.barred, preferences=preferences)
    if subject.today.person.barred:
        return _without_numbers(
            subject, indication, preferences, knowledge, check, current_findings
        )
    ranker = _Ranker(subject, indication, preferences, knowledge, check, tuple(others))
    return ranker.ranking(why_indicated, asked, current_findings, is_indicated=is_indicated)


def _without_numbers(
    subject: Subject,
    indication: Indication,
    preferences: Preferences,
    knowledge: Knowledge,
    check: Check,
    current_findings: Iterable[Finding],
) -> Ranking:
    """Where no effect was studied (pregnancy) nothing is ranked; what is taken is still checked."""
    ways = Ways(Pharmacy(knowledge), indication, subject.person, check)
    kept = [f for taken in ways.taken() for f in ways.current(taken).safety.findings]
    return Ranking(
        indication,
        subject.person.as_of,
        barred=subject.today.person.barred,
        current=_once([*current_findings, *kept]),
        unresolved=subject.person.unresolved,
        preferences=preferences,
    )


class _Ranker:
    def __init__(
        self,
        subject: Subject,
        indication: Indication,
        preferences: Preferences,
        knowledge: Knowledge,
        check: Check,
        others: tuple[Indication, ...] = (),
    ) -> None:
        self.others = others
        self.subject, self.indication, self.preferences = subject, indication, preferences
        self.person, self.knowledge = subject.person, knowledge
        self.outcomes = knowledge.by_id(Outcome)
        self.pharmacy = Pharmacy(knowledge)
        self.ways = Ways(self.pharmacy, indication, self.person, check)
        self.open: list[tuple[Recommendation, tuple[str, ...]]] = []
        own = [r for r in knowledge.rows(Recommendation) if r.indication == indication]
        self.recommendations = holding(
            own, self.person, lambda row, answer: self.open.append((row, answer.missing))
        )
        self.currents = self._currents()
        self.effects = EventEffects(self.pharmacy, indication, self.person)
        self.baselines = Baselines(knowledge, indication, self.person, subject.twin)
        self.numerator = Numerator(
            self.pharmacy,
            self.effects,
            self.baselines,
            subject.today,
            tuple(self.currents.values()),
        )
        self.open_harms: list[tuple[Harm, tuple[str, ...]]] = []
        self._reruns: dict[object, tuple[ModelComparison, ...]] = {}

    def _currents(self) -> dict[str, Current]:
        found = {}
        for name, taken in named(self.ways.taken()).items():
            current = self.ways.current(taken)
            said = self._said_of_kept(taken, current.drug)
            elsewhere = tuple(o for o in self.others if self._is_wanted(taken, current.drug, o))
            found[name] = replace(current, tier=tier_of(said), elsewhere=elsewhere)
        return found

    def _is_wanted(
        self, taken: Taken, drug: Drug, indication: Indication, without: Taken | None = None
    ) -> bool:
        """Whether a guideline has it first or second for another indication of the person."""
        said = self._said_of_kept(taken, drug, indication, without)
        tiers = {row.tier for row in said}
        return bool(tiers & {FIRST, UNSPOKEN}) and AGAINST not in tiers

    def _serves(self, option: Option, current: Current) -> bool:
        """Whether the other indications that want what is taken want an option as well."""
        drug = self.pharmacy.of_option(option)
        instead = replace(
            current.taken,
            label=option.label,
            ingredients=option.ingredients,
            classes=drug.classes,
            daily_mg=option.daily_mg,
        )
        return all(self._is_wanted(instead, drug, one, current.taken) for one in current.elsewhere)

    def _current_of(self, way: Way) -> Current | None:
        """What the way keeps or takes away."""
        return next((c for c in self.currents.values() if c.taken is way.medicine), None)

    def ranking(
        self,
        why_indicated: str,
        asked: Iterable[str],
        current_findings: Iterable[Finding],
        *,
        is_indicated: bool,
    ) -> Ranking:
        numbers = with_counted([self.numerator.of(way) for way in self._all_ways()])
        months = min((one.told.months for n in numbers for one in n.counted), default=YEAR)
        numbers = self._with_harms(numbers, months)
        scores = {n.way.key: self._score(n, months) for n in numbers}
        stops = {n.way.medicine: n for n in numbers if n.way.kind == "stop"}
        made = [
            self._candidate(n, scores[n.way.key], stops, is_indicated=is_indicated) for n in numbers
        ]
        draws = {key: one.draws for key, one in scores.items()}
        if made and not self.currents:
            # where it is not certain that anything is indicated, nothing is no worse a choice
            made.append(replace(NOTHING, tier=RESERVE if is_indicated else FIRST))
            draws[NO_MEDICINE] = order.Score({}).draws
        shares = order.first_shares(made, draws, self.preferences)
        made = [replace(one, first_share=shares[one.key]) for one in made]
        keeps = [
            f
            for one in made
            if one.kind == "keep"
            for f in one.safety.findings
            # what medicines do together is told once, of all of them
            if f.level != "told" and f.kind not in ("interaction", "duplicate", "unresolved")
        ]
        return Ranking(
            indication=self.indication,
            as_of=self.person.as_of,
            candidates=order.ordered(made, self.preferences),
            excluded=tuple(sorted((c for c in made if c.safety.is_excluded), key=lambda c: c.key)),
            asked=_once(f for one in made for f in one.safety.findings if f.level == "ask"),
            current=_once([*current_findings, *keeps]),
            unresolved=self.person.unresolved,
            why_indicated=why_indicated,
            notes=(
                *filter(None, [missing_words(asked, self.person)]),
                *notes_on(numbers, months, bool(self.ways.options)),
            ),
            preferences=self.preferences,
            months=months,
        )

    def _all_ways(self) -> list[Way]:
        found: list[Way] = []
        for number, current in enumerate(self.currents.values()):
            found += self.ways.of_current(current, number)
        for option in self.ways.options:
            found += self.ways.of_option(option, self.currents, self._serves)
        return found

    def _with_harms(self, numbers: list[Numbers], months: float) -> list[Numbers]:
        harms = Harms(self.pharmacy, self.person, self.baselines.of, months)
        self.open_harms = [(row, answer.missing) for row, answer in harms.untold]
        found = []
        for one in numbers:
            if one.way.kind == "keep":
                found.append(one)
                continue
            told = frozenset(c.told.outcome for c in (*one.events, *one.harms))
            more, only = harms.change(one.way.new, one.way.old, told)
            shown = told | {c.told.outcome for c in more}
            ratios = [r for r in one.relative_only if r.outcome not in shown]
            named = {r.outcome for r in ratios} | shown
            ratios += [r for r in only if r.outcome not in named]
            found.append(replace(one, harms=(*one.harms, *more), relative_only=tuple(ratios)))
        return found

    def _score(self, numbers: Numbers, months: float) -> order.Score:
        way = numbers.way
        today = self.subject.today.values
        differences = {c: after - today[c] for c, after in (numbers.after or {}).items()}
        old = self._option_of(way)
        keeps = way.kind == "keep"
        burden = order.Burden(
            None if keeps else (way.option if way.new else None),
            None if keeps else way.new,
            None if keeps else old,
            None if keeps else way.old,
        )
        return order.score(
            numbers.counted,
            [one for one in numbers.harms if one.told.is_counted],
            differences,
            burden,
            self.preferences,
            self.outcomes,
            months,
        )

    def _option_of(self, way: Way) -> Option | None:
        """What is taken away as an option; of another dose too, as it is a burden alike."""
        if way.medicine is None:
            return None
        current = self._current_of(way)
        alike = (
            option
            for option in self.pharmacy.options
            if set(option.ingredients) == set(way.medicine.ingredients)
        )
        return (current.option if current else None) or next(alike, None)

    def _candidate(
        self,
        numbers: Numbers,
        score: order.Score,
        stops: Mapping[Taken | None, Numbers],
        *,
        is_indicated: bool,
    ) -> Candidate:
        way = numbers.way
        about = way.about
        said = self._said_of(about)
        if way.medicine and (way.fitting or way.kind in ("keep", "stop")):
            said = self._said_of_kept(way.medicine, about)
        if way.kind == "stop":
            # that it is recommended is no recommendation to stop it
            said = tuple(row for row in said if row.tier == AGAINST)
        is_partial = bool(benefits := self._uncounted(numbers)) or numbers.lacks_values
        is_first = tier_of(said) == FIRST and way.kind not in ("keep", "stop")
        low, high = score.span
        points = score.points
        label, plain = labels(way)
        dose, dose_why = dose_of(way)
        stop = stops.get(way.medicine) if way.kind == "keep" else None
        unknown = [*numbers.unknown, *self._untold(about), *self._lost(way)]
        is_unknown = way.kind == "change_dose" and not (
            numbers.events or numbers.harms or numbers.after
        )
        if is_unknown:
            unknown.append(NO_DOSE_EFFECT)
        if benefits:
            unknown.append(NOT_IN_SCORE.format(outcomes=", ".join(benefits)))
        if numbers.lacks_values:
            unknown.append(NO_VALUES)
        if dose_why:
            unknown.append("The numbers are those of the usual dose.")
        return Candidate(
            key=way.key,
            kind=way.kind,
            label=label,
            plain_label=plain,
            option=way.option,
            medicine=way.medicine if way.kind in ("keep", "stop") else None,
            safety=way.safety,
            benefits=tuple(one.told for one in numbers.events),
            harms=tuple(one.told for one in numbers.harms),
            values=numbers.values,
            relative_only=numbers.relative_only,
            recommendations=said,
            tier=self._tier_of(way, said),
            monitoring=self._monitoring(way),
            dose=dose,
            dose_why=dose_why,
            score=sum(points.values()),
            score_low=min(low, sum(points.values())),
            score_high=max(high, sum(points.values())),
            points=points,
            unknown=tuple(dict.fromkeys(unknown)),
            evidence=evidence_of(numbers),
            is_score_partial=is_partial,
            is_score_unknown=is_unknown,
            is_benefit_uncounted=(
                is_partial
                and is_first
                and is_indicated
                and not any(one > 0 for one in points.values())
            ),
            is_today_wrong=self._is_today_wrong(way),
            is_wanted_elsewhere=bool(way.kind == "stop" and self._lost(way)),
            brings=brought((*stop.events, *stop.harms)) if stop else (),
            brings_values=brought_values(stop) if stop else (),
            replaces=way.medicine if way.kind in ("switch", "change_dose") else None,
            comparisons=self._comparisons(numbers),
            withdrawal=self._withdrawal(way),
        )

    def _uncounted(self, numbers: Numbers) -> list[str]:
        """Events of which only a ratio is known, so that the score lacks them."""
        return [
            one.label
            for one in numbers.relative_only
            if self.outcomes[one.outcome].kind == "event"
            and order.weight_of(one.outcome, self.preferences, self.outcomes)
        ]

    def _said_of(self, drug: Drug) -> tuple[Recommendation, ...]:
        return tuple(row for row in self.recommendations if is_about(drug, row.applies_to))

    def _said_of_kept(
        self,
        taken: Taken,
        drug: Drug,
        indication: Indication | None = None,
        without: Taken | None = None,
    ) -> tuple[Recommendation, ...]:
        """What is said of beginning a medicine that is taken: for the person without it.

        Rows on an option of another dose stand for it too; those on every option of its class
        stand for a medicine of the class that is no option [J].
        """
        indication = indication or self.indication
        gone = without or taken
        others = tuple(one for one in self.person.medicines if one is not gone)
        person = replace(self.person, medicines=others, treats=indication)
        same = self.pharmacy.standing_for(taken, indication)
        mates = () if same else self.pharmacy.mates_of(taken, indication)
        as_option = replace(drug, options=drug.options | same)
        rows = []
        for row in self.knowledge.rows(Recommendation):
            if row.indication != indication:
                continue
            named = {one.name for one in row.applies_to if one.kind == "option"}
            if is_about(as_option, row.applies_to) or any(group <= named for group in mates):
                rows.append(row)
        return tuple(holding(rows, person))

    def _lost(self, way: Way) -> list[str]:
        """What taking a medicine away loses and no score counts."""
        current = self._current_of(way)
        if current is None or way.kind not in ("stop", "switch") or not current.elsewhere:
            return []
        others = " and ".join(one.replace("_", " ") for one in current.elsewhere)
        return [WANTED_ELSEWHERE.format(label=current.taken.label, others=others)]

    def _untold(self, drug: Drug) -> list[str]:
        return [
            f"Whether a recommendation is for this person cannot be told without {in_words(missing)}."
            for row, missing in self.open
            if is_about(drug, row.applies_to)
        ] + [
            f"Whether an unwanted effect ({row.label}) is for this person cannot be told without "
            f"{in_words(missing)}: it is not counted."
            for row, missing in self.open_harms
            if is_about(drug, row.applies_to)
        ]

    def _tier_of(self, way: Way, said: Iterable[Recommendation]) -> int:
        if way.kind == "stop":
            return self._tier_of_stopping(way)
        return next_step(tier_of(said), self.indication, way.kind, self.person)

    def _is_today_wrong(self, way: Way) -> bool:
        current = self._current_of(way)
        return bool(current and current.safety.is_excluded) and way.kind != "keep"

    def _tier_of_stopping(self, way: Way) -> int:
        """No guideline row speaks of stopping: first where the medicine must not be given, or is
        advised against and nothing else asks for it [J].
        """
        current = self._current_of(way)
        if current is None:
            return RESERVE
        is_wrong = current.tier == AGAINST and not current.elsewhere
        return FIRST if current.safety.is_excluded or is_wrong else RESERVE

    def _monitoring(self, way: Way) -> tuple[Monitoring, ...]:
        rows = self.knowledge.rows(Monitoring)
        return tuple(row for row in rows if way.new and is_about(way.new, row.applies_to))

    def _withdrawal(self, way: Way) -> tuple[Deprescribing, ...]:
        if way.kind not in ("stop", "switch") or way.old is None:
            return ()
        rows = self.knowledge.rows(Deprescribing)
        return tuple(row for row in rows if row.how and is_about(way.old, row.applies_to))

    def _comparisons(self, numbers: Numbers) -> tuple[ModelComparison, ...]:
        if self.subject.rerun is None or not numbers.after:
            return ()
        # the same values after, whatever led to them
        key = tuple((concept, *drawn[:2]) for concept, drawn in numbers.after.items())
        if key not in self._reruns:
            self._reruns[key] = self.subject.rerun(numbers.after)
        return self._reruns[key]


def _once(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Each finding once, however many ways it stands at."""
    return tuple({(f.kind, f.level, f.table, f.row, f.message): f for f in findings}.values())
