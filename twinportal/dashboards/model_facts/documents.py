"""Facts for machines: a JSON document that is sent again only when it has changed."""

import hashlib
import json
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils.cache import get_conditional_response
from django.utils.http import quote_etag

READERS = ("clinician", "steward")


def document_answer(request: HttpRequest, document: dict[str, Any]) -> HttpResponse:
    """`document` as JSON; unchanged facts answer If-None-Match with 304."""
    text = json.dumps(document, indent=1, ensure_ascii=False, allow_nan=False)
    body = f"{text}\n".encode()
    etag = quote_etag(hashlib.sha256(body).hexdigest())
    answer = HttpResponse(body, content_type="application/json")
    answer["ETag"] = etag
    # kept by the one who asked, and asked again each time: who may read it can change
    answer["Cache-Control"] = "private, no-cache"
    conditional = get_conditional_response(request, etag=etag, response=answer)
    return conditional or answer
