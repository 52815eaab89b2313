"""Gene identifiers: network, targets and expression must use one system, stated and not guessed."""

import re
from enum import Enum


class NetworkError(ValueError):
    """An input of the network ranking cannot be used; the message says where and why."""


class GeneSystem(Enum):
    """The identifier system of a table, with the form of its identifiers."""

    ENTREZ = r"[1-9][0-9]{0,8}"
    HGNC = r"HGNC:[1-9][0-9]{0,5}"
    ENSEMBL = r"ENSG[0-9]{11}"
    SYMBOL = r"[A-Za-z][A-Za-z0-9._@-]{0,39}"

    def accepts(self, gene: str) -> bool:
        # "1-Mar" and "2-Sep" are gene symbols that a spreadsheet turned into dates: they begin
        # with a digit, which no symbol of this form does
        return re.fullmatch(self.value, gene) is not None


SHOWN = 5


def some(things: list[str]) -> str:
    """The first few of many, for a message."""
    rest = len(things) - SHOWN
    return ", ".join(things[:SHOWN]) + (f" and {rest} more" if rest > 0 else "")
