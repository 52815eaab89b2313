"""Tests that a medicine needs, in a patient's words: each once, with when it is done."""

import re
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from explain.wording.phrases import Level

BLOOD = "Blood tests"
# what is tested, by the words of the test; of a blood test the part of it
_PARTS = (
    (r"creatinine|egfr", BLOOD, "kidneys"),
    (r"potassium", BLOOD, "potassium"),
    (r"sodium", BLOOD, "salt (sodium)"),
    (r"hba1c|glucose(?! at home)", BLOOD, "sugar"),
    (r"cholesterol|\bldl\b|lipids", BLOOD, "cholesterol"),
    (r"\balt\b|liver", BLOOD, "liver"),
    (r"haemoglobin|platelets|blood count", BLOOD, "blood count"),
    (r"\binr\b", BLOOD, "clotting (INR)"),
    (r"(digoxin|lithium) level", BLOOD, "how much medicine is in it"),
    (r"\btsh\b|thyroid", BLOOD, "thyroid"),
    (r"calcium", BLOOD, "calcium"),
    (r"magnesium", BLOOD, "magnesium"),
    (r"\bb12\b", BLOOD, "vitamin B12"),
    (r"uric acid|\burate\b", BLOOD, "uric acid (for gout)"),
    (r"glucose at home", "Sugar checks at home", ""),
    (r"blood pressure", "Blood pressure checks", ""),
    (r"heart rate", "Pulse checks", ""),
    (r"weight", "Weight checks", ""),
    (r"oedema", "Checks for swollen legs", ""),
    (r"fluid balance", "Checks that you drink enough", ""),
    (r"retina", "Eye checks", ""),
    (r"\becg\b", "Heart tracing (ECG)", ""),
    (r"urine", "Urine test", ""),
    (r"bone", "Bone checks", ""),
)
_TIMES = {
    (True, True): "before you start and later",
    (True, False): "before you start",
    (False, True): "after you start",
}
ON_SYMPTOMS = "if you feel unwell"


class CheckUp(NamedTuple):
    """A test and when it is done, as the tables say it: clauses separated by ";"."""

    test: str
    when: str


def check_up_words(rows: Iterable[CheckUp], level: Level) -> tuple[str, ...]:
    """The lines of a list. At the detailed level with the times of the tables."""
    found = list(rows)
    return _detailed(found) if level == "detailed" else _plain(found)


def _plain(rows: Sequence[CheckUp]) -> tuple[str, ...]:
    parts: dict[str, list[str]] = {}
    times: dict[str, set[str]] = {}
    for row in rows:
        for title, part in _parts(row.test):
            parts.setdefault(title, [])
            if part and part not in parts[title]:
                parts[title].append(part)
            times.setdefault(title, set()).update(_clauses(row.when))
    return tuple(
        f"{title} {_time(times[title])}{': ' + ', '.join(names) if names else ''}."
        for title, names in parts.items()
    )


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
    return _TIMES[(bool(before), bool(later))]


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
