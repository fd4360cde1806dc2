#!/usr/bin/env bash
# aiokafka 0.14.0 (PyPI), Apache Kafka 4.1.2 (Maven): with enable_idempotence, a record that the broker refuses uses up its
# sequence number, and every later record of that partition is refused with OutOfOrderSequenceNumber, for as long as the producer
# lives. Other partitions, and producers without idempotence, go on. A record over the topic's max.message.bytes is refused here.
# (The broker takes any number for a producer's first record, so that something must have been written before.) What helps:
# another producer.
# Seen: see `expected` below. The script fails when that changes.
set -euo pipefail
. "$(dirname "$0")/broker.sh"

install_package "aiokafka==0.14.0"
start_broker

seen=$("$PYTHON" - "$SERVERS" 2> "$WORK/python.log" <<'PYTHON'
import asyncio
import sys
from aiokafka import AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import KafkaError


async def play() -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=sys.argv[1])
    await admin.start()
    await admin.create_topics([NewTopic("small", 2, 1, topic_configs={"max.message.bytes": "3000"})])
    await admin.close()
    for is_idempotent in (True, False):
        producer = AIOKafkaProducer(bootstrap_servers=sys.argv[1], enable_idempotence=is_idempotent, acks="all")
        await producer.start()
        print("idempotent" if is_idempotent else "not idempotent")
        for partition, size in ((0, 100), (0, 8000), (0, 100), (0, 100), (1, 100)):
            try:
                await producer.send_and_wait("small", b"x" * size, partition=partition)
                print(f"  partition {partition}, {size} bytes: written")
            except KafkaError as error:
                print(f"  partition {partition}, {size} bytes: {type(error).__name__}")
        await producer.stop()


asyncio.run(play())
PYTHON
) || { cat "$WORK/python.log" >&2; exit 1; }

expected="idempotent
  partition 0, 100 bytes: written
  partition 0, 8000 bytes: MessageSizeTooLargeError
  partition 0, 100 bytes: OutOfOrderSequenceNumber
  partition 0, 100 bytes: OutOfOrderSequenceNumber
  partition 1, 100 bytes: written
not idempotent
  partition 0, 100 bytes: written
  partition 0, 8000 bytes: MessageSizeTooLargeError
  partition 0, 100 bytes: written
  partition 0, 100 bytes: written
  partition 1, 100 bytes: written"
expect "$seen" "$expected"
