"""How the rules do on a panel: how often they fire, what people say of it, what became of it.

Definitions stand on the page, templates/clinician/worklist_metrics.html: change both together.
"""

from collections import Counter, defaultdict
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.db.models import Exists, OuterRef, Q, QuerySet

from models_engine.catalogue.display import KFRE, PREVENT_10Y
from models_engine.catalogue.outcome_event import OutcomeEvent
from models_engine.registry import model
from patients.models import Fact
from twinportal.attention.models import Acknowledgement, Flag
from twinportal.attention.rules import RULES, Rule
from twinportal.attention.selectors import Panel

Reason = Acknowledgement.Reason
Ended = Acknowledgement.Ended
_BY_ITSELF = {Ended.ROSE, Ended.NEW_REASON, Ended.NEW_RULE, Ended.FURTHER}
OVERRIDES = {Reason.KNOWN, Reason.NOT_RELEVANT, Reason.WRONG_DATA}
FOLLOWED = timedelta(days=365)
# a share of fewer says nothing
LEAST_KNOWN = 20
BUDGET_DAYS, BUDGET_PATIENTS = 30, 100
_DECLARED_BY = {"prevent": PREVENT_10Y[0], "kfre": KFRE[0]}
_USABLE = (Fact.Quality.USABLE, Fact.Quality.VERIFY)


@dataclass
class RuleMetrics:
    """Of one rule. Shares are in 0..1; None where there is nothing to divide by, or too few."""

    rule: Rule
    patients: int
    days: int
    alerts: int = 0
    open: int = 0
    acknowledged: int = 0
    by_reason: Counter[str] = field(default_factory=Counter)
    returned: int = 0
    known: int = 0
    events: int = 0

    @property
    def rate(self) -> float | None:
        """Alerts per 100 patients in 30 days."""
        if not self.patients:
            return None
        return self.alerts / self.patients * BUDGET_PATIENTS / self.days * BUDGET_DAYS

    @property
    def acknowledged_share(self) -> float | None:
        return self.acknowledged / self.alerts if self.alerts else None

    @property
    def answers(self) -> int:
        return sum(self.by_reason.values())

    @property
    def override_share(self) -> float | None:
        overridden = sum(self.by_reason[reason] for reason in OVERRIDES)
        return overridden / self.answers if self.answers else None

    @property
    def predictive_value(self) -> float | None:
        return self.events / self.known if self.known >= LEAST_KNOWN else None


def event_of(rule: Rule) -> OutcomeEvent | None:
    """Which recorded facts are the event that the rule warns of."""
    family, outcome = rule.key
    return model(_DECLARED_BY[family]).outcome(outcome).event


def rule_metrics(panel: Panel, *, days: int, now: datetime) -> list[RuleMetrics]:
    """Every rule, over the patients of `panel` and the last `days`. A fixed number of statements."""
    patients = panel.order_by().values("pk")
    count = panel.count()
    found = {rule.id: RuleMetrics(rule, count, days) for rule in RULES}
    flags = Flag.objects.filter(patient__in=patients, rule_id__in=found)
    recent = flags.filter(raised_at__gt=now - timedelta(days=days))
    given = Acknowledgement.objects.filter(flag__in=recent)
    stands = given.exclude(ended_because__in=[Ended.UNDONE, Ended.REPLACED])
    rows = recent.annotate(answered=Exists(stands.filter(flag=OuterRef("pk"))))
    for rule_id, ended_at, answered in rows.values_list("rule_id", "ended_at", "answered"):
        found[rule_id].alerts += 1
        found[rule_id].open += ended_at is None
        found[rule_id].acknowledged += answered
    for rule_id, reason, ended in stands.values_list("flag__rule_id", "reason", "ended_because"):
        found[rule_id].by_reason[reason] += 1
        found[rule_id].returned += ended in _BY_ITSELF
    by_event: defaultdict[OutcomeEvent, list[str]] = defaultdict(list)
    for rule in RULES:
        if (event := event_of(rule)) is not None:
            by_event[event].append(rule.id)
    for event, rule_ids in by_event.items():
        old = flags.filter(rule_id__in=rule_ids, raised_at__lte=now - FOLLOWED)
        for rule_id, happened in _followed(old, event.concepts):
            found[rule_id].known += 1
            found[rule_id].events += happened
    return list(found.values())


def _followed(flags: "QuerySet[Flag]", concepts: Collection[str]) -> list[tuple[str, bool]]:
    """Flags of which a year is known, with whether the event came in it.

    Known: the event is recorded in that year, or something is recorded after it. Who had the event
    before is not counted: a further record of an old disease is no event.
    """
    after = {"effective_at__gt": OuterRef("raised_at")}
    events = Fact.objects.filter(
        patient=OuterRef("patient"), concept__in=concepts, quality__in=_USABLE
    )
    within = events.filter(**after, effective_at__lte=OuterRef("raised_at") + FOLLOWED)
    before = events.filter(
        Q(effective_at__isnull=True) | Q(effective_at__lte=OuterRef("raised_at"))
    )
    later = Fact.objects.filter(
        patient=OuterRef("patient"), effective_at__gt=OuterRef("raised_at") + FOLLOWED
    )
    rows = flags.filter(~Exists(before)).annotate(happened=Exists(within), seen=Exists(later))
    return list(rows.filter(Q(happened=True) | Q(seen=True)).values_list("rule_id", "happened"))
