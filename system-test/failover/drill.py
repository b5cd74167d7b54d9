"""Kills the leader of a cluster under load: see `run`. Arguments: the program, a folder, the number of rounds."""

import sys
from pathlib import Path
from typing import Iterator, NamedTuple

from cluster import Cluster
from load import Load, Service
from processes import wait_until

COLUMNS = (
    "replication",
    "connects to",
    "acknowledged",
    "lost",
    "promoted after",
    "first success after",
    "after the promotion",
    "503",
    "other failures",
    "longest response",
)

# How many items each instance creates before the leader is killed, and after it has recovered.
ITEMS = 500

# The leader's key in etcd lives for 20 s. A new leader that takes longer than this is not found any more.
MAX_OUTAGE = 60


class Row(NamedTuple):
    """What one instance of the service went through."""

    replication: str
    connects_to: str
    acknowledged: int
    lost: int
    promoted_after: float
    recovered_after: float
    outages: int
    other_failures: int
    longest: float

    def cells(self) -> Iterator[str]:
        yield from (self.replication, self.connects_to, f"{self.acknowledged:,}", str(self.lost))
        yield f"{self.promoted_after:.2f} s"
        yield f"{self.recovered_after:.2f} s"
        yield f"{self.recovered_after - self.promoted_after:.2f} s"
        yield from (str(self.outages), str(self.other_failures), f"{self.longest:.2f} s")


def drill(program: Path, folder: Path, synchronous: bool) -> list[Row]:
    """One round with one kind of replication."""
    folder.mkdir()
    with Cluster(folder, synchronous) as cluster:
        services = {
            "HAProxy": Service(program, cluster.proxy_url, folder / "service-proxy"),
            "three hosts": Service(program, cluster.hosts_url, folder / "service-hosts"),
        }
        loads = {path: Load(service.address) for path, service in services.items()}
        for path, load in loads.items():
            wait_until(f"items are created through {path}", 30, lambda: load.created_since(0) >= ITEMS)

        killed = cluster.kill_leader()
        for path, load in loads.items():
            wait_until(f"{path} recovers", MAX_OUTAGE, lambda: load.created_since(killed) >= ITEMS)
        for load in loads.values():
            load.stop()

        promoted = cluster.promoted_at()
        stored = set(services["HAProxy"].all_items())
        for service in services.values():
            service.process.kill()
        replication = "synchronous" if synchronous else "asynchronous"
        return [row(replication, path, load, killed, promoted, stored) for path, load in loads.items()]


def row(replication: str, path: str, load: Load, killed: float, promoted: float, stored: set[str]) -> Row:
    """The figures of one instance. The times are in seconds since 1970."""
    acknowledged = {attempt.item for attempt in load.attempts if attempt.item}
    recovered = min(attempt.ended for attempt in load.attempts if attempt.item and attempt.began > killed)
    failed = [attempt for attempt in load.attempts if not attempt.item]
    outages = sum(attempt.status == 503 for attempt in failed)

    return Row(
        replication,
        path,
        len(acknowledged),
        len(acknowledged - stored),
        promoted - killed,
        recovered - killed,
        outages,
        len(failed) - outages,
        max(attempt.ended - attempt.began for attempt in load.attempts),
    )


def main() -> None:
    program, folder, rounds = Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3])
    rows: list[Row] = []

    print("|", " | ".join(COLUMNS), "|")
    print("|---" * len(COLUMNS) + "|", flush=True)
    for number in range(rounds):
        for synchronous in (True, False):
            kind = "synchronous" if synchronous else "asynchronous"
            for result in drill(program, folder / f"{kind}-{number}", synchronous):
                rows.append(result)
                print("|", " | ".join(result.cells()), "|", flush=True)

    lost = sum(result.lost for result in rows if result.replication == "synchronous")
    if lost:
        sys.exit(f"{lost} acknowledged items were lost, although replication was synchronous")


if __name__ == "__main__":
    main()
