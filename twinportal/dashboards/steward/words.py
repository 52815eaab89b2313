"""Plain words for what a data steward reads: moments, codes of faults, senders."""

from datetime import datetime

from patients.models.activity import OTHER
from patients.services.activity import NOBODY, PERSON, SERVER

# the value set issue-type, as far as this server uses it
CODES = {
    "business-rule": "a rule of this server forbids it",
    "code-invalid": "the code is not one of those allowed",
    "conflict": "somebody else was writing the same",
    "deleted": "it is deleted",
    "duplicate": "several resources match",
    "exception": "an error of this server",
    "forbidden": "the client may not do this",
    "incomplete": "something is missing from it",
    "invalid": "it does not fit the request",
    "invariant": "it breaks a rule of FHIR",
    "multiple-matches": "several resources match",
    "not-found": "what it refers to is not here",
    "not-supported": "this server does not do that",
    "processing": "it could not be processed",
    "required": "a required element is missing",
    "structure": "the structure is not that of FHIR",
    "too-costly": "it is too large",
    "value": "the value is malformed or out of range",
    OTHER: "further causes, beyond 500 in a day",
}
SENDERS = {
    SERVER: "On the server itself",
    PERSON: "Signed-in persons",
    NOBODY: "Without a valid token",
}
ABOUT_SENDERS = {
    SERVER: "file imports, merges and other commands",
    PERSON: "tokens that stand for a person, and read only",
    NOBODY: "requests that were turned away with 401",
}


def code_words(code: str) -> str:
    """ "required" -> "a required element is missing"; an unknown code as it is."""
    return CODES.get(code, code)


def ago(moment: datetime | None, now: datetime) -> str:
    """ "just now", "4 minutes ago", "3 days ago"; "never"."""
    if moment is None:
        return "never"
    seconds = (now - moment).total_seconds()
    return "just now" if seconds < 60 else f"{lasting(seconds)} ago"


def lasting(seconds: float) -> str:
    """ "4 minutes", "1 hour", "3 days"."""
    for size, name, least in ((86400, "day", 2 * 86400), (3600, "hour", 2 * 3600)):
        if seconds >= least:
            return counted(int(seconds // size), name)
    if seconds >= 60:
        return counted(int(seconds // 60), "minute")
    return counted(max(int(seconds), 0), "second")


def counted(number: int, thing: str, things: str = "") -> str:
    """ "1 twin", "1,204 twins"."""
    return f"{number:,} {thing if number == 1 else things or f'{thing}s'}"


def size_words(number: int) -> str:
    """Bytes as "340 kB", "1.2 GB"."""
    size = float(number)
    for name in ("bytes", "kB", "MB", "GB"):
        if size < 1000:
            return f"{size:.0f} {name}" if size >= 10 or name == "bytes" else f"{size:.1f} {name}"
        size /= 1000
    return f"{size:,.1f} TB"
