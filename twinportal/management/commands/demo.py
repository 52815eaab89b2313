"""`make demo`: the whole product on one machine, with a synthetic cohort."""

import socket
import time
import urllib.error
import urllib.request
from argparse import ArgumentParser
from typing import Any

from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import connections
from django.utils import timezone
from tqdm import tqdm

from patients.models import Patient
from patients.services.cohort import load_synthetic_cohort
from twinportal import demo, embedded
from twinportal.supervisor import Supervisor, interrupt_on_signals, portal_children

READY_SECONDS = 60


class Command(BaseCommand):
    help = "Start web, worker, beat, PostgreSQL and Redis, with a synthetic cohort."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--port", type=int, default=8000)
        parser.add_argument("--patients", type=int, default=200)

    def handle(self, *args: Any, **options: Any) -> None:
        port: int = options["port"]
        _refuse_a_taken_port(port)
        base_url = f"http://127.0.0.1:{port}"
        summary_path = embedded.var_dir() / "demo.json"
        known = demo.read_summary(summary_path)
        call_command("migrate", verbosity=0, interactive=False)
        supervisor = Supervisor(
            portal_children(port, embedded.var_dir() / "log"), report=self.stderr.write
        )
        with interrupt_on_signals():
            try:
                supervisor.start()
                self._load(options["patients"])
                users = demo.create_people(known.get("users", []))
                self._wait_for_predictions(supervisor)
                demo.monitor_models()
                _wait_until_ready(base_url, supervisor)
                ehr = demo.ehr_sign_on(base_url, embedded.var_dir() / "ehr-key.json", known)
                summary = demo.write_summary(summary_path, base_url=base_url, users=users, ehr=ehr)
                self._introduce(summary)
                connections.close_all()
                supervisor.watch()
            except KeyboardInterrupt:
                self.stdout.write("\nStopping ...")
            finally:
                supervisor.stop()

    def _load(self, patients: int) -> None:
        """The cohort, once: an installation that has patients keeps them."""
        if Patient.objects.exists():
            return
        bar = tqdm(total=patients, desc="Loading the synthetic cohort", unit=" patients")
        with bar:
            load_synthetic_cohort(
                patients, seed=demo.SEED, now=timezone.now(), progress=lambda: bar.update()
            )

    def _wait_for_predictions(self, supervisor: Supervisor) -> None:
        first = demo.waiting_twins()
        with tqdm(total=first, desc="Computing the predictions   ", unit=" twins") as bar:
            while waiting := demo.waiting_twins():
                bar.update(max(first - waiting - bar.n, 0))
                supervisor.restart_the_dead(time.monotonic())
                time.sleep(0.25)
            bar.update(first - bar.n)

    def _introduce(self, summary: dict[str, Any]) -> None:
        lines = ["", f"Twinportal runs at {summary['base_url']}", ""]
        lines += [
            f"  {user['role']:<10} {user['username']:<10} password {user['password']}"
            for user in summary["users"]
        ]
        lines += [
            "",
            f"  FHIR R4    {summary['fhir_base_url']}",
            f"  EHR token  {summary['ehr_token']}",
            f"  EHR key    {summary['ehr_client']['key']}",
            "",
            f"All of this is in {embedded.var_dir() / 'demo.json'}. Ctrl-C stops everything.",
        ]
        self.stdout.write("\n".join(lines))
        self.stdout.flush()


def _refuse_a_taken_port(port: int) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            raise CommandError(
                f"Port {port} is taken. Stop what uses it, or: make demo PORT={port + 1}"
            ) from error


def _wait_until_ready(base_url: str, supervisor: Supervisor) -> None:
    deadline = time.monotonic() + READY_SECONDS
    while time.monotonic() < deadline:
        try:
            with urllib.request.urlopen(f"{base_url}/readyz", timeout=2) as answer:  # noqa: S310
                if answer.status == 200:
                    return
        except (urllib.error.URLError, OSError):
            supervisor.restart_the_dead(time.monotonic())
            time.sleep(0.25)
    raise CommandError(f"The web process did not get ready; see {embedded.var_dir() / 'log'}")
