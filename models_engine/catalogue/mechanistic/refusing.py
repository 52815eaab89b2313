"""What a mechanistic twin may be asked, and how it refuses the rest by name."""

from collections.abc import Iterable, Mapping

from models_engine.catalogue.contract import Input, Refusal


class RefusedError(ValueError):
    """There is no simulation; `refusals` say why, for people and for machines."""

    def __init__(self, refusals: Iterable[Refusal]) -> None:
        self.refusals = tuple(refusals)
        super().__init__(" ".join(refusal.message for refusal in self.refusals))


def refusals_of(
    declared: Iterable[Input], values: Mapping[str, float | None]
) -> tuple[Refusal, ...]:
    """One refusal for every required value that is missing, and every value out of its range."""
    found = []
    for one in declared:
        value = values.get(one.concept)
        if value is None:
            if one.required:
                text = f"{one.label}: not recorded. {one.order}".strip()
                found.append(Refusal("missing", one.concept, text))
        elif not one.accepts(value):
            found.append(out_of_range(one, value))
    return tuple(found)


def out_of_range(declared: Input, value: float) -> Refusal:
    """The refusal of one value, with the range that the twin may be asked."""
    text = (
        f"{declared.label} {declared.describe(value)} is outside the range of this model: "
        f"{declared.describe_range()}."
    )
    is_low = declared.low is not None and value <= declared.low
    return Refusal("out_of_range", declared.concept, text, "below" if is_low else "above")


def require(declared: Iterable[Input], values: Mapping[str, float | None]) -> None:
    """Raise RefusedError unless every value is there and in its range."""
    found = refusals_of(declared, values)
    if found:
        raise RefusedError(found)
