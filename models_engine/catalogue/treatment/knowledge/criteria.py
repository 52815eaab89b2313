"""The words in which a row says for whom it is, and whether that holds of a person.

`has:ckd;egfr<30|has:dialysis` reads: CKD is recorded, and eGFR is below 30 or dialysis is recorded.
Semicolons join what must all hold, bars what may stand for one another. An answer has three values:
it holds, it does not, or it cannot be told because a value is missing; what is missing is named.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal, Protocol

Kind = Literal["has", "lacks", "takes", "not", "for", "sex", "compare"]
COMPARISONS: Mapping[str, Callable[[float, float], bool]] = {
    "<": lambda value, limit: value < limit,
    "<=": lambda value, limit: value <= limit,
    ">": lambda value, limit: value > limit,
    ">=": lambda value, limit: value >= limit,
}
AGE = "age"
# what is computed for the rules and is no measured concept of the record
COMPUTED = (
    AGE,
    "egfr",
    "crcl",
    "crcl_actual_weight",
    "medicines_taken",
    "anticholinergics_taken",
    "sedatives_taken",
    "cha2ds2_vasc",
    "cha2ds2_va",
    "has_bled",
)
INDICATION = "indication"
_COMPARE = re.compile(r"([a-z][a-z0-9_]*)(<=|>=|<|>)(-?[0-9]+(?:\.[0-9]+)?)")
_WORD = re.compile(r"(has|lacks|takes|not|for|sex):([a-z0-9_/ ,()\-]+)")


class Known(Protocol):
    """What criteria ask of a person."""

    def has(self, condition: str) -> bool:
        """Whether the condition is recorded as going on, or ever for one that persists."""
        ...

    def takes(self, what: str) -> bool:
        """Whether a medicine of the class, or with the ingredient, is taken."""
        ...

    @property
    def sex(self) -> str: ...

    @property
    def treats(self) -> str:
        """The indication that is being treated; empty where it is not known."""
        ...

    def value(self, concept: str) -> float | None:
        """A usable value in its canonical unit, recent enough for a rule of safety; else None."""
        ...


@dataclass(frozen=True)
class Answer:
    """`holds` is None where it cannot be told; `missing` are then the concepts that would tell."""

    holds: bool | None
    missing: tuple[str, ...] = ()
    used: tuple[str, ...] = ()


@dataclass(frozen=True)
class Criterion:
    """One word: a condition, a medicine, an indication, a sex, or a value on one side of a limit."""

    kind: Kind
    name: str
    sign: str = ""
    limit: float = 0.0

    @classmethod
    def parse(cls, word: str) -> "Criterion":
        """Raises ValueError on a word of another form."""
        if match := _COMPARE.fullmatch(word):
            return cls("compare", match[1], match[2], float(match[3]))
        if match := _WORD.fullmatch(word):
            return cls(match[1], match[2].strip())  # type: ignore[arg-type]
        raise ValueError(f"{word!r}: not understood")

    def __str__(self) -> str:
        if self.kind == "compare":
            return f"{self.name}{self.sign}{self.limit:.15g}"
        return f"{self.kind}:{self.name}"

    def ask(self, person: Known) -> Answer:
        """Whether it holds of a person."""
        match self.kind:
            case "has":
                return Answer(person.has(self.name), used=(self.name,))
            case "lacks":
                return Answer(not person.has(self.name), used=(self.name,))
            case "takes":
                return Answer(person.takes(self.name), used=(self.name,))
            case "not":
                return Answer(not person.takes(self.name), used=(self.name,))
            case "for":
                treats = person.treats == self.name if person.treats else None
                return Answer(treats, () if person.treats else (INDICATION,))
            case "sex":
                holds = person.sex == self.name if person.sex else None
                return Answer(holds, () if person.sex else ("sex",))
            case "compare":
                value = person.value(self.name)
                if value is None:
                    return Answer(None, (self.name,))
                return Answer(COMPARISONS[self.sign](value, self.limit), used=(self.name,))


@dataclass(frozen=True)
class Criteria:
    """All of `groups` must hold; of each, any. Without groups they hold of everybody."""

    text: str = ""
    groups: tuple[tuple[Criterion, ...], ...] = field(default=())

    @classmethod
    def parse(cls, text: str) -> "Criteria":
        """Raises ValueError naming the word that is not understood."""
        groups = [
            tuple(Criterion.parse(word.strip()) for word in group.split("|"))
            for group in text.split(";")
            if group.strip()
        ]
        return cls(text, tuple(groups))

    def __str__(self) -> str:
        return ";".join("|".join(map(str, group)) for group in self.groups)

    @property
    def words(self) -> tuple[Criterion, ...]:
        """Every word, in order."""
        return tuple(word for group in self.groups for word in group)

    def ask(self, person: Known) -> Answer:
        """Whether they hold of a person. One that surely fails settles it whatever is missing."""
        answers = [_any(criterion.ask(person) for criterion in group) for group in self.groups]
        used = tuple(dict.fromkeys(name for answer in answers for name in answer.used))
        if any(answer.holds is False for answer in answers):
            return Answer(False, used=used)
        missing = tuple(dict.fromkeys(name for answer in answers for name in answer.missing))
        unknown = any(answer.holds is None for answer in answers)
        return Answer(None if unknown else True, missing if unknown else (), used)


def _any(answers: Iterable[Answer]) -> Answer:
    """One that holds settles it; else what is missing, else no."""
    found = list(answers)
    for answer in found:
        if answer.holds:
            return answer
    missing = tuple(name for answer in found for name in answer.missing)
    used = tuple(name for answer in found for name in answer.used)
    if any(answer.holds is None for answer in found):
        return Answer(None, missing, used)
    return Answer(False, used=used)
