"""The doors for alerts over HTTP: authenticate, limit, parse each vendor's format, publish, answer when it is durable."""
