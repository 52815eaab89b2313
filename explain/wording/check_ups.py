"""Tests that a medicine needs, in a patient's words: each once, with when it is done."""

import re
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from explain.wording.language import current_language, gettext
from explain.wording.language import gettext_noop as N_
from explain.wording.levels import Level
from explain.wording.times import listed

BLOOD = N_("Blood tests")
# what is tested, by the words of the test; of a blood test the part of it
_PARTS = (
    (r"creatinine|egfr", BLOOD, N_("kidneys")),
    (r"potassium", BLOOD, N_("potassium")),
    (r"sodium", BLOOD, N_("salt (sodium)")),
    (r"hba1c|glucose(?! at home)", BLOOD, N_("sugar")),
    (r"cholesterol|\bldl\b|lipids", BLOOD, N_("cholesterol")),
    (r"\balt\b|liver", BLOOD, N_("liver")),
    (r"haemoglobin|platelets|blood count", BLOOD, N_("blood count")),
    (r"\binr\b", BLOOD, N_("clotting (INR)")),
    (r"(digoxin|lithium) level", BLOOD, N_("how much medicine is in it")),
    (r"\btsh\b|thyroid", BLOOD, N_("thyroid")),
    (r"calcium", BLOOD, N_("calcium")),
    (r"magnesium", BLOOD, N_("magnesium")),
    (r"\bb12\b", BLOOD, N_("vitamin B12")),
    (r"uric acid|\burate\b", BLOOD, N_("uric acid (for gout)")),
    (r"glucose at home", N_("Sugar checks at home"), ""),
    (r"blood pressure", N_("Blood pressure checks"), ""),
    (r"heart rate", N_("Pulse checks"), ""),
    (r"weight", N_("Weight checks"), ""),
    (r"oedema", N_("Checks for swollen legs"), ""),
    (r"fluid balance", N_("Checks that you drink enough"), ""),
    (r"retina", N_("Eye checks"), ""),
    (r"\becg\b", N_("Heart tracing (ECG)"), ""),
    (r"urine", N_("Urine test"), ""),
    (r"bone", N_("Bone checks"), ""),
)
# by when it is done: without and with what is looked at
BEFORE_AND_LATER, BEFORE, LATER, ON_SYMPTOMS = "before and later", "before", "later", "on symptoms"
LINES = {
    BEFORE_AND_LATER: (
        N_("{test} before you start and later."),
        N_("{test} before you start and later: {parts}."),
    ),
    BEFORE: (N_("{test} before you start."), N_("{test} before you start: {parts}.")),
    LATER: (N_("{test} after you start."), N_("{test} after you start: {parts}.")),
    ON_SYMPTOMS: (N_("{test} if you feel unwell."), N_("{test} if you feel unwell: {parts}.")),
}


class CheckUp(NamedTuple):
    """A test and when it is done, as the tables say it: clauses separated by ";"."""

    test: str
    when: str


def check_up_words(rows: Iterable[CheckUp], level: Level) -> tuple[str, ...]:
    """The lines of a list. At the detailed level with the times of the tables, which are English:
    in another language the plain lines are said."""
    found = list(rows)
    is_detailed = level == "detailed" and current_language() == "en"
    return _detailed(found) if is_detailed else _plain(found)


def _plain(rows: Sequence[CheckUp]) -> tuple[str, ...]:
    parts: dict[str, list[str]] = {}
    times: dict[str, set[str]] = {}
    for row in rows:
        for title, part in _parts(row.test):
            parts.setdefault(title, [])
            if part and part not in parts[title]:
                parts[title].append(part)
            times.setdefault(title, set()).update(_clauses(row.when))
    return tuple(_line(title, times[title], names) for title, names in parts.items())


def _line(title: str, times: set[str], parts: Sequence[str]) -> str:
    alone, of_parts = LINES[_time(times)]
    if not parts:
        return gettext(alone).format(test=gettext(title))
    named = listed([gettext(part) for part in parts])
    return gettext(of_parts).format(test=gettext(title), parts=named)


def _parts(test: str) -> list[tuple[str, str]]:
    """What a test looks at; one that we have no word for keeps its own."""
    text = test.lower()
    found = [(title, part) for pattern, title, part in _PARTS if re.search(pattern, text)]
    return found or [(_without_brackets(test), "")]


def _time(clauses: set[str]) -> str:
    before = {c for c in clauses if re.match(r"before($| starting)", c)}
    later = clauses - before
    if not before and later == {"with symptoms"}:
        return ON_SYMPTOMS
    if before and later:
        return BEFORE_AND_LATER
    return BEFORE if before else LATER


def _detailed(rows: Sequence[CheckUp]) -> tuple[str, ...]:
    """Tests of the same times on one line, each name once in it."""
    by_time: dict[str, list[str]] = {}
    for row in rows:
        when = "; ".join(_clauses(row.when)).replace("before;", "before you start;")
        names = by_time.setdefault("before you start" if when == "before" else when, [])
        for name in re.split(r", (?!if )| and (?=\S+$)", _without_brackets(row.test)):
            if name.lower() not in {known.lower() for known in names}:
                names.append(name)
    return tuple(f"{', '.join(names)}: {when}." for when, names in by_time.items())


def _clauses(when: str) -> list[str]:
    """Without the rules of thumb that a reader would have to work out."""
    clauses = [one.strip() for one in when.split(";")]
    return [_without_brackets(one) for one in clauses if one and "clearance" not in one]


def _without_brackets(text: str) -> str:
    return re.sub(r"\s*\([^)]*\)", "", text).strip()
