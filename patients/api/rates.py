"""How many requests a client may make, counted in Redis by all web processes together.

One counter for each client and span of time: DRF's own list of moments would be read and written
whole at every request, and two processes would overwrite each other's.
"""

import logging
import re
import time
from threading import Lock
from typing import Any

from django.conf import settings
from django.core.cache import caches
from redis.exceptions import RedisError
from rest_framework.request import Request
from rest_framework.throttling import SimpleRateThrottle
from rest_framework.views import APIView

from patients.errors import FhirError
from patients.fhir.outcome import Issue
from patients.models.client import OFF, RATE

log = logging.getLogger(__name__)
REST_SECONDS = 60
SECONDS = {"s": 1, "min": 60, "h": 3600, "d": 86400}


class Pause:
    """While Redis is away nobody asks it: its timeouts would be every client's, and the log full.

    Each process has its own.
    """

    def __init__(self) -> None:
        self._until = 0.0
        self._lock = Lock()

    def is_on(self, now: float) -> bool:
        return now < self._until

    def begin(self, now: float) -> bool:
        """Whether this began one, rather than somebody else at the same moment."""
        with self._lock:
            if self.is_on(now):
                return False
            self._until = now + REST_SECONDS
            return True


_pause = Pause()


def in_words(rate: str) -> str:
    """
    >>> in_words("20000/min"), in_words("")
    ('20000/min', 'any number of')
    """
    return rate if RATE.fullmatch(rate) and rate != OFF else "any number of"


class Rate(SimpleRateThrottle):
    """So many requests in each span of time. Without Redis the door stays open: what a client
    sends is clinical, and a limit is not worth its loss.
    """

    def __init__(self) -> None:
        """The rate is the client's, and known when it asks."""

    def rate_of(self, request: Request) -> str:
        raise NotImplementedError

    def allow_request(self, request: Request, view: APIView) -> bool:
        rate, who = self.rate_of(request), self.get_cache_key(request, view)
        if not rate or rate == OFF or who is None:
            return True
        most, _, span = rate.partition("/")
        seconds, now = SECONDS[span], self.timer()
        self.left = seconds - now % seconds
        return self._count(f"{who}/{rate}/{int(now // seconds)}", seconds) <= int(most)

    def wait(self) -> float:
        """Until the next span begins."""
        return self.left

    def _count(self, key: str, seconds: int) -> int:
        """This request's number in its span; 0 when it could not be counted."""
        now = time.monotonic()
        if _pause.is_on(now):
            return 0
        try:
            return _add(key, seconds)
        except RedisError as error:
            if _pause.begin(now):
                words = "no request is limited for %s s: Redis is away (%s)"
                log.error(words, REST_SECONDS, type(error).__name__)
            return 0


def _add(key: str, seconds: int) -> int:
    counters = caches["rates"]
    try:
        return counters.incr(key)
    except ValueError:  # the first of its span, or one of the first
        # kept for longer than its span, so that it cannot end between two steps
        return 1 if counters.add(key, 1, timeout=2 * seconds) else counters.incr(key)


class ClientRate(Rate):
    """For each OAuth application, or each person whose token has none."""

    def rate_of(self, request: Request) -> str:
        return getattr(request.auth, "rate", "") or str(settings.FHIR_RATE)

    def get_cache_key(self, request: Request, view: APIView) -> str | None:
        bearer: Any = request.auth
        if bearer is None:
            return None
        application = bearer.application_id
        return f"user-{bearer.user_id}" if application is None else f"client-{application}"


class FailedTokenRate(Rate):
    """For each address that sends no valid token. A valid one is always heard: several clients may
    share an address, as behind a proxy.
    """

    def rate_of(self, request: Request) -> str:
        return str(settings.FHIR_ANONYMOUS_RATE)

    def get_cache_key(self, request: Request, view: APIView) -> str:
        # not X-Forwarded-For, which everybody may write; an IPv6 address is no good as a key
        address = re.sub(r"[^0-9A-Za-z.]", "-", request.META.get("REMOTE_ADDR", ""))
        return f"address-{address}"


def too_many(seconds: float | None) -> FhirError:
    """FhirError 429."""
    words = "Too many requests: wait for as many seconds as Retry-After says"
    after = str(max(1, int((seconds or 0) + 0.999)))
    return FhirError(429, [Issue("error", "throttled", words)], {"Retry-After": after})


def refused(error: FhirError, request: Request, view: APIView) -> FhirError:
    """`error`, a 401, or 429 where one address has had too many of them."""
    rate = FailedTokenRate()
    return error if rate.allow_request(request, view) else too_many(rate.wait())
