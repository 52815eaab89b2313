"""^C during a long command: the work in hand is finished, and no more is begun."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing import get_context
from types import FrameType

# new processes know nothing of this one's connections and threads
CONTEXT = get_context("spawn")


class Stop:
    """A flag that other processes see too. Without a lock: a signal handler sets it."""

    def __init__(self) -> None:
        self.flag = CONTEXT.RawValue("b", 0)

    def set(self) -> None:
        self.flag.value = 1

    def is_set(self) -> bool:
        return bool(self.flag.value)


@contextmanager
def stopped_by_interrupt(stop: Stop) -> Iterator[None]:
    """The first ^C sets the flag; the second interrupts as ever."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.getsignal(signal.SIGINT)

    def on_interrupt(number: int, frame: FrameType | None) -> None:
        stop.set()
        signal.signal(signal.SIGINT, before)

    signal.signal(signal.SIGINT, on_interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


@contextmanager
def interrupts_held() -> Iterator[None]:
    """^C waits. A process that is started meanwhile never hears it: its parent will tell."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
