"""The mappings of data stewards as every projection must see them: none older than what is stored.

Who projects takes the lock shared and then asks, in a later statement, which mappings there are;
who changes a mapping takes it alone. So whatever was projected by the mappings before is committed
when a replay looks for it, and whatever comes after is projected by the new ones.

The lock comes first in a transaction, before any row is locked.
"""

from django.db import connection

from patients.models import Mapping
from patients.terminology.meanings import Key, LocalMeanings, MappingKind, Statement, meanings_of

MAPPING_LOCK = 7004
# who changes a mapping waits for every request that is being stored, and all that come then for it
LONGEST_WAIT = "10s"
# one round trip; each statement sees what was committed when it begins. The three numbers never
# fall: a mapping is not deleted, and its end is not taken back
HOLD = f"""
    SELECT pg_advisory_xact_lock_shared({MAPPING_LOCK});
    SELECT count(*), coalesce(max(id), 0), count(ended_at) FROM patients_mapping
"""  # noqa: S608 a number of our own
State = tuple[str, int, int, int]

_known: tuple[State, LocalMeanings] | None = None


def hold() -> LocalMeanings:
    """The mappings in force; they stay so until the caller's transaction ends."""
    with connection.cursor() as cursor:
        cursor.execute(HOLD)
        cursor.nextset()
        count, newest, ended = cursor.fetchone()
    return _meanings((str(connection.settings_dict["NAME"]), count, newest, ended))


def take() -> None:
    """Nobody projects anything before the caller's transaction ends.

    OperationalError when somebody still does after `LONGEST_WAIT`.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('lock_timeout', %s, true)", [LONGEST_WAIT])
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [MAPPING_LOCK])


def key_of(mapping: Mapping) -> Key:
    kind = MappingKind(mapping.kind)
    return Key(kind, mapping.concept, mapping.system, mapping.code, mapping.source)


def _meanings(state: State) -> LocalMeanings:
    """Read again only when something has changed: nobody can change it now."""
    global _known
    known = _known
    if known is None or known[0] != state:
        rows = Mapping.objects.filter(ended_at=None)
        known = state, meanings_of(Statement(m.pk, key_of(m), m.target) for m in rows)
        _known = known
    return known[1]
