from typing import Any

from django.apps import AppConfig
from django.core import checks

MOST_NAMED = 5


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
        known = treatment_knowledge()
        found = problems(known)
    except (KnowledgeError, OSError) as error:
        return [checks.Error(str(error), id="models_engine.E001")]
    wrong = [one for one in found if one.level == "error"]
    errors = [checks.Error(str(one), id="models_engine.E002") for one in wrong]
    weaker = [one for one in known.replacements if one.weakenings]
    if not weaker:
        return [*errors]
    rows = ", ".join(f"{one.table} {one.after.id}" for one in weaker[:MOST_NAMED])
    more = " ..." if len(weaker) > MOST_NAMED else ""
    text = f"The site's own tables say less than the committed ones in {len(weaker)} rows: {rows}{more}"
    hint = "manage.py check_knowledge says what differs."
    return [*errors, checks.Warning(text, hint=hint, id="models_engine.W001")]
