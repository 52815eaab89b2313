"""What a vignette may expect, and what to say where the answer is another.

`what` names ways of a ranking: `option:id`, `class:id` or `ingredient:name` of what is given then;
`keep ingredient:name` only that what is taken goes on, `nothing` that nothing is begun. A reason is `table:row` of the knowledge base.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from models_engine.catalogue.treatment.knowledge.loading import knowledge
from models_engine.catalogue.treatment.knowledge.medicines import index_of
from models_engine.catalogue.treatment.knowledge.schema import TABLES, Subject
from models_engine.catalogue.treatment.ranking.results import NO_MEDICINE, Candidate, Ranking
from models_engine.catalogue.treatment.safety.check import check
from models_engine.catalogue.treatment.safety.finding import Finding, Safety
from tests.spec.treatment.answers import Answer

Wrong = Iterator[str]
Given = Mapping[str, Any]
KEEP, NOTHING = "keep ", "nothing"


def complaints(expect: Given, answer: Answer) -> list[str]:
    """Everything that is not as expected. Raises KeyError on an expectation nobody knows."""
    return [
        f"{name}: {wrong}"
        for name, wanted in expect.items()
        for wrong in EXPECTATIONS[name](wanted, answer)
    ]


def _ranking(answer: Answer) -> Ranking:
    assert answer.ranking is not None, "a ranking is expected of a vignette without an indication"
    return answer.ranking


def _all(answer: Answer) -> tuple[Candidate, ...]:
    ranking = _ranking(answer)
    return (*ranking.candidates, *ranking.excluded)


def _is(candidate: Candidate, what: str) -> bool:
    """Whether it gives this; what is stopped is not given."""
    keeps = what.startswith(KEEP)
    if what == NOTHING or candidate.key == NO_MEDICINE:
        return what == NOTHING and candidate.key == NO_MEDICINE
    if candidate.kind == "stop" or (keeps and candidate.kind != "keep"):
        return False
    what = what.removeprefix(KEEP)
    subject, index = Subject.parse(what), index_of(knowledge())
    if subject.kind == "option":
        return candidate.option is not None and candidate.option.id == subject.name
    kept = candidate.medicine if candidate.kind == "keep" else None
    option = candidate.option
    names = kept.ingredients if kept else option.ingredients if option else ()
    if subject.kind == "ingredient":
        return subject.name in names
    classes = {one for name in names for one in index.classes_of(name)}
    return subject.name in classes | (set(kept.classes) if kept else set())


def _of(answer: Answer, what: str, *, of: tuple[Candidate, ...] | None = None) -> list[Candidate]:
    return [one for one in (_all(answer) if of is None else of) if _is(one, what)]


def _found(safety: Safety, level: str, reason: str) -> bool:
    return any(f.level == level and f"{f.table}:{f.row}" == reason for f in safety.findings)


def _shown(findings: tuple[Finding, ...]) -> str:
    return ", ".join(f"{f.level} {f.table}:{f.row or f.kind}" for f in findings) or "nothing"


def _first(wanted: list[str], answer: Answer) -> Wrong:
    """The best way of all is one of these."""
    candidates = _ranking(answer).candidates
    if not candidates:
        yield "there is no candidate"
    elif not any(_is(candidates[0], what) for what in wanted):
        yield f"{candidates[0].key} is first"


def _above(wanted: list[list[str]], answer: Answer) -> Wrong:
    """The best of the one comes before the best of the other; both may be given."""
    for better, worse in wanted:
        places = [
            next((n for n, one in enumerate(_ranking(answer).candidates) if _is(one, what)), None)
            for what in (better, worse)
        ]
        if None in places:
            yield f"{better if places[0] is None else worse} is not among the candidates"
        elif places[0] >= places[1]:  # type: ignore[operator]
            yield f"{better} at {places[0]}, {worse} at {places[1]}"


def _excluded(wanted: list[list[str]], answer: Answer) -> Wrong:
    """Every way that gives it must not be, for this reason; [what, reason]."""
    for what, reason in wanted:
        found = _of(answer, what)
        if not found:
            yield f"{what} is no option at all"
        for one in found:
            if not one.safety.is_excluded or not _found(one.safety, "X", reason):
                yield f"{one.key} has {_shown(one.safety.findings)}"


def _not_excluded(wanted: list[str], answer: Answer) -> Wrong:
    """Every way that gives it may be."""
    for what in wanted:
        found = _of(answer, what)
        if not found:
            yield f"{what} is no option at all"
        yield from (
            f"{one.key} has {_shown(one.safety.findings)}"
            for one in found
            if one.safety.is_excluded
        )


def _warned(wanted: list[list[str]], answer: Answer) -> Wrong:
    """Every way that gives it has a finding; [what, level, reason]."""
    for what, level, reason in wanted:
        found = _of(answer, what)
        if not found:
            yield f"{what} is no option at all"
        yield from (
            f"{one.key} has {_shown(one.safety.findings)}"
            for one in found
            if not _found(one.safety, level, reason)
        )


def _no_finding(wanted: list[list[str]], answer: Answer) -> Wrong:
    """No way that gives it has a finding of this row; [what, reason]."""
    for what, reason in wanted:
        found = _of(answer, what)
        if not found:
            yield f"{what} is no option at all"
        for one in found:
            if any(f"{f.table}:{f.row}" == reason for f in one.safety.findings):
                yield f"{one.key} has {_shown(one.safety.findings)}"


def _asked(wanted: list[str], answer: Answer) -> Wrong:
    """These are asked for, since safety depends on them."""
    missing = {concept for finding in _ranking(answer).asked for concept in finding.missing}
    yield from (f"{concept} is not asked for" for concept in wanted if concept not in missing)


def _dose(wanted: Given, answer: Answer) -> Wrong:
    """By option, the dose that is proposed."""
    for option, dose in wanted.items():
        # to keep what is taken proposes no dose
        given = tuple(one for one in _ranking(answer).candidates if one.kind != "keep")
        found = _of(answer, f"option:{option}", of=given)
        if not found:
            yield f"{option} is no candidate"
        yield from (f"{one.key}: {one.dose!r}" for one in found if one.dose != dose)


def _tier(wanted: Given, answer: Answer) -> Wrong:
    """By `what`, the tier of every way that gives it."""
    for what, tier in wanted.items():
        found = _of(answer, what)
        if not found:
            yield f"{what} is no option at all"
        yield from (f"{one.key}: tier {one.tier}" for one in found if one.tier != tier)


def _kinds(wanted: Given, answer: Answer) -> Wrong:
    """By `what`, the only kinds of ways in which it is given: never added to a rival, say."""
    for what, kinds in wanted.items():
        found = {one.kind for one in _of(answer, what)}
        if found != set(kinds):
            yield f"{what}: {sorted(found)}"


def _not_offered(wanted: list[str], answer: Answer) -> Wrong:
    """No way gives it, though others are ranked."""
    if not _ranking(answer).candidates:
        yield "nothing is ranked"
    yield from (f"{one.key} is offered" for what in wanted for one in _of(answer, what))


def _interactions(wanted: list[list[str]], answer: Answer) -> Wrong:
    """Among what is taken; [level, row]."""
    found = [(f.level, f"{f.table}:{f.row}") for f in answer.together]
    yield from (f"{pair} is not among {found}" for pair in wanted if tuple(pair) not in found)


def _no_interaction(wanted: list[str], answer: Answer) -> Wrong:
    """Rows that say nothing of what is taken."""
    found = {f"{f.table}:{f.row}" for f in answer.together}
    yield from (f"{row} was found" for row in wanted if row in found)


def _no_interaction_statement(wanted: bool, answer: Answer) -> Wrong:
    """Whether "no interaction found" may be said."""
    ranking = _ranking(answer)
    if ranking.barred or ranking.no_interaction_statement is not wanted:
        yield ranking.barred or str(not wanted)


def _check(wanted: list[Given], answer: Answer) -> Wrong:
    """Rules of safety for one medicine: {"give", "daily_mg", "found": [[level, reason]], "not"}."""
    for one in wanted:
        safety = check(
            tuple(one["give"].split("/")),
            one.get("daily_mg"),
            one.get("route", "oral"),
            "",
            answer.person,
            knowledge(),
        )
        for level, reason in one.get("found", ()):
            if not _found(safety, level, reason):
                yield f"{one['give']} has {_shown(safety.findings)}"
        for reason in one.get("not", ()):
            if any(f"{f.table}:{f.row}" == reason for f in safety.findings):
                yield f"{one['give']} has {_shown(safety.findings)}"


def _barred(wanted: str, answer: Answer) -> Wrong:
    """There is no ranking, and these words are in the reason."""
    ranking = _ranking(answer)
    if wanted not in ranking.barred or ranking.candidates:
        yield repr(ranking.barred)


def _current(wanted: list[list[str]], answer: Answer) -> Wrong:
    """Told of what is taken, also where nothing is ranked; [level, reason]."""
    found = [(f.level, f"{f.table}:{f.row}") for f in _ranking(answer).current]
    yield from (f"{one} is not among {found}" for one in wanted if tuple(one) not in found)


def _indicated(wanted: Given, answer: Answer) -> Wrong:
    """By indication, whether it holds: true, or null where it cannot be told."""
    found = {one.indication: one.holds for one in answer.indications}
    for name, holds in wanted.items():
        if name not in found or found[name] is not holds:
            yield f"{name}: {found.get(name, 'does not hold')}"


EXPECTATIONS: Mapping[str, Callable[[Any, Answer], Wrong]] = {
    "first": _first,
    "above": _above,
    "excluded": _excluded,
    "not_excluded": _not_excluded,
    "warned": _warned,
    "no_finding": _no_finding,
    "asked": _asked,
    "dose": _dose,
    "tier": _tier,
    "kinds": _kinds,
    "not_offered": _not_offered,
    "interactions": _interactions,
    "no_interaction": _no_interaction,
    "no_interaction_statement": _no_interaction_statement,
    "check": _check,
    "barred": _barred,
    "current": _current,
    "indicated": _indicated,
}


REASON = re.compile(r"([a-z]+):([a-z0-9_]+)")
SUBJECT = re.compile(r"(?:option|class|ingredient):[^'\"\]]+")


def reasons_in(expect: Given) -> set[tuple[str, str]]:
    """Table and row of every reason that is named."""
    return {(table, row) for table, row in REASON.findall(repr(expect)) if table in TABLES}


def subjects_in(expect: Given) -> set[str]:
    """Every option, class and ingredient that is named."""
    return set(SUBJECT.findall(repr(expect)))
