"""The treatment knowledge of this site: the committed tables, and those of its own folder."""

from functools import cache
from pathlib import Path

from django.conf import settings

from models_engine.catalogue.treatment.knowledge.loading import (
    FOLDER,
    Knowledge,
    KnowledgeError,
    knowledge,
    read_knowledge,
)


def own_folder() -> Path | None:
    """The site's folder of tables (`TWINPORTAL_KNOWLEDGE_DIR`), if it has one."""
    folder: Path | None = settings.KNOWLEDGE_DIR
    return folder


def treatment_knowledge() -> Knowledge:
    """What rules read: a row of the site's own folder replaces a committed one of the same id.

    Raises KnowledgeError.
    """
    folder = own_folder()
    return knowledge() if folder is None else _with(folder)


@cache
def _with(folder: Path) -> Knowledge:
    if not folder.is_dir():
        raise KnowledgeError(f"TWINPORTAL_KNOWLEDGE_DIR: {folder} is no folder")
    try:
        return read_knowledge(FOLDER, folder)
    except KnowledgeError as error:
        raise KnowledgeError(f"TWINPORTAL_KNOWLEDGE_DIR: {error}") from error
