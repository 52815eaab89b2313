from django.conf import settings
from django.db import models


class UsedAssertion(models.Model):
    """A client's signed statement that has been taken once: nobody signs in with it again.

    Only a checksum of its `jti` is kept, and no longer than the statement could be used.
    """

    application = models.ForeignKey(
        settings.OAUTH2_PROVIDER_APPLICATION_MODEL, on_delete=models.CASCADE, related_name="+"
    )
    checksum = models.CharField(max_length=64)
    expires = models.DateTimeField(db_index=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["application", "checksum"], name="assertion_once")
        ]

    def __str__(self) -> str:
        return f"{self.application_id} {self.checksum[:8]}"
