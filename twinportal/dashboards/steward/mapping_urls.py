from django.urls import path

from twinportal.dashboards.steward import mapping_views as views

urlpatterns = [
    path("codes/", views.codes, name="steward-codes"),
    path("codes/count/", views.count_again, name="steward-count-codes"),
    path("units/", views.units, name="steward-units"),
    path("mappings/", views.mappings, name="steward-mappings"),
    path("mappings/new/", views.new_mapping, name="steward-new-mapping"),
    path("mappings/<int:pk>/", views.mapping, name="steward-mapping"),
    path("mappings/<int:pk>/end/", views.end, name="steward-end-mapping"),
]
