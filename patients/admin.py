from typing import Any

from django import forms
from django.conf import settings
from django.contrib import admin
from django.http import HttpRequest

from patients.models import AuditEvent, ClientProfile
from patients.sign_on.clients import registration_faults


class ClientProfileForm(forms.ModelForm):
    """Refuses keys and scopes that no client may have, and says why beside the field."""

    class Meta:
        model = ClientProfile
        fields = "__all__"

    def clean_token_seconds(self) -> int:
        return self.cleaned_data["token_seconds"] or settings.TOKEN_SECONDS

    def clean(self) -> dict[str, Any]:
        given = super().clean() or self.cleaned_data
        # what does not even parse is refused already
        if not self.errors:
            faults = registration_faults(
                jwks=given["jwks"],
                jwks_uri=given["jwks_uri"],
                allowed_scopes=given["allowed_scopes"],
                token_seconds=given["token_seconds"],
            )
            for name, words in faults.items():
                self.add_error(name, words)
        return given


@admin.register(ClientProfile)
class ClientProfileAdmin(admin.ModelAdmin):
    """What an EHR client has beyond its OAuth application."""

    form = ClientProfileForm
    list_display = (
        "application",
        "is_active",
        "allowed_scopes",
        "jwks_uri",
        "match_directory",
        "tolerant",
        "rate",
    )


@admin.register(AuditEvent)
class AuditEventAdmin(admin.ModelAdmin):
    """The audit log: read, and never changed."""

    list_display = ("at", "actor_kind", "actor", "action", "what", "outcome")
    list_filter = ("actor_kind", "action", "outcome")
    search_fields = ("request_id", "detail")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: AuditEvent | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: AuditEvent | None = None) -> bool:
        return False
