from django.urls import path, re_path

from patients.api import bulk_views, import_views, oauth, quarantine_views, views
from patients.api.discovery import smart_configuration
from patients.sign_on.token_address import INTROSPECT, REVOKE, TOKEN

# \Z and not $, which lets a line feed at the end through
BASE = r"^fhir"
ID = r"(?P<fhir_id>[A-Za-z0-9\-.]{1,64})"
UUID = "[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
TYPE = r"(?P<type_name>[A-Z][A-Za-z]+)"

urlpatterns = [
    path(TOKEN, oauth.TokenEndpoint.as_view(), name="oauth-token"),
    path(INTROSPECT, oauth.IntrospectEndpoint.as_view(), name="oauth-introspect"),
    path(REVOKE, oauth.RevokeEndpoint.as_view(), name="oauth-revoke"),
    path(".well-known/smart-configuration", smart_configuration, name="smart-configuration"),
    path("fhir/.well-known/smart-configuration", smart_configuration, name="fhir-smart"),
    re_path(rf"{BASE}/?\Z", views.SystemView.as_view(), name="fhir-system"),
    path("fhir/metadata", views.MetadataView.as_view(), name="fhir-metadata"),
    path("fhir/openapi.json", views.OpenApiView.as_view(), name="fhir-openapi"),
    re_path(rf"{BASE}/{TYPE}\Z", views.TypeView.as_view(), name="fhir-type"),
    re_path(rf"{BASE}/{TYPE}/_search\Z", views.SearchView.as_view(), name="fhir-search"),
    re_path(rf"{BASE}/{TYPE}/\$validate\Z", views.ValidateView.as_view(), name="fhir-validate"),
    re_path(
        rf"{BASE}/{TYPE}/{ID}/\$validate\Z",
        views.ValidateView.as_view(),
        name="fhir-validate-instance",
    ),
    re_path(
        rf"{BASE}/Patient/{ID}/\$everything\Z",
        views.EverythingView.as_view(),
        name="fhir-everything",
    ),
    re_path(rf"{BASE}/\$export\Z", bulk_views.ExportView.as_view(), name="fhir-export"),
    re_path(
        rf"{BASE}/Patient/\$export\Z",
        bulk_views.ExportView.as_view(level="Patient"),
        name="fhir-export-patients",
    ),
    re_path(
        rf"{BASE}/Group/{ID}/\$export\Z",
        bulk_views.ExportView.as_view(level="Group"),
        name="fhir-export-group",
    ),
    re_path(rf"{BASE}/{TYPE}/{ID}\Z", views.InstanceView.as_view(), name="fhir-instance"),
    re_path(rf"{BASE}/{TYPE}/{ID}/_history\Z", views.HistoryView.as_view(), name="fhir-history"),
    re_path(
        rf"{BASE}/{TYPE}/{ID}/_history/(?P<version>[^/]+)\Z",
        views.VersionView.as_view(),
        name="fhir-version",
    ),
    re_path(
        rf"{BASE}/quarantine/(?P<public_id>{UUID})\Z",
        quarantine_views.QuarantineView.as_view(),
        name="fhir-quarantine",
    ),
    path("fhir/$import", import_views.ImportView.as_view(), name="fhir-import"),
    path("fhir/bulk/<uuid:public_id>", bulk_views.BulkJobView.as_view(), name="fhir-bulk-job"),
    re_path(
        rf"{BASE}/bulk/(?P<public_id>{UUID})/(?P<name>[A-Za-z0-9._-]{{1,200}})\Z",
        bulk_views.BulkFileView.as_view(),
        name="fhir-bulk-file",
    ),
    re_path(rf"{BASE}/[\s\S]*\Z", views.UnknownView.as_view(), name="fhir-unknown"),
]
