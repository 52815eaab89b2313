"""docs/treatment-vignettes.md from the vignettes: `python -m tests.spec.treatment.document`."""

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from tests.spec.treatment.vignette import Vignette, case_sources, vignettes

TARGET = Path(__file__).parents[3] / "docs/treatment-vignettes.md"
HEAD = """# Clinical vignettes of the treatment ranking

Made by `python -m tests.spec.treatment.document` from `tests/spec/treatment/vignettes/`; a test keeps
both in step. Every vignette is a person in FHIR resources that goes the way of a twin: facts, state,
rules of safety, ranking with the committed tables. The expectations of **sourced** ones rest on a source
that was opened, and what follows from it (what is first then) is sometimes our conclusion; those
**awaiting clinician review** are our own. No clinician has looked at either yet. Many sources stand behind the rows of the knowledge base too: such a vignette
shows that the row is applied, not that the row is right. Published cases (ids that begin with `C-`)
are not behind any row. Question-and-answer pages, some written by machines, are weak sources: they
were used for cases only.

Expectations: `first` the best way of all; `above` the one before the other; `excluded` not to be given,
for this row; `warned` a finding of this level (D avoid or change, C with care, ask, told); `tier` of the
guideline (1 first to 4 against); `kinds` how it is given (start, add, switch, change_dose, keep); `check`
the rules of safety for one medicine; `keep x` that what is taken goes on. Write one more: add an object
to a file, run the command above, run `pytest tests/spec/treatment`.
"""


def document() -> str:
    """The whole page."""
    found = vignettes()
    sourced = [one for one in found if one.status == "sourced"]
    waiting = [one for one in found if one.status == "awaiting_review"]
    gaps = [one for one in found if one.known_gap]
    parts = [HEAD, _counts(found)]
    if gaps:
        rows = [f"* `{one.id}` ({_status(one)}): {one.known_gap}." for one in gaps]
        parts.append(
            "## Known gaps\n\nThese fail today, and a test notices when they no longer do.\n"
        )
        parts.append("\n".join(rows) + "\n")
    parts.append("## Awaiting clinician review\n\n" + _table(waiting))
    for topic in _topics(sourced):
        own = [one for one in sourced if one.topic == topic]
        parts.append(f"## {topic.replace('_', ' ').capitalize()}\n\n" + _table(own))
    parts.append("## Published cases\n\n" + _cases())
    return "\n".join(parts)


def _status(one: Vignette) -> str:
    return one.status.replace("_", " ")


def _topics(found: Iterable[Vignette]) -> list[str]:
    return list(dict.fromkeys(one.topic for one in found))


def _counts(found: Iterable[Vignette]) -> str:
    every = list(found)
    lines = ["| topic | sourced | awaiting review | known gaps |", "| --- | --- | --- | --- |"]
    for topic in [*_topics(every), ""]:
        own = [one for one in every if topic in ("", one.topic)]
        sourced = sum(one.status == "sourced" for one in own)
        gaps = sum(bool(one.known_gap) for one in own)
        name = topic.replace("_", " ") or "all"
        lines.append(f"| {name} | {sourced} | {len(own) - sourced} | {gaps} |")
    return "\n".join(lines) + "\n"


def _table(found: Iterable[Vignette]) -> str:
    lines = ["| vignette | expected | what is said | sources |", "| --- | --- | --- | --- |"]
    for one in found:
        sources = " ".join(one.sources) or "none"
        cells = (f"{one.title} (`{one.id}`)", _expected(one.expect), one.says, sources)
        lines.append("| " + " | ".join(cell.replace("|", "/") for cell in cells) + " |")
    return "\n".join(lines) + "\n"


def _expected(expect: Mapping[str, Any]) -> str:
    return "; ".join(f"{name}: {_words(held)}" for name, held in expect.items())


def _words(held: Any) -> str:
    """An expectation as short as it can be read."""
    text = held if isinstance(held, str) else json.dumps(held, ensure_ascii=False)
    for mark in '"{}':
        text = text.replace(mark, "")
    return text.removeprefix("[").removesuffix("]") if text.startswith("[") else text


def _cases() -> str:
    lines = ["| id | what | opened at | its words |", "| --- | --- | --- | --- |"]
    for one in case_sources().values():
        cells = (one.id, one.citation, one.opened_at, f"“{one.quote}”")
        lines.append("| " + " | ".join(cell.replace("|", "/") for cell in cells) + " |")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    TARGET.write_text(document())
