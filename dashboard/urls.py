"""The addresses of the pages."""

from django.contrib.auth.views import LogoutView
from django.urls import path, register_converter
from django.urls.converters import StringConverter

from dashboard.pages.account import views as account
from dashboard.pages.activity import views as activity
from dashboard.pages.agents import views as agents
from dashboard.pages.alerts import views as alerts
from dashboard.pages.audit import views as audit
from dashboard.pages.blocked import blocker_views, several_views
from dashboard.pages.blocked import views as blocked
from dashboard.pages.boards import demo_views
from dashboard.pages.boards import views as boards
from dashboard.pages.find import views as find
from dashboard.pages.health import views as health
from dashboard.pages.history import saved_search_views
from dashboard.pages.history import views as history
from dashboard.pages.integrations import folder_views, webhook_views
from dashboard.pages.integrations import views as integrations
from dashboard.pages.now import views as now
from dashboard.pages.people import views as people
from dashboard.pages.retention import views as retention
from dashboard.pages.sign_in import views as signin
from dashboard.pages.tasks import views as tasks


class IdConverter(StringConverter):
    """An id of an event's making: any text, with slashes and line breaks."""

    regex = r"[\s\S]+"


register_converter(IdConverter, "id")

urlpatterns = [
    path("", now.now, name="now"),
    path("boards/", boards.boards, name="boards"),
    path("boards/<id:board_id>/", boards.board, name="board"),
    path("tasks/", tasks.task, name="task"),
    path("activity/", activity.activity, name="activity"),
    path("activity/rows/", activity.rows, name="activity-rows"),
    path("activity/<int:position>/", activity.event, name="event"),
    path("activity/<int:position>/narrow/", activity.narrow, name="narrow"),
    path("activity/<int:position>/redact/", audit.redact_event, name="redact"),
    path("audit/", audit.audit, name="audit"),
    path("audit/verify/", audit.verify, name="audit-verify"),
    path("blocked/", blocked.blocked, name="blocked"),
    path("blocked/several/", several_views.several, name="several-blockers"),
    path("blocked/<int:blocker_id>/", blocker_views.blocker, name="blocker"),
    path("blocked/<int:blocker_id>/state/", blocker_views.state, name="blocker-state"),
    path("agents/", agents.agents, name="agents"),
    path("find/", find.find, name="find"),
    path("agents/<id:agent_id>/", agents.agent, name="agent"),
    path("history/", history.history, name="history"),
    path("history/export/", history.export, name="history-export"),
    path("history/exports/", history.exports, name="history-exports"),
    path("history/newer/", history.newer, name="history-newer"),
    path("history/complete/", history.complete, name="history-complete"),
    path("history/saved/", saved_search_views.save, name="search-save"),
    path("history/saved/<int:search_id>/rename/", saved_search_views.rename, name="search-rename"),
    path("history/saved/<int:search_id>/delete/", saved_search_views.delete, name="search-delete"),
    path("alerts/", alerts.alerts, name="alerts"),
    path("alerts/missed/", alerts.missed, name="alerts-missed"),
    path("alerts/noted/", alerts.noted, name="alerts-noted"),
    path("integrations/", integrations.integrations, name="integrations"),
    path("integrations/tokens/", integrations.make, name="token-make"),
    path("integrations/tokens/<int:token_id>/revoke/", integrations.revoke, name="token-revoke"),
    path("integrations/folders/", folder_views.add, name="folder-add"),
    path("integrations/folders/<int:folder_id>/stop/", folder_views.stop, name="folder-stop"),
    path("integrations/webhooks/", webhook_views.create, name="webhook-create"),
    path("integrations/webhooks/<int:webhook_id>/", webhook_views.change, name="webhook-change"),
    path("integrations/check/", integrations.check, name="check"),
    path("health/", health.health, name="health"),
    path("retention/", retention.retention, name="retention"),
    path("retention/run/", retention.run, name="retention-run"),
    path("retention/<int:policy_id>/", retention.change, name="retention-change"),
    path("account/", account.account, name="account"),
    path("account/password/", account.password, name="account-password"),
    path("people/", people.people, name="people"),
    path("people/<int:user_id>/", people.person, name="person"),
    path("demo/remove/", demo_views.remove, name="demo-remove"),
    path("sign-in/", signin.SignIn.as_view(), name="sign-in"),
    path("sign-in/link/<path:secret>/", signin.one_time_link, name="sign-in-link"),
    path("sign-out/", LogoutView.as_view(), name="sign-out"),
]
