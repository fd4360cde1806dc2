"""One PostgreSQL on a unix socket in a directory of its own: the machine's if it has one, else the wheel's.

Who may enter the 0700 directory of the socket is the database's administrator; nobody else reaches it. Not here: running it
(`tocsin/supervisor.py`), the schema (`sinks/postgres`).
"""

from __future__ import annotations

import hashlib
import locale
import os
import pwd
import secrets
import shutil
import signal
import stat
import tempfile
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import psycopg
from psycopg import sql

from schemas.errors import OperatorError
from tocsin.embedded import launch
from tocsin.embedded.launch import Child
from tocsin.embedded.postgres_binaries import can_enter, copy_wheel, environment, find_binaries

USER = "tocsin"
DATABASE = "tocsin"
INITDB_TIMEOUT_SECONDS = 60
MAX_SOCKET_PATH_BYTES = 100
"""The kernel allows 107 (unix(7)); the rest is for PostgreSQL's own lock file beside the socket."""
SOCKET_NAME = ".s.PGSQL.5432"
ELSEWHERE = Path("/var/lib/tocsin")
"""Where root's database goes when the data directory is in a place that PostgreSQL's user cannot enter, such as /root."""
SETTINGS = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "max_connections": "60",
    "shared_buffers": "128MB",
    "effective_cache_size": "512MB",
    "max_wal_size": "1GB",
    "wal_compression": "on",
    "jit": "off",  # costs 100 ms on the first run of each larger query, and ours are small
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_line_prefix": "%m ",
    "log_checkpoints": "off",
}


@dataclass(frozen=True, slots=True)
class Database:
    """A server that can be started: its process, and where clients find it."""

    child: Child
    socket_directory: Path

    @property
    def url(self) -> str:
        """The libpq URL of our database."""
        return self._url(DATABASE)

    def is_ready(self) -> bool:
        """Say whether our database can be used, making it when the server has come up without one."""
        try:
            with psycopg.connect(self._url("postgres"), connect_timeout=2, autocommit=True) as connection:
                found = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE]).fetchone()
                if found is None:
                    connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(DATABASE)))
        except psycopg.OperationalError:
            return False
        return True

    def _url(self, database: str) -> str:
        return f"postgresql://{USER}@/{database}?host={quote(str(self.socket_directory), safe='')}"


def prepare(data: Path) -> Database:
    """Make the data directory ready: binaries found, cluster initialised, socket directory there. Safe to repeat.

    Raises `OperatorError` when there are no binaries, or none of the version that the data was written with.
    """
    data.mkdir(mode=0o711, parents=True, exist_ok=True)
    user, group = _account()
    home = _home(data.resolve(), user, group)
    cluster = home / "data"
    binaries = find_binaries(cluster)
    if user is not None and not can_enter(binaries, user, group):
        binaries = copy_wheel(binaries, ELSEWHERE)
    if not cluster.exists():
        _initialise(binaries, cluster, user, group)
    sockets = _socket_directory(home, user, group)
    options = [f"-c{name}={value}" for name, value in (SETTINGS | {"unix_socket_directories": str(sockets)}).items()]
    child = Child(
        "postgres",
        (str(binaries / "postgres"), "-D", str(cluster), *options),
        environment(),
        stop_signal=signal.SIGINT,  # "fast": ends open connections, writes a checkpoint
        orphan_signal=signal.SIGQUIT,  # "immediate": takes all of its backends with it; the next start recovers
        user=user,
        group=group,
    )
    return Database(child, sockets)


def _account() -> tuple[int | None, int | None]:
    """PostgreSQL refuses to run as root: give the user to become then, else none."""
    if os.geteuid() != 0:
        return None, None
    for name in ("postgres", "nobody"):
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return entry.pw_uid, entry.pw_gid
    raise OperatorError("PostgreSQL does not run as root, and this machine has neither a user postgres nor nobody")


def _home(data: Path, user: int | None, group: int | None) -> Path:
    """Give the directory of database and socket: DATA/postgres, or what that link points to (see `ELSEWHERE`)."""
    home = data / "postgres"
    if home.is_symlink() and not home.exists():
        raise OperatorError(f"{home} points to {os.readlink(home)}, which is gone")
    if home.exists():
        return home.resolve()
    if data.stat().st_uid == os.geteuid():
        data.chmod(data.stat().st_mode | stat.S_IXOTH)  # for passing through, not for looking
    if user is not None and not can_enter(data, user, group):
        ELSEWHERE.mkdir(mode=0o711, parents=True, exist_ok=True)
        place = ELSEWHERE / f"postgres-{secrets.token_hex(6)}"
        _make_private(place, user, group)
        home.symlink_to(place)
        return place
    _make_private(home, user, group)
    return home


def _make_private(directory: Path, user: int | None, group: int | None) -> None:
    directory.mkdir(mode=0o700, exist_ok=True)
    status = directory.lstat()
    if not stat.S_ISDIR(status.st_mode) or status.st_uid not in (os.geteuid(), user):
        raise OperatorError(f"{directory} belongs to somebody else; remove it")
    directory.chmod(0o700)
    if user is not None and group is not None:
        os.chown(directory, user, group)


def _socket_directory(home: Path, user: int | None, group: int | None) -> Path:
    directory = home / "run"
    if len(os.fsencode(directory / SOCKET_NAME)) > MAX_SOCKET_PATH_BYTES:
        name = hashlib.sha256(os.fsencode(home)).hexdigest()[:12]
        directory = Path(tempfile.gettempdir()) / f"tocsin-{os.geteuid()}-{name}"
    if len(os.fsencode(directory / SOCKET_NAME)) > MAX_SOCKET_PATH_BYTES:
        directory = Path("/tmp") / directory.name
    _make_private(directory, user, group)
    return directory


def _initialise(binaries: Path, cluster: Path, user: int | None, group: int | None) -> None:
    """Make an empty cluster under another name and rename it, so that half a cluster is never taken for one."""
    unfinished = cluster.with_name("data.new")
    shutil.rmtree(unfinished, ignore_errors=True)
    command = (
        str(binaries / "initdb"), "-D", str(unfinished), "-U", USER, "--encoding=UTF8", f"--locale={_locale()}",
        "--auth-local=trust", "--auth-host=reject", "--data-checksums",
    )  # fmt: skip
    try:
        code, output = launch.run(Child("initdb", command, environment(), user=user, group=group), INITDB_TIMEOUT_SECONDS)
    except OSError as error:
        raise OperatorError(f"{command[0]} cannot be run: {error}") from error
    if code != 0:
        raise OperatorError(f"PostgreSQL's data directory {cluster} could not be made: {output.strip()}")
    unfinished.rename(cluster)


def _locale() -> str:
    """Give a locale that knows letters beyond ASCII, for searches in any case; C where the machine has none."""
    before = locale.setlocale(locale.LC_CTYPE)
    try:
        locale.setlocale(locale.LC_CTYPE, "C.UTF-8")
    except locale.Error:
        return "C"
    finally:
        locale.setlocale(locale.LC_CTYPE, before)
    return "C.UTF-8"
