import os

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "twinportal.settings")
application = get_asgi_application()

# after the settings
from twinportal.closed_door import refuse_to_stand_open

refuse_to_stand_open()
