from patients.selectors.everything import Record, everything
from patients.selectors.includes import included
from patients.selectors.resources import (
    compartments,
    concerns,
    history,
    stored_resource,
    stored_version,
)
from patients.selectors.search import Page, search, search_condition

__all__ = [
    "Page",
    "Record",
    "compartments",
    "concerns",
    "everything",
    "history",
    "included",
    "search",
    "search_condition",
    "stored_resource",
    "stored_version",
]
