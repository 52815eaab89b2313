from django.urls import path

from twinportal.molecular import cell_views, run_views, views

OF_TWIN = "twins/<uuid:public_id>/molecular/"
urlpatterns = [
    path(OF_TWIN, views.index, name="molecular"),
    path(f"{OF_TWIN}upload/", views.upload, name="molecular-upload"),
    path(f"{OF_TWIN}documents/", views.take_document, name="molecular-document"),
    path(f"{OF_TWIN}data/<uuid:set_id>/", views.data, name="molecular-data"),
    path(f"{OF_TWIN}data/<uuid:set_id>/run/", views.run, name="molecular-ask"),
    path(f"{OF_TWIN}data/<uuid:set_id>/delete/", views.delete, name="molecular-delete"),
    path(f"{OF_TWIN}runs/<uuid:run_id>/", run_views.ranking, name="molecular-run"),
    path(f"{OF_TWIN}runs/<uuid:run_id>/cancel/", run_views.cancel, name="molecular-cancel"),
    path(f"{OF_TWIN}runs/<uuid:run_id>/table.csv", run_views.table, name="molecular-table"),
    path(f"{OF_TWIN}cells/<uuid:file_id>/", cell_views.cells, name="molecular-cells"),
    path(f"{OF_TWIN}cells/<uuid:file_id>/choose/", cell_views.choose, name="molecular-choose"),
    path(f"{OF_TWIN}cells/<uuid:file_id>/delete/", cell_views.delete, name="molecular-forget"),
    path("molecular/tables/", views.tables, name="molecular-tables"),
]
