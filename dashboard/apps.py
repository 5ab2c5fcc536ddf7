from django.apps import AppConfig


class DashboardConfig(AppConfig):
    name = "dashboard"

    def ready(self) -> None:
        from dashboard.pages.sign_in import one_time_links  # noqa: F401 - models are loaded now, and its receivers connect
