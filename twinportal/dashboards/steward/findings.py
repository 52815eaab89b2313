"""What a data steward must hear of first, in words, worst first."""

from dataclasses import dataclass
from datetime import timedelta

from django.urls import reverse

from patients.selectors.activity import Counts
from twinportal.dashboards.steward.aside import Aside
from twinportal.dashboards.steward.words import ago, counted, lasting
from twinportal.operations import Operations

# a twin is refreshed within seconds; so long is no queue
LONG_WAIT = timedelta(minutes=5)


@dataclass(frozen=True)
class Finding:
    """One sentence. `level` is "bad" (act now), "warn" (look at it) or "good"."""

    level: str
    words: str
    link: str = ""
    link_words: str = ""


def findings(state: Operations, today: Counts, apart: Aside) -> list[Finding]:
    """At least one: what is wrong, or that all is well."""
    found = [
        *_workers(state),
        *_bulk(state, apart),
        *_twins(state),
        *_pushes(today),
        *_aside(apart),
    ]
    found.sort(key=lambda finding: finding.level != "bad")
    return found or [_all_is_well(state)]


def _workers(state: Operations) -> list[Finding]:
    found = []
    if state.queues is None:
        words = (
            "The message broker (Redis) does not answer. Pushes are stored; no prediction is"
            " brought up to date until it is back."
        )
        found.append(Finding("bad", words, "#work", "Workers and queues"))
    elif state.is_quiet:
        found.append(Finding("bad", _quiet_words(state), "#work", "Workers and queues"))
    elif state.is_sweep_late:
        when = ago(state.sweep_at, state.at)
        words = (
            f"The sweep for forgotten twins last ran {when}: beat may be down, or the workers"
            " have more than they can do."
        )
        found.append(Finding("warn", words, "#work", "Workers and queues"))
    return found


def _bulk(state: Operations, apart: Aside) -> list[Finding]:
    link = reverse("steward-bulk"), "Imports and exports"
    found = []
    if apart.jobs_open and state.is_bulk_quiet:
        words = (
            f"{counted(apart.jobs_open, 'import or export', 'imports and exports')} wait, and no"
            " worker of the queue bulk has done anything: start one."
        )
        found.append(Finding("bad", words, *link))
    if apart.jobs_failed:
        words = f"{counted(apart.jobs_failed, 'import or export', 'imports and exports')} failed."
        found.append(Finding("warn", words, *link))
    return found


def _aside(apart: Aside) -> list[Finding]:
    found = []
    if apart.quarantined:
        words = f"{counted(apart.quarantined, 'resource')} in quarantine: sent, faulty, used by nothing."
        found.append(Finding("warn", words, reverse("quarantine"), "Which faults"))
    if apart.units:
        words = (
            f"Values of {counted(apart.unit_resources, 'resource')} are not used: their unit is"
            " missing, or not known here."
        )
        found.append(Finding("warn", words, reverse("steward-units"), "Which units"))
    return found


def _quiet_words(state: Operations) -> str:
    waiting = state.queues.total if state.queues else 0
    if state.worker_at is None:
        begin = "No worker has done anything yet"
    else:
        begin = f"No worker has done anything for {lasting(_seconds(state))}"
    if waiting:
        return f"{begin}, and {counted(waiting, 'message')} wait: start a worker."
    return f"{begin}, and nothing is queued: beat may be down too."


def _seconds(state: Operations) -> float:
    return (state.at - state.worker_at).total_seconds() if state.worker_at else 0.0


def _twins(state: Operations) -> list[Finding]:
    found, stale = [], state.stale
    if stale.failed:
        words = f"{counted(stale.failed, 'twin')} could not be recalculated."
        found.append(Finding("bad", words, "#twins", "Which error, and when it is tried again"))
    if stale.oldest and state.at - stale.oldest > LONG_WAIT and stale.waiting > stale.failed:
        age = lasting((state.at - stale.oldest).total_seconds())
        words = f"{counted(stale.waiting, 'twin')} wait for new predictions, the first for {age}."
        found.append(Finding("warn", words, "#twins", "Twins that wait"))
    return found


def _pushes(today: Counts) -> list[Finding]:
    found, rejects = [], f"{reverse('steward-rejects')}?days=2"
    if today.failed:
        words = (
            f"{counted(today.failed, 'request')} of the last 24 hours ended in an error of this"
            " server. Its log names the requests."
        )
        found.append(Finding("bad", words, "#clients", "Whose"))
    if today.refused:
        words = f"{counted(today.refused, 'write')} of the last 24 hours were refused."
        if today.refused == 1:
            words = "1 write of the last 24 hours was refused."
        found.append(Finding("warn", words, rejects, "Why"))
    if today.throttled:
        words = (
            f"{counted(today.throttled, 'request')} of the last 24 hours came too fast and were"
            " told to come again (429)."
        )
        found.append(Finding("warn", words, "#clients", "Whose"))
    return found


def _all_is_well(state: Operations) -> Finding:
    waiting = state.stale.waiting
    if not waiting:
        return Finding("good", "Everything that was sent is in, and every twin is up to date.")
    verb = "waits" if waiting == 1 else "wait"
    return Finding("good", f"Everything that was sent is in; {counted(waiting, 'twin')} {verb}.")
