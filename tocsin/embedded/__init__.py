"""Kafka, PostgreSQL and the status page server of one machine, as child processes. Not here: supervising them."""
