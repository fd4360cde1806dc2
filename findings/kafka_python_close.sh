#!/usr/bin/env bash
# kafka-python 3.0.12 (PyPI), Apache Kafka 4.1.2 (Maven): KafkaProducer.close(timeout) raises KafkaTimeoutError when something is
# not acknowledged within the timeout, instead of closing: it waits for that first, and gives up before it ends its thread. The
# producer is then not closed, takes records, and sends what it held. (The documentation names the timeout as how long to wait
# for completion, and the code after the wait says that it will "force close".) A record that lingers is held here; a broker that
# does not answer does the same. What helps: a subclass whose `flush` passes over that error.
# Seen: see `expected` below. The script fails when that changes.
set -euo pipefail
. "$(dirname "$0")/broker.sh"

install_package "kafka-python==3.0.12"
start_broker

seen=$("$PYTHON" - "$SERVERS" 2> "$WORK/python.log" <<'PYTHON'
import sys
from kafka import KafkaProducer
from kafka.admin import KafkaAdminClient
from kafka.errors import KafkaError

KafkaAdminClient(bootstrap_servers=sys.argv[1]).create_topics({"any": {"num_partitions": 1, "replication_factor": 1}})
producer = KafkaProducer(bootstrap_servers=sys.argv[1], linger_ms=60_000)
held = producer.send("any", b"held", partition=0)
try:
    producer.close(timeout=0)
    print("closed")
except KafkaError as error:
    print("close raises", type(error).__name__)
sent = producer.send("any", b"sent after that", partition=0)
producer.flush(10)
print("what it held: offset", held.get(10).offset)
print("what was sent after that: offset", sent.get(10).offset)
producer.close(timeout=5)
PYTHON
) || { cat "$WORK/python.log" >&2; exit 1; }

expected="close raises KafkaTimeoutError
what it held: offset 0
what was sent after that: offset 1"
expect "$seen" "$expected"
