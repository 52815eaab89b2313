"""Options of treatment and cautions about them, whose words come from the tables, not from here.

The tables are English. `tools/messages.py` puts their words for patients into the catalogue; what a
catalogue does not have yet is said in English and marked as English.
"""

import re
from dataclasses import dataclass

from explain.wording.decision_aid import NEW_CAUTION
from explain.wording.doses import dose_words
from explain.wording.language import current_language, gettext
from explain.wording.levels import Level

# how models_engine names a way: "Keep X", "Stop X", "X instead of Y", "X, at the dose that fits: D"
_KEEP, _STOP, _INSTEAD, _FITS = "Keep ", "Stop ", " instead of ", ", at the dose that fits: "
_DOSE = re.compile(r"\s[\d.,]+ mg\b")


def option_title(label: str, *, without_dose: bool) -> str:
    """What an option is called. `without_dose`: of what is begun, where another dose fits."""
    label, _, dose = label.partition(_FITS)
    if dose and not without_dose:
        return gettext("{medicine}, at the dose that fits: {dose}").format(
            medicine=option_title(label, without_dose=True), dose=dose_words(dose) or dose
        )
    if label.startswith(_KEEP):
        return gettext("Keep {medicine}").format(medicine=gettext(label.removeprefix(_KEEP)))
    if label.startswith(_STOP):
        return gettext("Stop {medicine}").format(medicine=gettext(label.removeprefix(_STOP)))
    begun, instead, replaced = label.partition(_INSTEAD)
    title = gettext(begun)
    if without_dose:
        title = _DOSE.sub("", title)
    if not instead:
        return title
    return gettext("{medicine} instead of {other}").format(medicine=title, other=gettext(replaced))


@dataclass(frozen=True)
class Told:
    """A sentence, and its language where that is not the page's."""

    text: str
    language: str = ""

    def __str__(self) -> str:
        return self.text


def told(text: str, *, as_new: Level | None = None) -> Told:
    """A caution of the tables; `as_new`: one that came up later, at this level."""
    translated = gettext(text)
    is_missing = current_language() != "en" and translated == text
    said = NEW_CAUTION[as_new].format(text=translated) if as_new else translated
    return Told(said, "en" if is_missing else "")
