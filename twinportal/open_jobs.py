"""Jobs that are asked for on a page and of which one may be open: who clicks again starts no more.

A mark in Redis, where the broker is too. It goes when the job ends, or after a while: the job
must bear to run twice.
"""

import redis
from django.core.cache import caches

REFERENCES = "open-job:references"
LONGEST_SECONDS = 300


def begin(name: str, by: str) -> bool:
    """Whether none is open; then this one is. Raises redis.RedisError without Redis."""
    return bool(caches["rates"].add(name, by, LONGEST_SECONDS))


def end(name: str) -> None:
    try:
        caches["rates"].delete(name)
    except redis.RedisError:
        # it goes by itself
        return
