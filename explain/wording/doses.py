"""A dose in a patient's words, where it is simple enough; else it is left to the care team."""

import re

from explain.wording.language import gettext
from explain.wording.language import gettext_noop as N_

_NUMBER = r"[\d.,]*\d"
# as the tables write a rhythm, and as a patient reads it
RHYTHMS = {
    "once a day": N_("{amount} once a day"),
    "once daily": N_("{amount} once a day"),
    "twice a day": N_("{amount} twice a day"),
    "twice daily": N_("{amount} twice a day"),
    "a day": N_("{amount} a day"),
    "daily": N_("{amount} a day"),
    "every other day": N_("{amount} every other day"),
    "with the evening meal": N_("{amount} with the evening meal"),
}
_RHYTHM = "|".join(RHYTHMS)
_SIMPLE = re.compile(
    rf"(?P<how>start with |at most )?(?P<low>{_NUMBER})(?: to (?P<high>{_NUMBER}))? mg"
    rf"(?: (?P<rhythm>{_RHYTHM}))?"
    rf"(?:, at most (?P<most>{_NUMBER}) mg(?: (?P<most_rhythm>{_RHYTHM}))?)?"
)


def dose_words(dose: str) -> str:
    """ "2.5 mg twice a day" in the reader's language; empty for what takes a clinician to read."""
    found = _SIMPLE.fullmatch(dose)
    if found is None:
        return ""
    said = _amount(found["low"], found["high"], found["rhythm"])
    if found["how"] == "start with ":
        said = gettext("start with {dose}").format(dose=said)
    elif found["how"]:
        said = gettext("at most {dose}").format(dose=said)
    if found["most"]:
        most = _amount(found["most"], None, found["most_rhythm"])
        said = gettext("{dose}, at most {most}").format(dose=said, most=most)
    return said


def _amount(low: str, high: str | None, rhythm: str | None) -> str:
    amount = (
        gettext("{low} to {high} mg").format(low=low, high=high)
        if high
        else gettext("{amount} mg").format(amount=low)
    )
    return gettext(RHYTHMS[rhythm]).format(amount=amount) if rhythm else amount


def kidney_dose_words(dose: str, *, is_lower: bool) -> str:
    """The dose that fits the kidneys; one that takes a clinician to read is left to the care team."""
    said = dose_words(dose)
    if not said:
        if is_lower:
            return gettext("A lower dose, for your kidneys. Your care team tells you how much.")
        return gettext("The dose that fits your kidneys. Your care team tells you how much.")
    if is_lower:
        return gettext("A lower dose, for your kidneys: {dose}.").format(dose=said)
    return gettext("The dose that fits your kidneys: {dose}.").format(dose=said)
