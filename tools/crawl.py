"""Finds the pages of the portal as a reader does: by following links. One address for each kind.

The tests look at every page that is found, and `tools/screenshots.py` takes a picture of each, so
a new page is looked at as soon as something links to it.
"""

from collections import deque
from collections.abc import Callable, Iterable
from html.parser import HTMLParser
from urllib.parse import urljoin, urlsplit

from django.urls import Resolver404, resolve

# what a link downloads, and what is no page of ours
NOT_PAGES = ("/fhir", "/admin", "/oauth", "/static", "/accounts")
# pages of one kind that differ so much that each is looked at
MANY = {"drug-levels": 2, "prediction": 2}


class _Links(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag == "a" and given.get("href") and "download" not in given:
            self.found.append(given["href"] or "")


def links(html: str, page: str) -> list[str]:
    """Paths (with queries) that a page links to on its own site, in its order, without fragments."""
    parser = _Links()
    parser.feed(html)
    found = []
    for href in parser.found:
        parts = urlsplit(urljoin(page, href))
        if not parts.scheme and not parts.netloc and parts.path.startswith("/"):
            found.append(parts.path + (f"?{parts.query}" if parts.query else ""))
    return list(dict.fromkeys(found))


def kind_of(path: str) -> str | None:
    """The URL name of a page, with the names of its query's fields; None for what is none."""
    parts = urlsplit(path)
    if parts.path.startswith(NOT_PAGES):
        return None
    try:
        name = resolve(parts.path).url_name
    except Resolver404:
        return None
    fields = sorted({pair.split("=")[0] for pair in parts.query.split("&") if pair})
    if "tab" in fields:
        fields = [pair for pair in parts.query.split("&") if pair.startswith("tab=")]
    return "+".join([name or parts.path, *fields])


def crawl(get: Callable[[str], str | None], starts: Iterable[str]) -> dict[str, list[str]]:
    """Kind -> addresses, breadth first from `starts`.

    `get` answers the HTML of a path, or None for what is no page (a file, a refusal).
    """
    found: dict[str, list[str]] = {}
    seen: set[str] = set()
    waiting = deque(starts)
    while waiting:
        path = waiting.popleft()
        kind = kind_of(path)
        if path in seen or kind is None:
            continue
        seen.add(path)
        if len(found.get(kind, [])) >= MANY.get(kind, 1):
            continue
        html = get(path)
        if html is None:
            continue
        found.setdefault(kind, []).append(path)
        waiting.extend(links(html, path))
    return found
