"""One kept candidate in a few sentences, for the FHIR record. From its snapshot."""

from typing import Any

from twinportal.treatment.words import difference_words, months_words, shares_words

Json = dict[str, Any]


def summary(one: Json) -> str:
    """Benefits, harms and what is to be looked at, as they were ranked."""
    parts = [_event(change) for change in (*one["benefits"], *one["harms"])]
    parts += [
        f"{change['label']}: {change['before']:.3g} to {change['after']:.3g} {change['unit']}"
        for change in one["values"]
    ]
    parts += [found["message"] for found in one["findings"] if found["level"] != "told"]
    if one["monitoring"]:
        tests = "; ".join(f"{row['test']} ({row['when']})" for row in one["monitoring"])
        parts.append(f"To measure: {tests}")
    return " ".join(f"{part.rstrip('.')}." for part in parts) or "No figure is known."


def _event(change: Json) -> str:
    whose = "" if change["baseline"] == "twin" else ", people of the trial"
    low, high = change["difference_low"], change["difference_high"]
    shares = (
        "" if change["is_excess_only"] else f"{shares_words(change['before'], change['after'])}, "
    )
    return (
        f"{change['label']} within {months_words(change['months'])}: {shares}"
        f"{difference_words(change['difference'], low, high)}{whose}"
    )
