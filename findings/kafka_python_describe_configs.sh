#!/usr/bin/env bash
# kafka-python 3.0.12 (PyPI), Apache Kafka 4.1.2 (Maven): KafkaAdminClient.describe_configs() drops the error that the broker gives
# for a topic. Asked for the settings of a topic that does not exist, the broker answers with error code 3,
# UNKNOWN_TOPIC_OR_PARTITION (where the caller may not read them with 29, TOPIC_AUTHORIZATION_FAILED). kafka-python gives no settings
# and raises nothing, so that "it is not there" and "you may not read it" look like "it has no settings". Expected: an error of
# kafka.errors, or the code in the answer. What helps: look for the topic by describe_topics first.
# Seen: see `expected` below. The script fails when that changes.
set -euo pipefail
. "$(dirname "$0")/broker.sh"

install_package "kafka-python==3.0.12"
start_broker

seen=$("$PYTHON" - "$SERVERS" 2> "$WORK/python.log" <<'PYTHON'
import sys
from kafka.admin import ConfigResource, ConfigResourceType, KafkaAdminClient

codes = []


class Watching(KafkaAdminClient):
    """Notes the error codes in the broker's answers; changes nothing."""

    @classmethod
    def _describe_configs_process_responses(cls, responses, *arguments, **options):
        codes.extend(result.error_code for response in responses for result in response.results)
        return super()._describe_configs_process_responses(responses, *arguments, **options)


client = Watching(bootstrap_servers=sys.argv[1])
print(client.describe_configs([ConfigResource(ConfigResourceType.TOPIC, "nowhere")], config_filter="all"))
print("error codes of the broker's answer:", codes)
client.close()
PYTHON
) || { cat "$WORK/python.log" >&2; exit 1; }

expected="{'topic': {'nowhere': {}}}
error codes of the broker's answer: [3]"
expect "$seen" "$expected"
