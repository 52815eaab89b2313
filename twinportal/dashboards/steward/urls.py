from django.urls import include, path

from twinportal.dashboards.steward import overview_views

urlpatterns = [
    path("", overview_views.overview, name="steward-home"),
    path("quarantine/", include("twinportal.dashboards.steward.quarantine_urls")),
    path("", include("twinportal.dashboards.steward.mapping_urls")),
    path("bulk/", include("twinportal.dashboards.steward.bulk_urls")),
    path("clients/<int:pk>/", overview_views.client, name="steward-client"),
    path("senders/<slug:source>/", overview_views.sender, name="steward-sender"),
    path("rejects/", overview_views.rejects, name="steward-rejects"),
    path("retry/", overview_views.retry, name="steward-retry"),
]
