from typing import Any

from django.apps import AppConfig
from django.core import checks

from models_engine.catalogue.treatment.knowledge.loading import KnowledgeError, knowledge


class TreatmentConfig(AppConfig):
    name = "twinportal.treatment"
    label = "treatment"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        checks.register(knowledge_is_sound)


def knowledge_is_sound(**kwargs: Any) -> list[checks.CheckMessage]:
    """`manage.py check`: a wrong row of knowledge stops every command, not one page."""
    try:
        knowledge()
    except KnowledgeError as error:
        return [checks.Error(str(error), id="treatment.E001")]
    return []
