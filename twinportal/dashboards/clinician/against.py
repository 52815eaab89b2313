"""Why a number is what it is, compared with whom the reader asks: `?against=` of the page.

What was stored when the prediction was made is shown as stored, and beside it what is computed when
the page is asked for: other comparisons, and what inputs do together. Where the two disagree, or
nothing can be computed, the page says so instead.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any

from django.http import Http404
from django.utils import timezone

from explain.attribution.comparison import Comparison, Pair
from explain.attribution.stability import DRAWS, is_stable
from explain.figures.bars import Bars, bars
from explain.models import Attribution
from explain.wording.numbers import percent
from models_engine.models import Prediction
from twinportal import pipeline
from twinportal.comparisons import Effect, ModelGone, NotShown
from twinportal.dashboards.clinician.blocks import BASELINE_WORDS, PredictionView, doubts_of

SAMPLES = {
    "optimal": "Same age and sex, reference values",
    "peers": "Same age and sex, average values",
    "population": "Everybody of the sample",
}
PEERS_WORDS = "the same age and sex with the values of the sample's people"
A_YEAR = timedelta(days=365)
ABOUT = timedelta(days=100)
EARLIER_LISTED = 40
MAX_KEY = 2**63


@dataclass(frozen=True)
class Choice:
    """A comparison that can be asked for."""

    key: str
    title: str
    is_chosen: bool


@dataclass(frozen=True)
class Told:
    """What is shown of one comparison; `bars.html` reads it as it reads a stored baseline."""

    words: str
    start: str
    rows: Sequence[Mapping[str, Any]]
    bars: Bars
    doubts: list[str]
    source: str = ""
    stability: str = ""
    # of a comparison with an earlier number: its day
    since: str = ""
    unchanged: tuple[str, ...] = ()
    comparison: Comparison | None = None

    @property
    def notable(self) -> tuple[Pair, ...]:
        return self.comparison.notable if self.comparison else ()

    @property
    def other_pairs(self) -> float:
        """All pairs that are not named, summed."""
        pairs = self.comparison.pairs if self.comparison else ()
        return sum(p.together for p in pairs) - sum(p.together for p in self.notable)


class Why:
    """The reasons card of the prediction page. Raises Http404 on a comparison there is not."""

    def __init__(
        self, view: PredictionView, stored: Mapping[tuple[int, str], Attribution], asked: str
    ) -> None:
        self.view, self.row = view, view.row
        self.stored = {key: row for (pk, key), row in stored.items() if pk == view.row.pk}
        self.earlier = _earlier(view.row)
        self.asked = asked or "optimal"
        if self.asked not in SAMPLES and self._before is None:
            raise Http404
        self.told: Told | None = None
        self.not_shown = ""
        self._tell()

    @property
    def choices(self) -> list[Choice]:
        """The samples, then the number before this one and the one of about a year before."""
        found = [Choice(key, title, key == self.asked) for key, title in SAMPLES.items()]
        before, near = self._before, _year_before(self.row, self.earlier)
        for row in dict.fromkeys([*self.earlier[:1], *([near] if near else [])]):
            title = f"This patient on {day(row.as_of)}"
            title += ", about a year before" if row is near else ", the number before"
            found.append(Choice(str(row.pk), title, row is before))
        return found

    @property
    def others(self) -> list[Choice]:
        """Every other earlier number."""
        named = {choice.key for choice in self.choices}
        return [
            Choice(str(row.pk), day(row.as_of), row is self._before)
            for row in self.earlier
            if str(row.pk) not in named
        ]

    @property
    def no_earlier(self) -> bool:
        return not self.earlier

    @cached_property
    def effects(self) -> list[dict[str, Any]]:
        """What each missing or assumed input could change, widest first."""
        try:
            found = pipeline.effects_of_missing(self.row)
        except NotShown:
            return []
        found.sort(key=lambda effect: effect.low - effect.high)
        return [_effect(effect) for effect in found]

    @cached_property
    def _before(self) -> Prediction | None:
        listed = next((row for row in self.earlier if str(row.pk) == self.asked), None)
        if listed is not None or not _is_key(self.asked):
            return listed
        # older than the list goes back: the page that compares two days links to any
        older = Prediction.objects.select_related("run").filter(pk=int(self.asked)).first()
        return older if older is not None and is_earlier(self.row, older) else None

    def _tell(self) -> None:
        kept = self.stored.get(self.asked)
        try:
            if self._before is not None:
                found = pipeline.reasons_for_change(self.row, self._before)
                self.told = self._change(found, self._before)
            else:
                # the three names of SAMPLES are the names of the baselines
                found = pipeline.reasons_against(self.row, self.asked, kept)  # type: ignore[arg-type]
                self.told = self._against(found, kept)
        except ModelGone as error:
            self.not_shown = str(error)
            if kept is not None:
                self.told = _as_stored(kept)
        except NotShown as error:
            self.not_shown = str(error)

    def _against(self, found: Comparison, kept: Attribution | None) -> Told:
        rows = _rows(found, self.row.inputs)
        if kept is not None:
            rows = [{**row, "alone": found.alone[row["concept"]]} for row in kept.contributions]
        words = PEERS_WORDS if self.asked == "peers" else BASELINE_WORDS[self.asked]
        uncertain = None if self.asked == "optimal" else found.overlap
        return Told(
            words=words,
            start=percent(found.baseline_value),
            rows=rows,
            bars=bars(rows),
            doubts=doubts_of(uncertain, found.far, self.row.inputs),
            source=found.source,
            stability=_stability(uncertain),
            comparison=found,
        )

    def _change(self, found: Comparison, before: Prediction) -> Told:
        then = {row["concept"]: row for row in before.inputs}
        now = {row["concept"]: row for row in self.row.inputs}
        rows = _rows(found, self.row.inputs)
        changed = [
            _moved(row, then[row["concept"]])
            for row in rows
            if then[row["concept"]]["value"] != now[row["concept"]]["value"]
        ]
        moved = {row["concept"] for row in changed}
        return Told(
            words=f"this patient on {day(before.as_of)}",
            start=percent(found.baseline_value),
            rows=changed,
            bars=bars(changed),
            doubts=doubts_of(None, found.far, self.row.inputs),
            since=day(before.as_of),
            unchanged=tuple(row["label"] for row in self.row.inputs if row["concept"] not in moved),
            comparison=found,
        )


def is_earlier(row: Prediction, before: Prediction) -> bool:
    """Whether the page of `row` can be asked to compare it with `before`."""
    return (
        row.value is not None
        and before.value is not None
        and before.as_of < row.as_of
        and before.status != Prediction.Status.SUPERSEDED
        and (before.patient_id, before.model_id, before.outcome)
        == (row.patient_id, row.model_id, row.outcome)
    )


def day(moment: datetime) -> str:
    return f"{timezone.localtime(moment):%-d %b %Y}"


def _earlier(row: Prediction) -> list[Prediction]:
    """Earlier numbers of the same kind that were not withdrawn, newest first."""
    return list(
        Prediction.objects.filter(
            patient=row.patient_id,
            model_id=row.model_id,
            outcome=row.outcome,
            as_of__lt=row.as_of,
            value__isnull=False,
        )
        .exclude(status=Prediction.Status.SUPERSEDED)
        .select_related("run")
        .order_by("-as_of", "-pk")[:EARLIER_LISTED]
    )


def _is_key(asked: str) -> bool:
    return asked.isascii() and asked.isdecimal() and len(asked) < len(str(MAX_KEY))


def _year_before(row: Prediction, earlier: Sequence[Prediction]) -> Prediction | None:
    """The one nearest to a year before, if any is near."""

    def distance(one: Prediction) -> timedelta:
        return abs(row.as_of - A_YEAR - one.as_of)

    near = min(earlier, key=distance, default=None)
    return near if near is not None and distance(near) <= ABOUT else None


def _rows(found: Comparison, inputs: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """As stored contributions are: what each adds, with the value and the resources behind it."""
    given = {row["concept"]: row for row in inputs}
    return [
        {
            "concept": part.concept,
            "label": part.label,
            "group": part.group,
            "modifiable": part.modifiable,
            "contribution": part.contribution,
            "alone": found.alone[part.concept],
            "display": given[part.concept]["display"],
            "status": given[part.concept]["status"],
            "effective_at": given[part.concept]["effective_at"],
            "references": _references(given[part.concept]),
        }
        for part in found.contributions
    ]


def _references(given: Mapping[str, Any]) -> list[str]:
    return [row["reference"] for row in (given, *given["derived_from"]) if row["reference"]]


def _moved(row: dict[str, Any], then: Mapping[str, Any]) -> dict[str, Any]:
    was, is_now = (_shown(one) for one in (then, row))
    return {
        **row,
        "display": f"{was} then, {is_now} now",
        "then": was,
        "now": is_now,
        "earlier_at": then["effective_at"],
        "earlier_references": _references(then),
    }


def _shown(given: Mapping[str, Any]) -> str:
    """A value, or that there was none."""
    if given["status"] == "assumed_absent":
        return "none recorded"
    return given["display"] or "missing"


def _stability(overlap: float | None) -> str:
    if overlap is None:
        return "Compared with one fixed set of values: no sample is drawn that could change them."
    return (
        f"The sample was drawn anew {DRAWS} times: {100 * overlap:.0f} % of the three largest "
        f"reasons stay. {'Stable' if is_stable(overlap) else 'Not stable'}: the limit is 80 %."
    )


def _effect(effect: Effect) -> dict[str, Any]:
    assumed = effect.status == "assumed_absent"
    return {
        "label": effect.label,
        "status": "assumed absent" if assumed else "missing",
        "range": f"{percent(effect.low)} to {percent(effect.high)}",
        "tried": "absent or present" if assumed else "the values of the sample's people",
        "changes": effect.high > effect.low,
    }


def _as_stored(kept: Attribution) -> Told:
    """What was stored, without what would have to be computed anew."""
    overlap = None if kept.baseline == Attribution.Baseline.OPTIMAL else kept.overlap
    unknown = kept.overlap is None
    return Told(
        words=BASELINE_WORDS[kept.baseline],
        start=percent(kept.baseline_value),
        rows=kept.contributions,
        bars=bars(kept.contributions),
        doubts=doubts_of(overlap, kept.far, kept.contributions),
        stability="Not known: explained before it was measured."
        if unknown
        else _stability(overlap),
    )
