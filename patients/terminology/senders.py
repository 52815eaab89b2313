"""Who sent a version, from what is noted as its source.

"client 3" and "client 3, replayed from quarantine by user 5" are the client's; all else ("import
x.json", ...) was done on the server itself. `patients.selectors.senders` says the same in SQL.
"""

import re

CLIENT = "client "
SERVER = "server"
_SENDER = re.compile(rf"{SERVER}|{CLIENT}[0-9]{{1,18}}")


def sender_of(source: str) -> str:
    """ "client 3", or "server"."""
    return source.partition(",")[0] if source.startswith(CLIENT) else SERVER


def is_sender(text: str) -> bool:
    return _SENDER.fullmatch(text) is not None


def client_number(sender: str) -> int | None:
    """The client's application; None for the server."""
    number = sender.removeprefix(CLIENT)
    return int(number) if sender != number and number.isdecimal() else None
