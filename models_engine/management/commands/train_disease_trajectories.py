"""Train disease trajectories on the people of this server, and say how good they are."""

from argparse import ArgumentParser
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from models_engine.catalogue.disease.artefact import write
from models_engine.catalogue.disease.landmarks import Rules
from models_engine.catalogue.disease.train import NotEnoughError, Settings, train
from models_engine.catalogue.disease.vocabulary import label
from models_engine.disease_histories import Histories, histories


class Command(BaseCommand):
    help = __doc__

    def add_arguments(self, parser: ArgumentParser) -> None:
        rules, chosen = Rules(), Settings()
        add = parser.add_argument
        add("--as-of", type=date.fromisoformat, help="data end on this day (default: today)")
        add("--window", type=int, default=rules.window, help="days looked ahead (%(default)s)")
        add("--run-in", type=int, default=rules.run_in, help="days of record before (%(default)s)")
        add("--gap", type=int, default=rules.gap, help="days of silence that end it (%(default)s)")
        add("--min-history", type=int, default=rules.min_history, help="diagnoses (%(default)s)")
        add(
            "--min-people",
            type=int,
            default=chosen.least_people,
            help="nothing is kept that fewer people share (%(default)s)",
        )
        add("--min-events", type=int, default=chosen.least_events, help="per number (%(default)s)")
        add(
            "--min-asked",
            type=int,
            default=chosen.least_asked,
            help="people with a next diagnosis to choose and to measure in (%(default)s)",
        )
        add("--most-people", type=int, default=100_000, help="people to train on (%(default)s)")
        add("--seed", type=int, default=chosen.seed)
        add("--folder", type=Path, help="where to write (default: the setting's folder)")
        add("--note", default="", help="what kind of data these are, shown on every page")

    def handle(self, *args: Any, **options: Any) -> None:
        now = timezone.now()
        as_of = datetime.combine(options["as_of"] or now.date(), time.max, tzinfo=UTC)
        if as_of.date() > now.date():
            raise CommandError("--as-of lies in the future")
        try:
            chosen = self._settings(options)
        except ValueError as error:
            raise CommandError(str(error)) from error
        found = histories(as_of, chosen.rules, most=options["most_people"], seed=chosen.seed)
        self._say_left_out(found, chosen)
        try:
            content = train(
                found.people,
                chosen,
                as_of=as_of.date().toordinal(),
                labels=lambda t: label(t, found.display(t, chosen.least_people)),
                said=self.stdout.write,
            )
        except NotEnoughError as error:
            raise CommandError(f"Not trained: {error}.") from error
        content["trained_on"] = f"{now:%Y-%m-%d}"
        content["note"] = options["note"]
        path = write(options["folder"] or settings.DISEASE_TRAJECTORIES_DIR, content)
        self._report(content, path)

    def _settings(self, options: dict[str, Any]) -> Settings:
        rules = Rules(
            window=options["window"],
            run_in=options["run_in"],
            gap=options["gap"],
            min_history=options["min_history"],
        )
        return Settings(
            rules=rules,
            least_people=options["min_people"],
            least_events=options["min_events"],
            least_asked=options["min_asked"],
            seed=options["seed"],
        )

    def _say_left_out(self, found: Histories, chosen: Settings) -> None:
        for reason, number in sorted(found.left_out.items()):
            shown = number if number >= chosen.least_people else f"fewer than {chosen.least_people}"
            self.stdout.write(f"left out: {shown}, {reason}")

    def _report(self, content: dict[str, Any], path: Path) -> None:
        held = content["held_out"]["methods"]
        for method, row in held["recall"].items():
            gain = held["gain"][method]
            self.stdout.write(
                f"{method:<12} top-{held['top']} recall {row['mean']:.3f} "
                f"({row['low']:.3f} to {row['high']:.3f}), log likelihood {gain['mean']:+.4f} "
                f"({gain['low']:+.4f} to {gain['high']:+.4f}) a person"
            )
        for band in content["held_out"]["in_the_large"]:
            self.stdout.write(
                f"held-out: predicted {band['predicted']:.4f}, observed {band['observed']:.4f}"
            )
        for problem in content["problems"]:
            self.stdout.write(f"not to be shown: {problem}")
        self.stdout.write(f"written: {path}")
        self.stdout.write(f"to switch it on: TWINPORTAL_DISEASE_TRAJECTORIES={path.stem}")
