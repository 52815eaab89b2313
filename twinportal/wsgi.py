import os

from django.core.wsgi import get_wsgi_application

import twinportal.celery  # noqa: F401  (the default Celery app of every process)

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "twinportal.settings")
application = get_wsgi_application()
