"""One person's years in a practice: the body moves on, visits measure it, the doctor answers."""

from datetime import date, timedelta

from patients.synthetic import care_rules, illness, panels
from patients.synthetic.chance import Chance
from patients.synthetic.chart import CARDIOVASCULAR, CKD_STAGES, Chart, Visit
from patients.synthetic.person import Event, Person
from patients.synthetic.physiology import Physiology

_HALF_YEAR, _YEAR, _LONG = 182, 365, 620
# a visit that would come this close before the last one is left out; a late rise shows best
# against a visit a year before
_TOO_CLOSE, _TOO_CLOSE_BEFORE_A_RISE = 60, 200
_FLU_MONTHS = (9, 10, 11, 12, 1)


def live(person: Person, seed: int) -> Chart:
    """The chart of a person from the first visit to the last."""
    return _Course(person, Chance(seed, person.index, "course")).run()


class _Course:
    def __init__(self, person: Person, chance: Chance) -> None:
        self.person = person
        self.chance = chance
        self.chart = Chart()
        self.body = Physiology(person)
        self.events = sorted(person.events, key=lambda event: event.day)

    def run(self) -> Chart:
        for known in sorted(self.person.known, key=lambda known: known.onset):
            illness.register(self.chart, known, self.person.first_visit)
        day, kind = self.person.first_visit, "check_up"
        while True:
            follow_up = self._visit(day, kind)
            if day >= self.person.last_visit:
                break
            day, kind = self._next(day, follow_up)
        illness.close_pregnancies(self.chart, day)
        return self.chart

    def _visit(self, day: date, kind: str) -> int | None:
        illness.close_pregnancies(self.chart, day)
        self.body.advance_to(day, self.chart.drugs())
        visit = Visit(day, 8 * 60 + 5 * self.chance.whole(0, 100), kind)
        true = self.body.read(self.chart.drugs())
        last = day >= self.person.last_visit
        panels.take_readings(visit, self.person, self.chart, true, self.chance, last=last)
        self.chart.visits.append(visit)
        while self.events and self.events[0].day <= day:
            illness.strike(self.chart, self.events.pop(0).condition, day)
        self._vaccinate(visit)
        case = care_rules.Case(self.person, self.chart, visit, self.chance)
        return care_rules.review(case)

    def _next(self, day: date, follow_up: int | None) -> tuple[date, str]:
        """When and why the next visit is: an event comes first, then a follow-up, then routine."""
        routine = self._routine_interval(day) + self.chance.whole(-20, 20)
        soon = follow_up is not None and follow_up < routine
        days = follow_up if soon and follow_up is not None else routine
        wanted = working_day(day + timedelta(days=days))
        kind = "follow_up" if soon else "check_up"
        too_close = _TOO_CLOSE_BEFORE_A_RISE if self.person.late_rise else _TOO_CLOSE
        if (self.person.last_visit - wanted).days < too_close:
            wanted, kind = self.person.last_visit, "check_up"
        if self.events and self.events[0].day < wanted:
            return self._of_event(self.events[0], day)
        return wanted, kind

    def _of_event(self, event: Event, day: date) -> tuple[date, str]:
        emergency = event.condition in illness.EMERGENCIES
        return max(event.day, day + timedelta(days=1)), "emergency" if emergency else "check_up"

    def _routine_interval(self, day: date) -> int:
        chart = self.chart
        if chart.has("diabetes", *CKD_STAGES, "heart_failure"):
            return _HALF_YEAR
        if chart.has("hypertension", "prediabetes", *CARDIOVASCULAR) or chart.drugs():
            return _YEAR
        return _YEAR if self.person.age_on(day) >= 40 or self.person.late_rise else _LONG

    def _vaccinate(self, visit: Visit) -> None:
        if visit.kind == "emergency":
            return
        age = self.person.age_on(visit.day)
        given = {vaccine for earlier in self.chart.visits for vaccine in earlier.vaccines}
        willing = self.chance.happens(0.6 if age >= 65 else 0.3)
        if visit.day.month in _FLU_MONTHS and willing:
            visit.vaccines.append("influenza")
        if age >= 65 and willing and "pneumococcal" not in given:
            visit.vaccines.append("pneumococcal")


def working_day(day: date) -> date:
    """The day itself, or the Friday before it."""
    return day - timedelta(days=max(day.weekday() - 4, 0))
