"""The patient's way around: the pages that there are, wherever one is."""

from typing import Any

from django import template
from django.urls import NoReverseMatch, reverse
from django.utils.translation import gettext_lazy as _

register = template.Library()
# URL name, what it is called, and the pages under it
PAGES = (
    ("portal-home", _("My results")),
    ("my-numbers", _("My numbers")),
    ("my-what-if", _("What if")),
    ("my-visit", _("My visit")),
    ("my-record", _("My record")),
)
MORE = (
    ("portal-outlook", _("Where my test results may go")),
    ("my-lower", _("What could lower my number")),
    ("my-similar", _("People like me")),
)


@register.simple_tag(takes_context=True)
def portal_pages(context: dict[str, Any]) -> list[dict[str, Any]]:
    """Links of the navigation; the page that is open, or above it, is marked."""
    path = context["request"].path if "request" in context else ""
    found = [{"url": url, "name": name} for url, name in _resolved(PAGES)]
    # the longest address that the open page begins with: "/my/" begins them all
    under = [link["url"] for link in found if path.startswith(link["url"])]
    here = max(under, key=len, default="")
    return [link | {"is_here": link["url"] == here} for link in found]


@register.simple_tag
def portal_more() -> list[tuple[str, Any]]:
    """Further pages of results, those that this installation has."""
    return _resolved(MORE)


@register.simple_tag
def url_if_any(name: str) -> str:
    """The address of a page; empty where there is no such page here."""
    try:
        return reverse(name)
    except NoReverseMatch:
        return ""


def _resolved(pages: tuple[tuple[str, Any], ...]) -> list[tuple[str, Any]]:
    return [(url, name) for page, name in pages if (url := url_if_any(page))]
