from django.apps import AppConfig


class MarcusEventsConfig(AppConfig):
    name = "marcus_events"
    verbose_name = "Marcus Events"

    def ready(self) -> None:
        from marcus_events.audit.signals import connect_receivers  # models are loaded now

        connect_receivers()
