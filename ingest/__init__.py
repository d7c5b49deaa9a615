"""From MQTT to the store: spool, decode, locate, check, store; what cannot be used is kept and counted."""
