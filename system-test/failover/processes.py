"""Processes that end with the drill, and waiting for them."""

import os
import socket
import subprocess
import time
from pathlib import Path
from typing import Any, Callable


def wait_until(what: str, seconds: float, holds: Callable[[], bool]) -> None:
    """Polls until this holds."""
    deadline = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > deadline:
            raise SystemExit(f"waited {seconds} s in vain until {what}")
        time.sleep(0.05)


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


def child(command: list[str], log: Path, as_postgres: bool = False, **options: Any) -> subprocess.Popen[bytes]:
    """Starts a process that the system kills when the drill ends, in whatever way. PostgreSQL refuses to run as root."""
    user = ["--reuid=postgres", "--regid=postgres", "--clear-groups"]
    user = user if as_postgres and os.getuid() == 0 else []
    with log.open("wb") as output:
        command = ["setpriv", *user, "--pdeathsig", "KILL", *command]
        return subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=output, stderr=output, **options)


def children(parent: int) -> list[int]:
    """The processes with this parent."""
    found = []
    for file in Path("/proc").glob("[0-9]*/stat"):
        try:
            # The name, in parentheses, may contain anything.
            fields = file.read_text().rpartition(")")[2].split()
        except (FileNotFoundError, ProcessLookupError):
            continue
        if int(fields[1]) == parent:
            found.append(int(file.parent.name))
    return found
