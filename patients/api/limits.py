"""What this door does not take, in words."""

from django.conf import settings

from patients.api.rates import in_words
from patients.fhir.search import LARGEST_COUNT, MOST_INNER, MOST_VALUES


def limits_in_words(base_url: str) -> str:
    return (
        f"{base_url}/openapi.json says the same in OpenAPI. "
        f"A bundle has at most {settings.FHIR_MAX_BUNDLE_ENTRIES} entries and a body at most "
        f"{settings.FHIR_MAX_BODY_BYTES} bytes (413); a page has at most {LARGEST_COUNT} matches "
        f"and {settings.FHIR_MAX_INCLUDED} included resources; a search has at most {MOST_VALUES} "
        f"values and {MOST_INNER} chained parameters and _has. "
        f"A client makes {in_words(settings.FHIR_RATE)} requests unless it was given another rate, "
        "a bundle being one; beyond that the answer is 429 with Retry-After. "
        "Every answer has an X-Request-ID, the client's own if it sent a plain one."
    )
