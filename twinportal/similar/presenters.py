"""The clinician's page: shares in words, and pictures with the same numbers."""

from dataclasses import dataclass

from explain.figures.icon_array import IconArray, icon_array
from twinportal.similar.comparison import Alike, Comparison, Fared
from twinportal.similar.disclosure import Told

TOO_FEW = "too few to tell"
GROUPS = {
    "person": "Person",
    "measurement": "Measurements",
    "condition": "Conditions",
    "medicine": "Medicines",
}


@dataclass(frozen=True)
class FaredRow:
    """One event as words; `icons` where there is a share to draw."""

    label: str
    told: Told
    years: str

    @property
    def had(self) -> str:
        return told_text(self.told)

    @property
    def had_not(self) -> str:
        return others_text(self.told)

    @property
    def interval(self) -> str:
        return interval_text(self.told)

    @property
    def icons(self) -> IconArray | None:
        return icon_array(self.told.share) if self.told.kind == "share" else None

    @property
    def picture(self) -> str:
        """What the picture says: the same as its row of the table."""
        return f"{self.label}: {self.had} within {self.years}."


def fared_rows(found: Comparison) -> list[FaredRow]:
    return [_fared_row(one, years_text(found.years)) for one in found.fared]


def _fared_row(one: Fared, years: str) -> FaredRow:
    return FaredRow(one.label, one.told, years)


@dataclass(frozen=True)
class AlikeRow:
    """One feature as words."""

    label: str
    own: str
    same: str
    missing: str


def alike_groups(found: Comparison) -> list[tuple[str, list[AlikeRow]]]:
    """Features by kind, in their order."""
    return [
        (title, [_alike_row(one) for one in found.alike if one.feature.group == group])
        for group, title in GROUPS.items()
    ]


def _alike_row(one: Alike) -> AlikeRow:
    is_measured = one.feature.group == "measurement"
    return AlikeRow(
        one.feature.label,
        one.own,
        told_text(one.same) if one.same is not None else "not compared",
        told_text(one.missing) if is_measured else "",
    )


def told_text(one: Told) -> str:
    """ "about 25 out of 100", "fewer than 20 out of 100", "too few to tell"."""
    match one.kind:
        case "share":
            return f"about {one.share} out of 100"
        case "below":
            return f"fewer than {one.share} out of 100"
        case "above":
            return f"more than {one.share} out of 100"
        case "few":
            return TOO_FEW


def others_text(one: Told) -> str:
    """The rest of the hundred."""
    match one.kind:
        case "share":
            return f"about {one.others} out of 100"
        case "below":
            return f"more than {one.others} out of 100"
        case "above":
            return f"fewer than {one.others} out of 100"
        case "few":
            return TOO_FEW


def interval_text(one: Told) -> str:
    """Empty where no share is told."""
    if one.kind != "share":
        return ""
    (low_kind, low), (high_kind, high) = one.low_words, one.high_words
    first = f"fewer than {low}" if low_kind else str(low)
    last = f"more than {high}" if high_kind else str(high)
    return f"{first} to {last}"


def years_text(years: int) -> str:
    return f"{years} year{'' if years == 1 else 's'}"


def age_text(found: Comparison) -> str:
    """ "50 to 74 years", "85 years and older"."""
    if found.oldest is None:
        return f"{found.youngest} years and older"
    return f"{found.youngest} to {found.oldest} years"
