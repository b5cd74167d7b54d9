"""Instances of the service, and clients that create items through them and remember each response."""

import json
import threading
import time
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import Iterator, NamedTuple

from processes import child, wait_until

ROOT = Path(__file__).parent.parent.parent
BODY = (ROOT / "system-test/sdk/body.json").read_bytes()

# Each client waits between its requests, so that the machine has time for the cluster; longer after a failure.
CLIENTS = 4
THINK_TIME = 0.005
THINK_TIME_AFTER_FAILURE = 0.02
MAX_ATTEMPTS = 50_000


def collection() -> str:
    """The path of the first resource in the document."""
    paths = json.loads((ROOT / "openapi/openapi.json").read_text())["paths"]
    return next(path for path, operations in paths.items() if "post" in operations)


class Service:
    """A process of the service, with its default settings. It ends with the drill."""

    def __init__(self, program: Path, database_url: str, folder: Path) -> None:
        folder.mkdir()
        log = folder / "log"
        environment = {"LISTEN_ADDR": "127.0.0.1:0", "DATABASE_URL": database_url}
        self.process = child([str(program)], log, cwd=folder, env=environment)

        wait_until(f"the service starts ({log})", 30, lambda: "serving http://" in log.read_text())
        self.address = log.read_text().split("serving http://")[1].split()[0]

    def all_items(self) -> Iterator[str]:
        """The ids of all items, by pages."""
        connection = HTTPConnection(self.address, timeout=10)
        query = "?limit=200"
        while True:
            connection.request("GET", collection() + query)
            page = [item["id"] for item in json.loads(connection.getresponse().read())]
            if not page:
                return
            yield from page
            query = f"?limit=200&before={page[-1]}"


class Attempt(NamedTuple):
    """A request. Times are in seconds since 1970; the status is 0 without a response; the item is the id in a 201."""

    began: float
    ended: float
    status: int
    item: str | None


class Load:
    """Clients that create items until they are stopped."""

    def __init__(self, address: str) -> None:
        self.attempts: list[Attempt] = []
        self._stopped = threading.Event()
        self._clients = [threading.Thread(target=self._client, args=[address], daemon=True) for _ in range(CLIENTS)]
        for client in self._clients:
            client.start()

    def created_since(self, moment: float) -> int:
        """The number of items of the requests that began after this moment."""
        return sum(attempt.item is not None and attempt.began > moment for attempt in list(self.attempts))

    def stop(self) -> None:
        """Waits for the last responses."""
        self._stopped.set()
        for client in self._clients:
            client.join()

    def _client(self, address: str) -> None:
        connection = HTTPConnection(address, timeout=10)
        path, headers = collection(), {"Content-Type": "application/json"}

        while not self._stopped.is_set() and len(self.attempts) < MAX_ATTEMPTS:
            began, status, item = time.time(), 0, None
            try:
                connection.request("POST", path, BODY, headers)
                response = connection.getresponse()
                content, status = response.read(), response.status
                item = json.loads(content)["id"] if status == 201 else None
            except (OSError, HTTPException):
                connection.close()
            self.attempts.append(Attempt(began, time.time(), status, item))
            time.sleep(THINK_TIME if item else THINK_TIME_AFTER_FAILURE)
