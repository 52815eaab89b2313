"""Who sent what is stored: clients by their names, and this server's own imports."""

from django.db.models import Case, F, Func, TextField, Value, When
from oauth2_provider.models import get_application_model

from patients.terminology.senders import CLIENT, SERVER, client_number


def sender_at(source: str) -> Case:
    """SQL of `sender_of` for a column."""
    parts = Func(F(source), Value(","), Value(1), function="split_part", output_field=TextField())
    return Case(
        When(**{f"{source}__startswith": CLIENT}, then=parts),
        default=Value(SERVER),
        output_field=TextField(),
    )


def sender_names() -> dict[str, str]:
    """Every sender that may have units of its own, with its name."""
    applications = get_application_model().objects.order_by("name", "pk")
    names = {f"{CLIENT}{pk}": name for pk, name in applications.values_list("pk", "name")}
    return names | {SERVER: "imports on this server"}


def sender_name(sender: str) -> str:
    """A client's name, or its number where it is gone."""
    number = client_number(sender)
    if number is None:
        return sender_names()[SERVER] if sender == SERVER else sender
    found = get_application_model().objects.filter(pk=number).values_list("name", flat=True)
    return found.first() or sender
