#!/usr/bin/env python
"""Django's command line. Demo and tests: embedded servers start if no DATABASE_URL, REDIS_URL is set."""

import os
import sys

from django.core.management import execute_from_command_line

from twinportal import embedded

# in production a missing address is an error, and never a new and empty database
MAY_EMBED = {"demo", "test"}
NEEDS_NO_SERVERS = {"help", "version", "--help", "--version"}
NEEDS_NO_SERVERS |= {"makemessages", "compilemessages", "check_model"}

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "twinportal.settings")
    needs_servers = len(sys.argv) > 1 and sys.argv[1] not in NEEDS_NO_SERVERS
    if needs_servers and os.environ.get("TWINPORTAL_MODE") in MAY_EMBED:
        embedded.ensure_environment()
    execute_from_command_line(sys.argv)
