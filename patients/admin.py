from django.contrib import admin
from django.http import HttpRequest

from patients.models import AuditEvent, ClientProfile


@admin.register(ClientProfile)
class ClientProfileAdmin(admin.ModelAdmin):
    """What an EHR client has beyond its OAuth application."""

    list_display = ("application", "default_care_team", "match_directory", "rate")


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
