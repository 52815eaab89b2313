from django.urls import path

from twinportal.dashboards.portal import views

urlpatterns = [
    path("", views.home, name="portal-home"),
    path("results/<int:pk>/", views.result, name="portal-result"),
    path("outlook/", views.outlook, name="portal-outlook"),
    path("level/", views.level, name="portal-level"),
    path("language/", views.language, name="portal-language"),
]
