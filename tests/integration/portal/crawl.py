"""Every page of the patient, by the addresses that the site has."""

import re
from typing import Any

from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

ESTIMATE = re.compile(r"out of 100|data-risk|data-probability|data-low")


def my_paths() -> list[str]:
    """Every address under /my/ that takes no argument, of whichever part of the portal."""
    found: list[str] = []

    def walk(patterns: list[Any], prefix: str) -> None:
        for one in patterns:
            path = prefix + str(one.pattern)
            if isinstance(one, URLResolver):
                walk(one.url_patterns, path)
            elif isinstance(one, URLPattern) and path.startswith("my/") and "<" not in path:
                found.append(f"/{path}")

    walk(get_resolver().url_patterns, "")
    return found


def read_all(client: Client) -> dict[str, str]:
    """What each of these pages says; those that only take a POST say nothing."""
    said = {}
    for path in my_paths():
        answer = client.get(path)
        assert answer.status_code in (200, 302, 404, 405), path
        # a PDF is drawn from the very page that is read here as HTML
        is_text = answer.status_code == 200 and "pdf" not in answer.headers["Content-Type"]
        said[path] = answer.content.decode() if is_text else ""
    return said
