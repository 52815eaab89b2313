"""Predictions against what then happened: one outcome of one model version, as JSON values."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict
from datetime import datetime
from typing import Any

import numpy as np

from models_engine.catalogue.contract import Outcome
from models_engine.catalogue.outcome_event import OutcomeEvent
from models_engine.monitoring import calibration
from models_engine.monitoring.courses import Courses, Made
from models_engine.monitoring.follow_up import Followed, follow

# events below which a ratio is not told by itself, and people below which nothing is: [J]
LEAST_EVENTS = 5
# of the time that predictions speak of, the share that must be over before they are judged: [J]
LEAST_FOLLOWED = 0.5
# observed : expected that nobody need look at: [J]
FINE = (0.8, 1.25)


class _Group:
    """People who are judged together, each once."""

    def __init__(self) -> None:
        self.people: set[int] = set()
        self.made: list[tuple[float, Followed]] = []
        self.excluded: Counter[str] = Counter()

    def add(self, made: Made, found: Followed | str) -> None:
        if made.patient_id in self.people:
            return
        self.people.add(made.patient_id)
        if isinstance(found, Followed):
            self.made.append((made.probability, found))
        else:
            self.excluded[found] += 1

    def judged(self) -> dict[str, Any]:
        """Counts, sums and what follows from them."""
        p = np.array([probability for probability, _ in self.made], dtype=np.float64)
        share = np.minimum([f.share for _, f in self.made], 1.0)
        to_now = np.minimum([f.share_to_now for _, f in self.made], 1.0)
        event = np.array([f.event for _, f in self.made], dtype=bool)
        found: dict[str, Any] = {
            "people": len(self.made),
            "before": self.excluded["before"],
            "undated": self.excluded["undated"],
            "events": int(event.sum()),
            "without_onset": sum(f.without_onset for _, f in self.made),
            "complete": int(((share >= 1) | event).sum()),
            "followed": float(np.where(event, 1.0, share).mean()) if len(p) else 0.0,
            "predicted": float(p.mean()) if len(p) else 0.0,
        }
        for name, shares in (("ratio", share), ("ratio_to_now", to_now)):
            ratio = _ratio(p, shares, event)
            found[name] = asdict(ratio) if ratio else None
        found["status"] = _status(found)
        if found["events"] >= calibration.SLOPE_EVENTS:
            slope = calibration.calibration_slope(p, share, event)
            found["slope"] = asdict(slope) if slope else None
        found["groups"] = [asdict(g) for g in calibration.groups(p, share, event)]
        return found


def _ratio(p: Any, share: Any, event: Any) -> calibration.Ratio | None:
    if not len(p):
        return None
    return calibration.observed_to_expected(calibration.expected_events(p, share), event)


def _status(found: dict[str, Any]) -> str:
    """nobody, not_followed, early, fine, too_low or too_high (what the model says)."""
    ratio, to_now = found["ratio"], found["ratio_to_now"]
    if not found["people"]:
        return "nobody"
    if ratio is None or to_now is None:
        return "not_followed"
    if found["followed"] < LEAST_FOLLOWED:
        return "early"
    # both ways of counting must agree that it is off
    if min(ratio["low"], to_now["low"]) > 1 and min(ratio["ratio"], to_now["ratio"]) > FINE[1]:
        return "too_low"
    if max(ratio["high"], to_now["high"]) < 1 and max(ratio["ratio"], to_now["ratio"]) < FINE[0]:
        return "too_high"
    return "fine"


def judge(
    outcome: Outcome, event: OutcomeEvent, made: Iterable[Made], courses: Courses, *, now: datetime
) -> dict[str, Any]:
    """Everybody's first prediction, and the first of each calendar year by year (UTC).

    A person counts once in each row; the rows of the years share follow-up with each other.
    """
    whole = _Group()
    years: dict[int, _Group] = {}
    for one in made:
        course = courses.of(one.patient_id)
        found = follow(one.as_of, outcome.horizon_years or 0.0, event, course, now=now)
        whole.add(one, found)
        years.setdefault(one.as_of.year, _Group()).add(one, found)
    rows = {str(year): years[year].judged() for year in sorted(years)}
    for row in rows.values():
        # of one year there is the ratio; the rest is told of all together
        row.pop("groups"), row.pop("slope", None)
    return {"outcome": outcome.id, "all": whole.judged(), "years": rows}
