"""A way in words: its label, its dose, how well its numbers are known, and notes on all of them."""

from collections.abc import Iterable
from math import inf

from models_engine.catalogue.treatment.person import Taken
from models_engine.catalogue.treatment.ranking.events import Change
from models_engine.catalogue.treatment.ranking.numbers import Numbers
from models_engine.catalogue.treatment.ranking.ways import Way
from models_engine.catalogue.what_if.effects import effects as value_effects

# how an option's dose begins that is raised from a first one
FIRST_DOSE = "start"
# the least known last
KNOWN = "DVSQMJ"
OWN_HORIZONS = (
    "Events are shown over the time of their own source. The score brings them all to {months:g} "
    "months, the shortest of these, under a constant hazard."
)
TRIALS = (
    "Where no model of this twin gives a probability, that of the trial's control group stands for "
    "it: people of the trial, not this patient."
)
OVERLAP = (
    "An event that another event of the same line holds already is shown and not counted. Death and "
    "events that may be fatal overlap in part: that part counts in both."
)
NO_OPTIONS = "The tables hold no option for this person and indication."


def labels(way: Way) -> tuple[str, str]:
    """For who treats, and in plain words."""
    taken = way.medicine.label if way.medicine else ""
    option = way.option
    if way.fitting:
        at = f"at the dose that fits: {way.fitting.dose}"
        return f"{taken}, {at}", f"{option.plain_label if option else taken}, {at}"
    if way.kind in ("keep", "stop") or option is None:
        plain = option.plain_label if option else taken
        verb = "Keep" if way.kind == "keep" else "Stop"
        return f"{verb} {taken}", f"{verb} {plain}"
    if way.kind == "switch":
        return f"{option.label} instead of {taken}", f"{option.plain_label} instead of {taken}"
    return option.label, option.plain_label


def dose_of(way: Way) -> tuple[str, str]:
    """The dose, and why it is not the usual one."""
    if way.kind == "stop":
        return "", ""
    if way.fitting:
        return way.fitting.dose, way.fitting.message
    if way.kind == "keep" and (taken := _dose_taken(way.medicine)):
        return taken, ""
    doses = [f for f in way.safety.findings if f.kind == "kidney_dose" and f.dose]
    if doses:
        # the gravest; of these the smallest dose
        least = min(
            (f for f in doses if f.level == doses[0].level), key=lambda f: f.daily_mg or inf
        )
        return least.dose, least.message
    if way.kind == "change_dose" and (step := _step(way)):
        return step, ""
    return (way.option.dose if way.option else ""), ""


def _step(way: Way) -> str:
    """From the dose of today to another one: a first dose is for who takes none."""
    now = way.medicine.daily_mg if way.medicine else None
    then = way.option.daily_mg if way.option else None
    is_stepped = bool(way.option and way.option.dose.startswith(FIRST_DOSE))
    if now is None or then is None or not is_stepped:
        return ""
    verb = "raise step by step" if then > now else "lower"
    return f"{verb} from {now:g} mg a day to {then:g} mg a day"


def _dose_taken(medicine: Taken | None) -> str:
    if medicine is None or medicine.daily_mg is None:
        return medicine.dose_text if medicine else ""
    told = f" ({medicine.dose_text})" if medicine.dose_text else ""
    return f"{medicine.daily_mg:g} mg a day{told}"


def evidence_of(numbers: Numbers) -> str:
    """The least known tag of all that the numbers rest on; empty where there are none."""
    paths = {path.id: path.evidence for path in value_effects().paths}
    tags = [tag for one in (*numbers.events, *numbers.harms) for tag in one.evidence]
    tags += [paths[row] for value in numbers.values for _, row in value.rows]
    return max(tags, key=KNOWN.index, default="")


def notes_on(numbers: Iterable[Numbers], months: float, has_options: bool) -> tuple[str, ...]:
    """What is to be known of all numbers of a ranking."""
    events: list[Change] = [one for n in numbers for one in n.events]
    found = [] if has_options else [NO_OPTIONS]
    if any(one.told.months != months for one in events):
        found.append(OWN_HORIZONS.format(months=months))
    if any(one.told.baseline == "trial" for one in events):
        found.append(TRIALS)
    if any(not one.told.is_counted for one in events) or len({c.weight for c in events}) > 1:
        found.append(OVERLAP)
    return tuple(found)
