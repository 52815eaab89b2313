from django.urls import path

from twinportal.dashboards.steward import bulk_views

urlpatterns = [
    path("", bulk_views.jobs, name="steward-bulk"),
    path("<uuid:public_id>/", bulk_views.job, name="steward-bulk-job"),
    path("<uuid:public_id>/cancel/", bulk_views.cancel, name="steward-bulk-cancel"),
]
