from patients.selectors.audit_log import logged_event, search_log
from patients.selectors.everything import Record, everything
from patients.selectors.identity import has_double, shared_identifiers
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
    "has_double",
    "history",
    "included",
    "logged_event",
    "search",
    "search_condition",
    "search_log",
    "shared_identifiers",
    "stored_resource",
    "stored_version",
]
