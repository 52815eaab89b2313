from django.urls import include, path

from twinportal.dashboards import views

urlpatterns = [
    path("", views.home, name="home"),
    path("", include("twinportal.dashboards.clinician.urls")),
    path("models/monitoring/", include("twinportal.dashboards.monitoring.urls")),
    path("models/", include("twinportal.dashboards.model_facts.urls")),
    path("my/", include("twinportal.dashboards.portal.urls")),
    path("", include("twinportal.what_if.urls")),
    path("", include("twinportal.lower.urls")),
    path("", include("twinportal.treatment.urls")),
    path("", include("twinportal.visits.urls")),
    path("", include("twinportal.molecular.urls")),
    path("", include("twinportal.my_record.urls")),
    path("", include("twinportal.release.urls")),
    path("", include("twinportal.similar.urls")),
    path("steward/", include("twinportal.dashboards.steward.urls")),
]
