#!/usr/bin/env python
"""Django's command line. Without DATABASE_URL or REDIS_URL it starts embedded servers first."""

import os
import sys

from django.core.management import execute_from_command_line

from twinportal import embedded

NEEDS_NO_SERVERS = {"help", "version", "--help", "--version", "makemessages", "compilemessages"}

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "twinportal.settings")
    if len(sys.argv) > 1 and sys.argv[1] not in NEEDS_NO_SERVERS:
        embedded.ensure_environment()
    execute_from_command_line(sys.argv)
