"""The patient's way around: the pages that there are, wherever one is."""

from typing import Any

from django import template
from django.conf import settings
from django.urls import reverse
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
    ("my-about", _("What this is, and whom to call")),
)


@register.simple_tag(takes_context=True)
def portal_pages(context: dict[str, Any]) -> list[dict[str, Any]]:
    """Links of the navigation; the page that is open, or above it, is marked."""
    path = context["request"].path if "request" in context else ""
    found = [(reverse(page), name) for page, name in PAGES]
    # the longest address that the open page begins with: "/my/" begins them all
    here = max((url for url, _name in found if path.startswith(url)), key=len, default="")
    return [{"url": url, "name": name, "is_here": url == here} for url, name in found]


@register.simple_tag
def portal_more() -> list[tuple[str, Any]]:
    """Further pages of results, those that this installation has."""
    without = () if settings.SIMILAR == "on" else ("my-similar",)
    return [(reverse(page), name) for page, name in MORE if page not in without]
