"""What is told of a new token, once: itself, its hash, and what to write where.

Pure: the token is passed in. Not here: printing (`cli/token.py`), checking tokens (`producers/*/auth.py`, `viewers.py`).
"""

from __future__ import annotations

import json
import shlex
from hashlib import sha256
from urllib.parse import urlsplit

import msgspec

from schemas.configuration import Integration, Person
from tocsin.sample_payload import sample_for


class Part(msgspec.Struct, frozen=True):
    """A text to copy: the key in `--json`, what it is for, and the text itself."""

    key: str
    heading: str
    text: str


def hash_of(token: str) -> str:
    """Give the form in which the configuration names a token."""
    return "sha256:" + sha256(token.encode()).hexdigest()


def for_integration(token: str, project: str, name: str, integration: Integration, webhook: str) -> list[Part]:
    """Say how a sender uses the token; `integration` is as configured, or as it will be."""
    endpoint = f"{webhook}/in/{project}/{name}"
    parts = [*_secret(token), Part("endpoint", "endpoint", endpoint)]
    parts.append(Part("yaml", "In the configuration", _integration_yaml(token, project, name, integration)))
    parts.append(Part("curl", "A test alert", _post(token, endpoint, integration)))
    if integration.format == "alertmanager":
        parts.append(Part("alertmanager", "In alertmanager.yml, with the token in the file that it names", _receiver(endpoint)))
        parts.append(Part("prometheus", "Or, without an Alertmanager, in prometheus.yml", _alerting(webhook, project, name)))
    return parts


def for_person(token: str, key: str, person: Person, operator: str) -> list[Part]:
    """Say how a person, or a machine, uses the token; `person` is as configured, or will be."""
    tokens = _tokens([*person.tokens, hash_of(token)])
    yaml = f"people:\n  {key}: {{name: {json.dumps(person.name, ensure_ascii=False)}, tokens: [{tokens}]}}"
    curl = f"curl -H {shlex.quote(f'Authorization: Bearer {token}')} {shlex.quote(f'{operator}/api/v1/projects')}"
    command = f"export TOCSIN_URL={shlex.quote(operator)} TOCSIN_TOKEN={shlex.quote(token)}"
    return [
        *_secret(token),
        Part("endpoint", "endpoint", f"{operator}/api/v1"),
        Part("yaml", "In the configuration", yaml),
        Part("curl", "What it lets one see", curl),
        Part("environment", "For the command line: then `tocsin alert list PROJECT`", command),
    ]


def _secret(token: str) -> list[Part]:
    return [Part("token", "token", token), Part("hash", "hash", hash_of(token))]


def _tokens(hashes: list[str]) -> str:
    return ", ".join(f'"{one}"' for one in hashes)


def _integration_yaml(token: str, project: str, name: str, integration: Integration) -> str:
    tokens = _tokens([*integration.tokens, hash_of(token)])
    lines = ["projects:", f"  {project}:", "    integrations:", f"      {name}:", f"        format: {integration.format}"]
    return "\n".join([*lines, f"        tokens: [{tokens}]"])


def _post(token: str, endpoint: str, integration: Integration) -> str:
    body = json.dumps(sample_for(integration), ensure_ascii=False)
    authorization = shlex.quote(f"Authorization: Bearer {token}")
    return f"curl -H {authorization} {shlex.quote(endpoint)} \\\n     -d {shlex.quote(body)}"


def _receiver(endpoint: str) -> str:
    return f"""\
receivers:
  - name: tocsin
    webhook_configs:
      - url: {endpoint}
        send_resolved: true
        http_config:
          authorization: {{type: Bearer, credentials_file: /etc/alertmanager/tocsin-token}}"""


def _alerting(webhook: str, project: str, name: str) -> str:
    parts = urlsplit(webhook)
    return f"""\
alerting:
  alertmanagers:
    - scheme: {parts.scheme}
      path_prefix: {parts.path}/in/{project}/{name}
      authorization: {{type: Bearer, credentials_file: /etc/prometheus/tocsin-token}}
      static_configs:
        - targets: ["{parts.netloc}"]"""
