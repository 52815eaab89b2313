"""The mappings of data stewards, and the RxNorm release, as every projection must see them: none
older than what is stored.

Who projects takes the lock shared and then asks, in a later statement, which mappings there are;
who changes a mapping or the release takes it alone. So whatever was projected by those before is
committed when a replay looks for it, and whatever comes after is projected by the new ones.

The lock comes first in a transaction, before any row is locked.
"""

from django.db import connection

from patients.selectors.meanings import meanings_in_force
from patients.terminology.meanings import LocalMeanings

MAPPING_LOCK = 7004
# who changes a mapping waits for every request that is being stored, and all that come then for it
LONGEST_WAIT = "10s"
# one round trip; each statement sees what was committed when it begins. The four numbers never
# fall: a mapping is not deleted, and its end is not taken back; the newest RxNorm release counts
HOLD = f"""
    SELECT pg_advisory_xact_lock_shared({MAPPING_LOCK});
    SELECT count(*), coalesce(max(id), 0), count(ended_at),
           (SELECT coalesce(max(id), 0) FROM patients_rxnormrelease)
    FROM patients_mapping
"""  # noqa: S608 a number of our own
State = tuple[str, int, int, int, int]

_known: tuple[State, LocalMeanings] | None = None


def hold() -> LocalMeanings:
    """The mappings in force; they stay so until the caller's transaction ends."""
    with connection.cursor() as cursor:
        cursor.execute(HOLD)
        cursor.nextset()
        counted = cursor.fetchone()
    return _meanings((str(connection.settings_dict["NAME"]), *counted))


def take() -> None:
    """Nobody projects anything before the caller's transaction ends.

    OperationalError when somebody still does after `LONGEST_WAIT`.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('lock_timeout', %s, true)", [LONGEST_WAIT])
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [MAPPING_LOCK])


def _meanings(state: State) -> LocalMeanings:
    """Read again only when something has changed: nobody can change it now."""
    global _known
    known = _known
    if known is None or known[0] != state:
        known = state, meanings_in_force(release=state[-1])
        _known = known
    return known[1]
