from typing import Any

from django.apps import AppConfig
from django.core import checks


class ModelsEngineConfig(AppConfig):
    name = "models_engine"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        checks.register(knowledge_is_sound)


def knowledge_is_sound(**kwargs: Any) -> list[checks.CheckMessage]:
    """`manage.py check`: a wrong row of treatment knowledge stops every command, not one page."""
    from models_engine.catalogue.treatment.knowledge.check import problems
    from models_engine.catalogue.treatment.knowledge.loading import KnowledgeError
    from models_engine.treatment_knowledge import treatment_knowledge

    try:
        found = problems(treatment_knowledge())
    except (KnowledgeError, OSError) as error:
        return [checks.Error(str(error), id="models_engine.E001")]
    wrong = [one for one in found if one.level == "error"]
    return [checks.Error(str(one), id="models_engine.E002") for one in wrong]
