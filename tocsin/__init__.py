"""The command line and the embedded stack: one-node Kafka, PostgreSQL and all processes under one supervisor."""
