"""What ingest counts, under the names that ``/metrics`` shows."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

_DELAY_BUCKETS_S = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 3_600)


class Counters:
    """Prometheus metrics of one pipeline on one registry.

    Every delivery is ``received``; then it is ``redelivered``, ``dropped`` (QoS 0 without room) or
    ``spooled``. Every spooled message ends as ``stored`` or as a dead letter under one reason; a ``partial``
    one is stored and kept as a letter too, because some of its values were refused."""

    def __init__(self, registry: CollectorRegistry) -> None:
        def counter(name: str, text: str, *labels: str) -> Counter:
            return Counter(f"classroom_{name}", text, labels, registry=registry)

        def gauge(name: str, text: str) -> Gauge:
            return Gauge(f"classroom_{name}", text, registry=registry)

        self.received = counter("messages_received", "Messages taken from the broker or handed in")
        self.redelivered = counter("messages_redelivered", "Deliveries of a message that was spooled before")
        self.dropped = counter("messages_dropped", "QoS 0 messages for which there was no room")
        self.spooled = counter("messages_spooled", "Messages made durable")
        self.acknowledged = counter("messages_acknowledged", "Acknowledgements handed to the connection")
        self.stored = counter("messages_stored", "Messages that gave the store at least one reading")
        self.decoded = counter("messages_decoded", "Messages a decoder understood", "family")
        self.readings_stored = counter("readings_stored", "Readings new to the store")
        self.readings_duplicate = counter("readings_duplicate", "Readings equal to a stored one, dropped")
        self.readings_conflict = counter("readings_conflict", "Readings that replaced a stored one")
        self.readings_flagged = counter("readings_flagged", "Readings stored with a quality flag", "flag")
        self.values_refused = counter("values_refused", "Decoded values that cannot be a reading", "reason")
        self.partial = counter("messages_partial", "Stored messages of which some values were refused")
        self.dead_letters = counter("dead_letters", "Messages that gave no reading", "reason")
        self.dead_letters_discarded = counter(
            "dead_letters_discarded", "Oldest dead letters, deleted for room"
        )
        self.connections = counter("mqtt_connections", "Connections the broker accepted")
        self.restarts = counter("ingest_thread_restarts", "Threads the watchdog had to start again", "thread")
        self.pending_devices = gauge("pending_devices", "Devices that were heard but are in no room or meter")
        self.unacknowledged = gauge("messages_unacknowledged", "Deliveries not acknowledged yet")
        self.stalled = gauge(
            "acknowledging_stalled_seconds", "Without an acknowledgement although some are owed"
        )
        self.spool_depth = gauge("spool_depth", "Spooled messages not yet stored")
        self.spool_age = gauge("spool_age_seconds", "Age of the oldest spooled message not yet stored")
        self.spool_bytes = gauge("spool_bytes", "Bytes of the spool in use")
        self.delay = Histogram(
            "classroom_message_delay_seconds",
            "From receipt to stored",
            registry=registry,
            buckets=_DELAY_BUCKETS_S,
        )
