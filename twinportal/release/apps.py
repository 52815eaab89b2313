from typing import Any

from django.apps import AppConfig
from django.conf import settings
from django.core import checks


class ReleaseConfig(AppConfig):
    name = "twinportal.release"
    label = "release"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        checks.register(policy_names_known_models)


def policy_names_known_models(**kwargs: Any) -> list[checks.CheckMessage]:
    """`manage.py check`: a misspelt model would wait for a review that nobody expects."""
    from models_engine.registry import every_calibration, registered
    from twinportal.release.policy import parse_policy

    models = [*every_calibration().values(), *registered().values()]
    seen = {model.id for model in models if not (model.quiet or model.research)}
    faults = parse_policy(settings.RELEASE_POLICY).faults(
        known={model.id for model in models}, seen_by_patients=seen
    )
    return [
        checks.Error(f"TWINPORTAL_RELEASE_POLICY: {fault}", id="release.E001") for fault in faults
    ]
