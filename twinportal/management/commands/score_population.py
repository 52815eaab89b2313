from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone
from tqdm import tqdm

from patients.services.garbage import collect_rarely
from twinportal.population import services
from twinportal.population.models import PopulationRun

# what a shell says of a command that ^C ended
INTERRUPTED = 130


class Command(BaseCommand):
    help = "Score every twin with every model, with attributions; goes on with a run left open."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--batch",
            type=int,
            default=services.BATCH,
            help="twins scored and stored together (default: %(default)s)",
        )
        parser.add_argument(
            "--only-stale", action="store_true", help="only twins that changed and wait"
        )
        parser.add_argument(
            "--restart",
            action="store_true",
            help="end a run left open, and begin with the first twin",
        )
        parser.add_argument(
            "--stop", action="store_true", help="end the open run, whoever works on it, and no more"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if options["batch"] < 1:
            raise CommandError("--batch is 1 or more")
        if options["stop"]:
            self._stop()
            return
        if options["restart"]:
            self._stop()
        run = self._run(options["only_stale"])
        collect_rarely()
        with services.alone(run.pk) as is_mine:
            if not is_mine:
                raise CommandError(
                    f"A run since {run.started_at:%Y-%m-%d %H:%M} is at work in another process."
                )
            self._work(run, options["batch"])
        self._report(run)

    def _stop(self) -> None:
        run = services.open_run()
        if run is None:
            self.stdout.write("No run is open.")
        elif services.stop(run, now=timezone.now()):
            self.stdout.write(f"Stopped after {run.scored} of {run.total} twins.")

    def _run(self, only_stale: bool) -> PopulationRun:
        """The open run, else a new one."""
        begun = services.begin(now=timezone.now(), only_stale=only_stale)
        run = begun or services.open_run()
        if run is None:
            raise CommandError("Another run ended just now. Try again.")
        if begun is None:
            if run.only_stale != only_stale:
                raise CommandError("The open run is of the other kind (--only-stale): --restart?")
            self.stdout.write(f"Going on after {run.scored} of {run.total} twins.")
        return run

    def _work(self, run: PopulationRun, batch: int) -> None:
        with tqdm(total=run.total, initial=run.scored, desc="Scoring", unit=" twins") as bar:
            try:
                while services.step(run.pk, batch=batch):
                    run.refresh_from_db()
                    bar.update(run.scored - bar.n)
                    bar.set_postfix(created=run.created, failed=run.failed, refresh=False)
            except KeyboardInterrupt:
                raise CommandError(
                    "Stopped. What is done is stored; the same command goes on from there, and"
                    " workers do after two minutes (--stop ends it)",
                    returncode=INTERRUPTED,
                ) from None
            finally:
                run.refresh_from_db()
            bar.update(run.scored - bar.n)

    def _report(self, run: PopulationRun) -> None:
        width = max(map(len, run.by_model), default=5)
        self.stdout.write(f"{'model':{width}} {'created':>9} {'kept':>9} {'refused':>9}")
        for model_id, n in sorted(run.by_model.items()):
            if not any(n.values()):
                continue
            row = " ".join(f"{n[name]:>9,}" for name in ("created", "kept", "refused"))
            self.stdout.write(f"{model_id:{width}} {row}")
        rate = run.scored / run.seconds if run.seconds else 0
        self.stdout.write(
            f"{run.scored:,} of {run.total:,} twins in {run.seconds:.1f} s ({rate:.1f} a second):"
            f" {run.created:,} runs created (replays too), {run.kept:,} kept,"
            f" {run.superseded:,} superseded"
        )
        if run.state == PopulationRun.State.STOPPED:
            raise CommandError("The run was stopped by somebody else")
        if run.failed:
            causes = ", ".join(f"{error}: {n}" for error, n in sorted(run.failures.items()))
            raise CommandError(f"{run.failed} twins failed and are tried again ({causes})")
