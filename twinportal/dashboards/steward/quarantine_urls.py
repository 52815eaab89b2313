from django.urls import path

from twinportal.dashboards.steward import quarantine_views as views

urlpatterns = [
    path("", views.quarantine, name="quarantine"),
    path("again/", views.again_for_many, name="quarantine-again-for-many"),
    path("rules/", views.rules, name="quarantine-rules"),
    path("rules/<int:pk>/", views.rule_page, name="quarantine-rule-page"),
    path("rules/<int:pk>/end/", views.end, name="quarantine-rule-end"),
    path("<uuid:public_id>/", views.item, name="quarantine-item"),
    path("<uuid:public_id>/again/", views.again, name="quarantine-again"),
    path("<uuid:public_id>/discard/", views.leave, name="quarantine-discard"),
    path("<uuid:public_id>/rule/", views.new_rule, name="quarantine-rule"),
]
