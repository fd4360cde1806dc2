"""How to reach Kafka, as client options; a connection is opened by whoever uses them."""

from __future__ import annotations

import ssl
from typing import Any

from schemas.settings import Settings


def client_options(settings: Settings) -> dict[str, Any]:
    """Give the options that kafka-python's and aiokafka's clients share."""
    options: dict[str, Any] = {
        "bootstrap_servers": settings.kafka.split(","),
        "security_protocol": settings.kafka_security_protocol,
    }
    if "SASL" in settings.kafka_security_protocol:
        options |= {
            "sasl_mechanism": settings.kafka_sasl_mechanism,
            "sasl_plain_username": settings.kafka_sasl_username,
            "sasl_plain_password": settings.kafka_sasl_password,
        }
    if "SSL" in settings.kafka_security_protocol.replace("SASL", ""):
        options["ssl_context"] = ssl.create_default_context(cafile=settings.kafka_ssl_cafile or None)
    return options
