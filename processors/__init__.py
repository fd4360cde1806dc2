"""Stream processors: the pure core, and the worker that runs it on Kafka."""
