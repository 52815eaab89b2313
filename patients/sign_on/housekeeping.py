"""What signing in leaves behind: tokens of five minutes, and the marks of used assertions."""

from datetime import datetime

from oauth2_provider.models import AccessToken

from patients.models import UsedAssertion


def clear_expired(now: datetime) -> None:
    """Delete what has ended; it could open nothing any more."""
    UsedAssertion.objects.filter(expires__lt=now).delete()
    AccessToken.objects.filter(expires__lt=now).delete()
