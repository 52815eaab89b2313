"""Modifier extensions change what an element means, up to its opposite. R4 forbids to process what
has one that is not understood, and none is understood here.
"""

from collections.abc import Mapping
from dataclasses import replace

from patients.record.drafts import FactDraft, Json, Kind, Quality
from patients.terminology.allergies import LISTED


def unknown_modifier(resource: Json) -> str:
    """What changes the meaning of the resource or a part of it, in words; "" if nothing does.

    Contained resources speak for themselves.
    """
    if rules := resource.get("implicitRules"):
        return f"follows rules that are not known here: {rules}"
    stack: list[object] = [{n: value for n, value in resource.items() if n != "contained"}]
    while stack:
        node = stack.pop()
        if type(node) is dict:
            if found := _modifier_of(node):
                return found
            stack.extend(v for v in node.values() if type(v) is dict or type(v) is list)
        elif type(node) is list:
            stack.extend(v for v in node if type(v) is dict or type(v) is list)
    return ""


def _modifier_of(node: Mapping[str, object]) -> str:
    found = node.get("modifierExtension")
    if not found:
        return ""
    first = found[0] if isinstance(found, list) else found
    url = first.get("url", "") if isinstance(first, dict) else ""
    return f"changed by an extension that is not known here: {url}"


def modified(draft: FactDraft, reason: str) -> FactDraft:
    """The draft as far as it may be believed: not at all, but an allergy still warns."""
    if draft.kind == Kind.ALLERGY and draft.value_code == LISTED and draft.quality.feeds_models:
        return replace(draft, quality=Quality.VERIFY, reason=reason)
    if draft.quality == Quality.INACTIVE:
        return draft
    return replace(draft, quality=Quality.MODIFIED, reason=reason)
