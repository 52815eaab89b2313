"""Names for people who do not exist, mixed from many parts of the world: `tables/names.csv`."""

from patients.synthetic.chance import Chance
from patients.synthetic.vocabulary import table

TOWNS = ("Larkfield", "Easton Mills", "Port Calder", "Brookhaven Falls", "Marlow Heights")


def _names(kind: str) -> tuple[str, ...]:
    return tuple(row["name"] for row in table("names") if row["kind"] == kind)


GIVEN = {"female": _names("female"), "male": _names("male")}
FAMILY = _names("family")


def full_name(sex: str, chance: Chance) -> tuple[list[str], str]:
    """Given names and family name; the second given name keeps namesakes apart."""
    first, second = chance.pick(GIVEN[sex]), chance.pick(GIVEN[sex])
    return [first] if first == second else [first, second], chance.pick(FAMILY)
