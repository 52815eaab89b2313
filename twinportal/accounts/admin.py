from django.contrib import admin
from django.contrib.auth.admin import UserAdmin

from twinportal.accounts.models import User

ROLE_FIELDS = ("role", "practitioner_id", "patient", "literacy_level")


@admin.register(User)
class PortalUserAdmin(UserAdmin):
    """People and what they are here. The twin is chosen by its key: no names in this list."""

    list_display = ("username", "role", "practitioner_id", "is_active", "is_staff")
    list_filter = ("role", "is_active", "is_staff")
    raw_id_fields = ("patient",)
    fieldsets = (*(UserAdmin.fieldsets or ()), ("Role", {"fields": ROLE_FIELDS}))
    add_fieldsets = (*UserAdmin.add_fieldsets, ("Role", {"fields": ROLE_FIELDS}))
