"""Numbers of a ranking in words: differences of events, people needed to treat, times."""

from django.utils.translation import gettext_noop

from explain.wording.numbers import percent, points
from models_engine.catalogue.treatment.knowledge.schema import INDICATIONS

LABELS = {
    "hypertension": "High blood pressure",
    "ldl_primary": "Raised LDL cholesterol, before any cardiovascular disease",
    "ldl_secondary": "LDL cholesterol with cardiovascular disease",
    "diabetes_type_2": "Type 2 diabetes",
    "hfref": "Heart failure with reduced ejection fraction",
    "hfpef": "Heart failure with preserved ejection fraction",
    "atrial_fibrillation": "Atrial fibrillation: prevention of stroke",
    "ckd_albuminuria": "Chronic kidney disease with albuminuria",
}
# an address says a number: a diagnosis does not belong beside a twin's id in a proxy's log
NUMBERS = {indication: number for number, indication in enumerate(INDICATIONS, 1)}
KINDS = {
    "keep": "as it is today",
    "start": "start",
    "add": "add",
    "switch": "switch",
    "change_dose": "change of dose",
    "stop": "stop",
}
TIERS = {
    1: "recommended first for people like this",
    2: "an alternative",
    3: "in reserve",
    4: "advised against",
}
LEVELS = {
    "X": "Excluded",
    "ask": "An input is missing",
    "D": "Avoid, or change something first",
    "C": "With care",
    "told": "To know",
}


def months_words(months: float) -> str:
    """ "10 years", "18 months", "1 year"."""
    if months >= 24 or months == 12:
        years = months / 12
        return f"{years:.3g} year{'' if years == 1 else 's'}"
    return f"{months:.3g} month{'' if months == 1 else 's'}"


def difference_words(difference: float, low: float, high: float) -> str:
    """ "-3.2 points (-4.1 to -2.3)"; without an interval only the difference."""
    if low == high:
        return f"{points(difference)} points"
    return f"{points(difference)} points ({points(low)} to {points(high)})"


def number_needed_words(difference: float, low: float, high: float) -> str:
    """ "31 (24 to 43) to treat for one fewer"; open at the end where the interval crosses none.

    `difference` is after less before, as are `low` and `high`. Empty without a difference.
    """
    if not difference:
        return ""
    what = "to treat for one fewer" if difference < 0 else "to treat for one more"
    middle = _people(1 / abs(difference))
    ends = sorted((low, high), key=lambda end: -abs(end))
    if low == high:
        return f"{middle} {what}"
    if low <= 0 <= high:
        return f"{middle} {what}; the interval includes no difference"
    return f"{middle} ({_people(1 / abs(ends[0]))} to {_people(1 / abs(ends[1]))}) {what}"


def _people(number: float) -> str:
    if number < 100:
        return f"{max(1, round(number))}"
    rounded = int(float(f"{number:.2g}"))
    return f"{rounded:,}"


def shares_words(before: float, after: float) -> str:
    """ "14.7 % to 11.2 %"."""
    return f"{percent(before)} to {percent(after)}"


LOADS = {
    "anticholinergics_taken": "Strongly anticholinergic medicines",
    "sedatives_taken": "Sedating medicines",
}
# as patients are told; the same keys as LABELS
PLAIN_LABELS = {
    "hypertension": gettext_noop("High blood pressure"),
    "ldl_primary": gettext_noop("High cholesterol"),
    "ldl_secondary": gettext_noop("Cholesterol with heart or vessel disease"),
    "diabetes_type_2": gettext_noop("Type 2 diabetes"),
    "hfref": gettext_noop("Heart failure"),
    "hfpef": gettext_noop("Heart failure"),
    "atrial_fibrillation": gettext_noop("Uneven heartbeat and stroke"),
    "ckd_albuminuria": gettext_noop("Kidney disease"),
}
