"""One HTTP request to Slack's Web API, and its answer as bytes, within limits. Not here: what the answer means (`answers.py`).

Nothing that answers is trusted: no redirect is followed, so that the token goes to no other address; so many bytes are read, and
no more; and a call ends after so many seconds in all, however slowly its name is looked up, it connects, or its answer drips.
slack-sdk's client can do none of these (STACK). Each call has a connection of its own: nothing left of one answer is taken for
the next.
"""

from __future__ import annotations

import asyncio
import ipaddress
import re
import ssl
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any, cast
from urllib.parse import urlsplit

import httpx
import msgspec

from schemas.errors import SettingsError
from schemas.limits import Limits
from schemas.over_limit import count_over
from sinks.slack.errors import NotUnderstood, TooLong, Unreached, Unsure

TOKEN = re.compile(r"[!-~]*")


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back, whole."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class Exchange:
    """Asks one address with one token."""

    def __init__(self, api_url: str, token: str, limits: Limits) -> None:
        """Check address and token, which are the operator's (`SettingsError`); connects to nothing."""
        self._base_url = _checked_url(api_url)
        if not TOKEN.fullmatch(token):
            raise SettingsError("TOCSIN_SLACK_TOKEN has characters that no token of Slack has: copy it anew, without spaces")
        self._headers = {"Authorization": f"Bearer {token}"} if token else {}
        self._limits = limits
        # A proxy of the environment is for the world outside: a fake on this machine is not behind it.
        self._trust_env = not _is_loopback(self._base_url)
        self._tls = (
            ssl.create_default_context() if self._base_url.startswith("https:") else ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        )

    def post(self, method: str, said: Mapping[str, Any]) -> Answer:
        """Post JSON. Raises `Unreached`, `Unsure`."""
        headers = {"Content-Type": "application/json; charset=utf-8"}
        return self._ask("POST", method, content=msgspec.json.encode(said), headers=self._headers | headers)

    def get(self, method: str, query: Mapping[str, str]) -> Answer:
        """Read. Raises `Unreached`, `Unsure`."""
        return self._ask("GET", method, params=dict(query), headers=self._headers)

    def _ask(self, verb: str, method: str, **said: Any) -> Answer:
        """Run one exchange in a loop of its own: cancelling is what bounds everything at once, looking up the name included."""
        loop = asyncio.new_event_loop()
        try:
            return loop.run_until_complete(self._within_time(verb, method, **said))
        finally:
            loop.run_until_complete(loop.shutdown_asyncgens())  # httpx reads by generators, which an early end leaves open
            loop.close()

    async def _within_time(self, verb: str, method: str, **said: Any) -> Answer:
        seconds = self._limits.slack_call_seconds
        try:
            async with asyncio.timeout(seconds):
                return await self._exchange(verb, method, **said)
        except TimeoutError as error:
            count_over("slack_call_seconds")
            raise Unsure(f"Slack did not finish its answer within {seconds} s (TOCSIN_SLACK_CALL_SECONDS)") from error
        except httpx.ConnectError as error:
            raise Unreached(f"Slack cannot be reached: {error}") from error
        except httpx.HTTPError as error:
            raise Unsure(f"no answer from Slack: {error!r}") from error
        except (httpx.InvalidURL, ValueError) as error:  # a redirect's address is read by httpx although it is not followed
            raise NotUnderstood(f"an answer whose head is not understood: {error!r}") from error

    async def _exchange(self, verb: str, method: str, headers: Mapping[str, str], **said: Any) -> Answer:
        client = httpx.AsyncClient(verify=self._tls, trust_env=self._trust_env, follow_redirects=False, timeout=None)
        # Unpacked, a small answer can be a large one; so nothing is to be packed, and what is packed is not understood.
        headers = {**headers, "Accept-Encoding": "identity"}
        async with client, client.stream(verb, self._base_url + method, headers=headers, **said) as response:
            return Answer(response.status_code, response.headers, await self._read(response))

    async def _read(self, response: httpx.Response) -> bytes:
        body = bytearray()
        async with aclosing(cast(AsyncGenerator[bytes, None], response.aiter_raw())) as chunks:
            async for chunk in chunks:
                body += chunk
                if len(body) > self._limits.slack_answer_bytes:
                    count_over("slack_answer_bytes")
                    most = f"{self._limits.slack_answer_bytes} bytes (TOCSIN_SLACK_ANSWER_BYTES)"
                    raise TooLong(f"an answer of more than {most}, with status {response.status_code}")
        return bytes(body)


def _checked_url(api_url: str) -> str:
    """Give the address with a slash at its end; raises `SettingsError` for what is none."""
    try:
        parts = urlsplit(api_url)
        is_address = parts.scheme in ("http", "https") and bool(parts.hostname) and (parts.port is None or parts.port > 0)
        httpx.URL(api_url)
    except (ValueError, httpx.InvalidURL):
        is_address = False
    if not is_address or parts.username is not None or parts.query or parts.fragment:
        raise SettingsError(f"TOCSIN_SLACK_API_URL is {api_url!r}: write an address such as https://slack.com/api/")
    return api_url if api_url.endswith("/") else f"{api_url}/"


def _is_loopback(url: str) -> bool:
    host = urlsplit(url).hostname or ""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
