"""What the pages of correction rules show: before one is made, and what one has stored."""

from dataclasses import dataclass
from functools import cached_property

from patients.models import QuarantinedResource
from patients.services.rule_reach import Touched, touched_by_rule, versions_now

# elements whose wrong code changes every model
WARNINGS = {
    "Patient.gender": (
        "Every model reads the sex of the Patient: a wrong code gives wrong predictions for"
        " everybody whom the rule touches."
    ),
}


def warning_about(element: str) -> str:
    """What to think of before a rule about this element; "" for most."""
    return WARNINGS.get(element, "")


@dataclass(frozen=True)
class RulePreview:
    """A rule as it would be made."""

    application_id: int | None
    element: str
    from_text: str
    to_text: str
    reason: str

    @cached_property
    def touched(self) -> Touched:
        return touched_by_rule(
            application_id=self.application_id, element=self.element, text=self.from_text
        )

    @property
    def warning(self) -> str:
        return warning_about(self.element)


@dataclass(frozen=True)
class StoredRow:
    """One item that a rule has made storable, and what has become of it."""

    item: QuarantinedResource
    since: str


def stored_rows(items: list[QuarantinedResource]) -> list[StoredRow]:
    """With the state of each resource now. One query for any number."""
    now = versions_now(items)
    return [StoredRow(item, _since(item, now)) for item in items]


def _since(item: QuarantinedResource, now: dict[tuple[str, str], tuple[int, bool]]) -> str:
    found = now.get((item.stored_type, item.stored_id))
    if not item.stored_id:
        return "a transaction: see the item"
    if found is None:
        return "not here any more"
    version, is_deleted = found
    if is_deleted:
        return "deleted since"
    return "current" if version == item.stored_version else f"version {version} since"
