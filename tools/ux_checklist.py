"""Writes docs/ux-checklist.md: what every page must hold, and the tests that show it.

    python tools/ux_checklist.py

A test says which lines it shows by naming them ("UX C3, E12") in its text. A line that no test
names is a fault, and a test of this project fails on it.
"""

import re
from collections import defaultdict
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
DOCUMENT = ROOT / "docs" / "ux-checklist.md"
LINES = {
    "P1": 'Every risk is "N out of 100", "fewer than 1" or "more than 99"',
    "P2": "A hundred icons, as many filled as the number says, from the bottom row up",
    "P3": 'The time stands in each sentence with "out of 100"',
    "P4": "Who is compared with is named, with the same denominator",
    "P5": "Gain and loss: N and the rest of the hundred",
    "P6": "No relative risk alone",
    "P7": "Below 1 and above 99 in 100 are said as such, never as nought or certain",
    "P8": "A range in words and numbers that holds the number",
    "P9": "A word for a risk only beside its number",
    "P10": "With, without, difference and no benefit add up to a hundred",
    "P11": "Harms and benefits in the same form",
    "P12": "Three levels, and both languages, with the same numbers",
    "P13": "Reading grade of the whole page and words a sentence, by level",
    "P14": "Plain at first for everybody; a switch on each page that stays",
    "P15": "Three questions on reading: a score of 3 to 15, and none when an answer is missing",
    "P16": "The main message is on the first screen of a phone",
    "P17": "One next step with whom to call; what to do in an emergency always",
    "P18": "No code, no resource type and no unknown as a title",
    "P19": "CDC Clear Communication Index: what a linter can see; the rest is for people, unrated",
    "P20": "PEMAT: for people, unrated",
    "P21": "What waits for a review is on no page of the patient",
    "C1": "Name, birth date, age, sex, identifier and allergies on every page about a patient",
    "C2": "Allergies listed, none confirmed, and not recorded are told apart",
    "C3": "The worklist is sorted by keyboard, says so, and breaks ties the same way every time",
    "C4": "Each row: probability, change, at most two reasons, age of the data",
    "C5": "A card in fewer than 140 characters with level and source; what is critical has a rule",
    "C6": "Nothing interrupts; setting aside needs a coded reason and is in the audit log",
    "C7": "How often each rule fires, is overridden and was right, with a budget",
    "C8": "A number older than the data is marked",
    "C9": "Small courses have the last value, unit, day, usual range and a table",
    "C10": "A worklist of 10,000 patients by a fixed number of statements",
    "C11": "Changing patients leaves nothing of the one before",
    "E1": "Every bar leads to the FHIR resource, for whoever may read it and nobody else",
    "E2": "Baseline and contributions add up to the number within 1e-6",
    "E3": "One named scale; no log-odds",
    "E4": "A group's sum is that of its members",
    "E5": "What can be changed apart from what cannot; advice on the first only",
    "E6": "Real units and values",
    "E7": "What was missing or assumed is said, with what it could change",
    "E8": "Far from the sample: a warning and no confident words",
    "E9": "Reasons that depend on who is in the sample are called uncertain",
    "E10": "Masking what is said to matter moves the number more than masking other things",
    "E11": '"The model used", never a cause',
    "E12": "Counterfactuals keep to ranges, are run again, and none found is said",
    "E13": "A facts page for each version with every field filled",
    "E14": "A prediction pins model, data and inputs, and is made again from them",
    "A1": "axe finds nothing by WCAG 2.2 AA on any page or state",
    "A2": "Whole tasks by keyboard; the focus is seen and kept; changes are announced",
    "A3": "Each picture has a name, a summary and the same values in a table",
    "A4": "Everything can be read without JavaScript",
    "A5": "A strict content security policy that nothing offends",
    "A6": "320 px, text twice as large, reduced motion, print",
    "A7": "What could not be stored is seen with cause and time, and stops nothing else",
}
NAMED = re.compile(r"UX ([PCEA]\d+(?:(?:, (?:and )?| and )(?:UX )?[PCEA]\d+)*)")


def shown_by() -> dict[str, list[str]]:
    """Line -> test files that name it."""
    found: defaultdict[str, set[str]] = defaultdict(set)
    for path in (ROOT / "tests").rglob("test_*.py"):
        for match in NAMED.finditer(path.read_text()):
            for line in re.findall(r"[PCEA]\d+", match[1]):
                found[line].add(path.relative_to(ROOT).as_posix())
    return {line: sorted(files) for line, files in found.items()}


def document() -> str:
    """The whole text."""
    tests = shown_by()
    rows = [
        f"| {line} | {text} | {'<br>'.join(f'`{one}`' for one in tests.get(line, []))} |"
        for line, text in LINES.items()
    ]
    return "\n".join(
        [
            "# What every page must hold, and where it is tested",
            "",
            "P: pages of patients. C: pages of clinicians. E: explanations. A: accessibility and system.",
            "Made by `python tools/ux_checklist.py` from the tests themselves. What needs people (the",
            "rest of P19, P20, whether pages are understood and liked) is in [ratings](ratings/README.md).",
            "",
            "| line | what must be true | shown by |",
            "|---|---|---|",
            *rows,
            "",
        ]
    )


if __name__ == "__main__":
    DOCUMENT.write_text(document())
