"""Pages of patients and of nobody yet are in the reader's language; those of staff in English."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.utils import translation

from explain.wording.language import speaking

GetResponse = Callable[[HttpRequest], HttpResponse]
ENGLISH = "en"


class LanguageMiddleware:
    """Django's translation and that of the sentences, both in one language for one request."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        language = language_of(request)
        with translation.override(language), speaking(language):
            request.LANGUAGE_CODE = language
            response = self.get_response(request)
            response.setdefault("Content-Language", language)
            return response


def language_of(request: HttpRequest) -> str:
    """What a patient chose, else what the browser asks for; staff's pages are in English."""
    user = request.user
    if user.is_authenticated and user.role != user.Role.PATIENT:
        return ENGLISH
    chosen = getattr(user, "language", "")
    return chosen or translation.get_language_from_request(request)
