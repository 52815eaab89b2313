from django.urls import path, re_path

from patients.api import views

ID = r"(?P<fhir_id>[A-Za-z0-9\-.]{1,64})"
TYPE = r"(?P<type_name>[A-Z][A-Za-z]+)"

urlpatterns = [
    re_path(r"^/?$", views.SystemView.as_view(), name="fhir-system"),
    path("/metadata", views.MetadataView.as_view(), name="fhir-metadata"),
    re_path(rf"^/{TYPE}$", views.TypeView.as_view(), name="fhir-type"),
    re_path(rf"^/{TYPE}/{ID}$", views.InstanceView.as_view(), name="fhir-instance"),
    re_path(rf"^/{TYPE}/{ID}/_history$", views.HistoryView.as_view(), name="fhir-history"),
    re_path(
        rf"^/{TYPE}/{ID}/_history/(?P<version>[^/]+)$",
        views.VersionView.as_view(),
        name="fhir-version",
    ),
    re_path(r"^/.*$", views.UnknownView.as_view(), name="fhir-unknown"),
]
