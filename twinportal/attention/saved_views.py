"""A person's own queries of the worklist under a name. Nobody else's are ever read or changed."""

from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import QuerySet

from twinportal.accounts.models import User
from twinportal.attention.models import LONGEST_NAME, LONGEST_QUERY, SavedView
from twinportal.typed import typed_line

MOST = 20


class ViewError(Exception):
    """Nothing was stored; the message says why, for the page."""


def views_of(user: Any) -> "QuerySet[SavedView]":
    return SavedView.objects.filter(user=user).order_by("name")


@transaction.atomic
def save_view(user: Any, *, name: str, query: str) -> SavedView:
    """Keep `query` under `name`; the same name again takes the new query. Raises ViewError."""
    name = _named(name)
    # two windows at once must not make one more than there may be
    User.objects.select_for_update().get(pk=user.pk)
    if len(query) > LONGEST_QUERY:
        raise ViewError("These filters are too long to be kept.")
    others = views_of(user).exclude(name=name)
    if others.count() >= MOST:
        raise ViewError(f"There are {MOST} saved views already: delete one first.")
    view, _ = SavedView.objects.update_or_create(user=user, name=name, defaults={"query": query})
    return view


def rename_view(view: SavedView, name: str) -> None:
    """Raises ViewError where the name is empty, too long or taken."""
    view.name = _named(name)
    try:
        with transaction.atomic():
            view.save(update_fields=["name"])
    except IntegrityError as error:
        raise ViewError("Another view has this name.") from error


@transaction.atomic
def set_default(view: SavedView, *, on: bool) -> None:
    """What the worklist opens with; one at most."""
    views_of(view.user).filter(is_default=True).update(is_default=False)
    if on:
        SavedView.objects.filter(pk=view.pk).update(is_default=True)


def _named(name: str) -> str:
    name = typed_line(name)
    if not name or len(name) > LONGEST_NAME:
        raise ViewError(f"Give the view a name of at most {LONGEST_NAME} characters.")
    return name
