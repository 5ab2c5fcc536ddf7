from django.apps import AppConfig


class DashboardConfig(AppConfig):
    name = "dashboard"

    def ready(self) -> None:
        from dashboard import signin  # noqa: F401 - models are loaded now, and its receivers connect
