#!/usr/bin/env bash
# kafka-python 3.0.12 (PyPI), Apache Kafka 4.1.2 (Maven): after one record that the broker refuses, an idempotent producer (the
# default) fails every later record, of any partition, with the error of that record, for as long as it lives; nothing more is
# sent. The documentation of `classify_batch_error` says that such a producer fails the batch alone, and it does so when
# idempotence is off. A record over the topic's max.message.bytes is refused here; other refusals that the client does not
# retry (an authorization that is missing for a moment) do the same. What helps: another producer.
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

small = {"num_partitions": 2, "replication_factor": 1, "configs": {"max.message.bytes": "3000"}}
KafkaAdminClient(bootstrap_servers=sys.argv[1]).create_topics({"small": small})
for is_idempotent in (True, False):
    producer = KafkaProducer(bootstrap_servers=sys.argv[1], enable_idempotence=is_idempotent, acks="all")
    print("idempotent" if is_idempotent else "not idempotent")
    for partition, size in ((0, 100), (0, 8000), (0, 100), (1, 100)):
        try:
            producer.send("small", b"x" * size, partition=partition).get(10)
            print(f"  partition {partition}, {size} bytes: written")
        except KafkaError as error:
            print(f"  partition {partition}, {size} bytes: {type(error).__name__}")
    producer.close(timeout=1)
PYTHON
) || { cat "$WORK/python.log" >&2; exit 1; }

expected="idempotent
  partition 0, 100 bytes: written
  partition 0, 8000 bytes: MessageSizeTooLargeError
  partition 0, 100 bytes: MessageSizeTooLargeError
  partition 1, 100 bytes: MessageSizeTooLargeError
not idempotent
  partition 0, 100 bytes: written
  partition 0, 8000 bytes: MessageSizeTooLargeError
  partition 0, 100 bytes: written
  partition 1, 100 bytes: written"
expect "$seen" "$expected"
