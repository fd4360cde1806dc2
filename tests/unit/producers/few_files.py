"""A process of its own whose limit of open files is soon reached by those who connect; run by a test.

Others hold connections until no file is left; the server says so and waits, and serves again when they leave. Writes the
status of the answer that came then. The clients live in a child, which has files of its own.
"""

from __future__ import annotations

import os
import resource
import subprocess
import sys

from schemas.telemetry import configure_logging
from tests.servers import wait_until
from tests.unit.producers.live import serving

CLIENT = """
import socket, sys
port = int(sys.argv[1])
open_ones = [socket.create_connection(("127.0.0.1", port), 10) for _ in range(40)]
for one in open_ones: one.sendall(b"GET / HTTP/1.1")
sys.stdin.readline()
for one in open_ones: one.close()
last = socket.create_connection(("127.0.0.1", port), 10)
last.sendall(b"GET / HTTP/1.1\\r\\nconnection: close\\r\\n\\r\\n")
print(last.recv(100).split()[1].decode(), flush=True)
"""


def main() -> None:
    configure_logging()
    with serving(max_connections=100) as live:
        client = subprocess.Popen([sys.executable, "-c", CLIENT, str(live.port)], stdin=subprocess.PIPE, text=True)
        open_files = len(os.listdir("/proc/self/fd"))
        resource.setrlimit(resource.RLIMIT_NOFILE, (open_files + 20, resource.getrlimit(resource.RLIMIT_NOFILE)[1]))
        wait_until(lambda: live.server.servers[0]._rest is not None, "the server rests", 20)  # type: ignore[attr-defined]
        client.communicate("go\n")


if __name__ == "__main__":
    main()
