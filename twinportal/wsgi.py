import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "twinportal.settings")
application = get_wsgi_application()

# after the settings: they belong to Django apps
from patients.services.garbage import collect_rarely
from twinportal.closed_door import refuse_to_stand_open

refuse_to_stand_open()
collect_rarely()
