"""gunicorn's own lines in the form of all others: it would quote the address of a request that fails."""

import logging
import os

import django
from gunicorn.config import Config
from gunicorn.glogging import Logger


class ServerLog(Logger):
    """`gunicorn --logger-class twinportal.server_log.ServerLog`"""

    def setup(self, cfg: Config) -> None:
        super().setup(cfg)
        os.environ.setdefault("DJANGO_SETTINGS_MODULE", "twinportal.settings")
        django.setup(set_prefix=False)
        # the handlers of everybody else, and for Python's warnings too
        logging.captureWarnings(True)
        self.error_log.handlers.clear()
        self.error_log.propagate = True
