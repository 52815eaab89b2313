from typing import Any

from django.apps import AppConfig
from django.core import checks

from models_engine.catalogue.what_if.effects import effects


class WhatIfConfig(AppConfig):
    name = "twinportal.what_if"
    label = "what_if"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        checks.register(effects_are_sound)


def effects_are_sound(**kwargs: Any) -> list[checks.CheckMessage]:
    """`manage.py check`: a wrong row of the table of paths stops every command, not one page."""
    try:
        effects()
    except ValueError as error:
        return [checks.Error(str(error), id="what_if.E001")]
    return []
