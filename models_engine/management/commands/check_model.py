from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from models_engine.candidates import candidate_models
from models_engine.catalogue.contract import ClinicalModel
from models_engine.catalogue.facts import EVIDENCE_TEXT
from models_engine.checks import run_checks
from models_engine.plugins import PluginError, package_of
from models_engine.registry import registered


class Command(BaseCommand):
    help = "Run the checks that every model must pass on the models of a package."
    # a model is checked before there is a database or a secret
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "package",
            metavar="PACKAGE",
            help="an installed package, or a folder with pyproject.toml",
        )

    def handle(self, *, package: str, **options: Any) -> None:
        try:
            found = list(candidate_models(package))
        except PluginError as error:
            raise CommandError(f"{package}: {error}") from error
        problems = sum(self._report(entry, model) for entry, model in found)
        ids = [model.id for _, model in found]
        for twice in sorted({name for name in ids if ids.count(name) > 1}):
            problems += 1
            self.stdout.write(f"FAILED  {twice}: two models have this id")
        for taken in sorted(set(ids) & _ours()):
            problems += 1
            self.stdout.write(f"FAILED  {taken}: a model of the portal has this id already")
        if problems:
            raise CommandError(
                f"{package}: {_count(problems, 'check')} failed; it would be left out."
            )
        self.stdout.write(f"{package}: {_count(len(found), 'model')}, every check passed.")

    def _report(self, entry: str, model: ClinicalModel) -> int:
        """One model's checks, a line each; how many failed."""
        self.stdout.write(f"{model.id}, version {model.version}: {model.title} ({entry})")
        self.stdout.write(
            f"  evidence {model.facts.evidence}: {EVIDENCE_TEXT[model.facts.evidence]}"
        )
        self.stdout.write(f"  inputs: {', '.join(i.concept for i in model.inputs)}")
        self.stdout.write(f"  outcomes: {', '.join(o.id for o in model.outcomes)}")
        self.stdout.write(f"  test values: {sum(len(v.expected) for v in model.vectors)}")
        failed = 0
        for outcome in run_checks(model):
            self.stdout.write(f"  {'FAILED' if outcome.problem else 'ok':<7} {outcome.check}")
            if outcome.problem:
                failed += 1
                self.stdout.write(f"          {outcome.problem}")
        return failed


def _ours() -> set[str]:
    return {key for key, model in registered().items() if not package_of(model)}


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"
