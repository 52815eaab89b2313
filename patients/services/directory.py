"""Practitioners and places that senders repeat in bundle after bundle, each time as a create.

A client with `match_directory` means the one that has the identifier already. Patients are never
matched so: whose record a resource belongs to is for the sender to say.
"""

from patients.fhir.search import Query
from patients.fhir.search_index import token_strings
from patients.services.conditionals import Condition
from patients.services.interactions import Interaction

TYPES = {"Practitioner", "Organization", "Location", "PractitionerRole"}


def identity_of(interaction: Interaction) -> Condition | None:
    """The condition that this create stands for, if it is one of a directory.

    Where several have the identifier already, the first by id is meant: a patient's data are not
    refused because a directory has an entry twice.
    """
    if interaction.method != "POST" or interaction.type not in TYPES:
        return None
    tokens = tuple(
        token
        for identifier in (interaction.resource or {}).get("identifier", ())
        if identifier.get("system") and identifier.get("value") and identifier.get("use") != "old"
        # the first is "system|value", which alone says who it is
        for token in token_strings("identifier", identifier["system"], identifier["value"])[:1]
    )
    if not tokens:
        return None
    where = interaction.at(f"{interaction.type}.identifier")
    query = Query(interaction.type)
    return Condition(interaction.type, "", where, query, tokens, any_match=True)
