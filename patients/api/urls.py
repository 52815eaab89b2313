from django.urls import path, re_path

from patients.api import views

# \Z and not $, which lets a line feed at the end through
BASE = r"^fhir"
ID = r"(?P<fhir_id>[A-Za-z0-9\-.]{1,64})"
TYPE = r"(?P<type_name>[A-Z][A-Za-z]+)"

urlpatterns = [
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
    re_path(rf"{BASE}/{TYPE}/{ID}\Z", views.InstanceView.as_view(), name="fhir-instance"),
    re_path(rf"{BASE}/{TYPE}/{ID}/_history\Z", views.HistoryView.as_view(), name="fhir-history"),
    re_path(
        rf"{BASE}/{TYPE}/{ID}/_history/(?P<version>[^/]+)\Z",
        views.VersionView.as_view(),
        name="fhir-version",
    ),
    re_path(rf"{BASE}/[\s\S]*\Z", views.UnknownView.as_view(), name="fhir-unknown"),
]
