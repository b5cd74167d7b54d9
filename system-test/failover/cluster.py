"""Three PostgreSQL servers with Patroni, one etcd, and HAProxy in front of the leader, all on 127.0.0.1."""

import json
import os
import shutil
import signal
import subprocess
import time
import urllib.request
from pathlib import Path
from types import TracebackType
from typing import Any

from processes import child, children, free_port, wait_until

# Patroni's smallest, so that the drill is short; its default is 30 s. A new leader is elected when the key of the dead
# one in etcd has expired.
TTL = 20

HAPROXY = """
defaults
    mode tcp
    timeout connect 1s
    timeout client 1m
    timeout server 1m
listen leader
    bind 127.0.0.1:{port}
    option httpchk OPTIONS /primary
    http-check expect status 200
    default-server inter 1s fall 2 rise 1 on-marked-down shutdown-sessions
"""


class Node:
    """A PostgreSQL server and its Patroni."""

    def __init__(self, name: str, folder: Path) -> None:
        self.name, self.folder = name, folder
        self.port, self.rest = free_port(), free_port()
        folder.mkdir()
        if os.getuid() == 0:
            shutil.chown(folder, "postgres", "postgres")

    def start(self, etcd: int, synchronous: bool) -> None:
        rest, listen = f"127.0.0.1:{self.rest}", f"127.0.0.1:{self.port}"
        dcs = {"ttl": TTL, "loop_wait": 2, "retry_timeout": 5, "synchronous_mode": synchronous}
        settings = {
            "scope": "drill",
            "name": self.name,
            "restapi": {"listen": rest, "connect_address": rest},
            "etcd3": {"host": f"127.0.0.1:{etcd}"},
            "bootstrap": {"dcs": dcs, "initdb": [{"encoding": "UTF8"}, {"locale": "C"}, "no-sync"]},
            "postgresql": {
                "listen": listen,
                "connect_address": listen,
                "bin_dir": str(max(Path("/usr/lib/postgresql").glob("*/bin"))),
                "data_dir": str(self.folder / "data"),
                "pgpass": str(self.folder / "pgpass"),
                "authentication": {
                    "superuser": {"username": "postgres", "password": "postgres"},
                    "replication": {"username": "replicator", "password": "replicator"},
                },
                "pg_hba": ["host all all 127.0.0.1/32 trust", "host replication all 127.0.0.1/32 trust"],
                # A line of the log begins with the seconds since 1970.
                "parameters": {"unix_socket_directories": "", "log_line_prefix": "%n "},
            },
        }
        file = self.folder / "patroni.json"
        file.write_text(json.dumps(settings))
        self.patroni = child(["patroni", str(file)], self.folder / "log", as_postgres=True)

    def postmaster(self) -> int:
        """The first process of PostgreSQL."""
        return int((self.folder / "data/postmaster.pid").read_text().split()[0])

    def stop_replication(self) -> None:
        """Stops what sends the log to the standbys, as a network would that fails a moment before its machine."""
        for process in children(self.postmaster()):
            if b"walsender" in Path(f"/proc/{process}/cmdline").read_bytes():
                os.kill(process, signal.SIGSTOP)

    def kill(self) -> None:
        """Kills Patroni, PostgreSQL and its children with SIGKILL, as the end of a machine would."""
        self.patroni.kill()
        try:
            postmaster = self.postmaster()
            # It is stopped first, so that it starts no more children.
            os.kill(postmaster, signal.SIGSTOP)
        except (FileNotFoundError, ProcessLookupError):
            return
        for process in [postmaster, *children(postmaster)]:
            os.kill(process, signal.SIGKILL)


class Cluster:
    """Ready when it is entered, and gone when it is left."""

    def __init__(self, folder: Path, synchronous: bool) -> None:
        self.folder, self.synchronous = folder, synchronous
        self.nodes = [Node(name, folder / name) for name in ("one", "two", "three")]
        self.proxy = free_port()
        self.proxy_url = f"postgres://postgres@127.0.0.1:{self.proxy}/postgres"
        hosts = ",".join(f"127.0.0.1:{node.port}" for node in self.nodes)
        self.hosts_url = f"postgres://postgres@{hosts}/postgres"

    def __enter__(self) -> "Cluster":
        etcd, peers = free_port(), free_port()
        client, peer = f"http://127.0.0.1:{etcd}", f"http://127.0.0.1:{peers}"
        urls = {
            "--listen-client-urls": client,
            "--advertise-client-urls": client,
            "--listen-peer-urls": peer,
            "--initial-advertise-peer-urls": peer,
            "--initial-cluster": f"default={peer}",
        }
        arguments = [argument for url in urls.items() for argument in url]
        self.others = [child(["etcd", "--data-dir", str(self.folder / "etcd"), *arguments], self.folder / "etcd.log")]

        for node in self.nodes:
            node.start(etcd, self.synchronous)
        servers = [f"    server {node.name} 127.0.0.1:{node.port} check port {node.rest}\n" for node in self.nodes]
        file = self.folder / "haproxy.cfg"
        file.write_text(HAPROXY.format(port=self.proxy) + "".join(servers))
        self.others.append(child(["haproxy", "-db", "-f", str(file)], self.folder / "haproxy.log"))

        try:
            wait_until(f"the cluster is ready ({self.folder})", 90, self.is_ready)
        except BaseException:
            self.__exit__(None, None, None)
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for node in self.nodes:
            node.kill()
        for other in self.others:
            other.kill()

    def is_ready(self) -> bool:
        """Whether there is a leader behind HAProxy, from which two standbys stream, one of them synchronously if asked."""
        roles = sorted(member["role"] for member in self.members() if member["state"] in ("running", "streaming"))
        if roles != ["leader", "replica", "sync_standby" if self.synchronous else "replica"]:
            return False
        # Patroni knows that they run, not that they stream: one that does not would lose everything.
        query = "select count(*) from pg_stat_replication where state = 'streaming'"
        psql = ["psql", "--no-psqlrc", "--tuples-only", "--no-align", "--command", query, self.proxy_url]
        result = subprocess.run(psql, check=False, text=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        return result.stdout.strip() == "2"

    def members(self) -> list[dict[str, Any]]:
        """What Patroni says of the cluster."""
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.nodes[0].rest}/cluster", timeout=2) as response:
                members: list[dict[str, Any]] = json.load(response)["members"]
                return members
        except OSError:
            return []

    def kill_leader(self) -> float:
        """Kills the leader, half a second after its replication, and returns when, in seconds since 1970."""
        leader = next(member["name"] for member in self.members() if member["role"] == "leader")
        self.killed = next(node for node in self.nodes if node.name == leader)
        self.killed.stop_replication()
        time.sleep(0.5)
        self.killed.kill()
        return time.time()

    def promoted_at(self) -> float:
        """When the new leader stopped to be a standby, in seconds since 1970, by its log."""
        for node in self.nodes:
            if node is self.killed:
                continue
            for line in (node.folder / "log").read_text().splitlines():
                if line.endswith("archive recovery complete"):
                    return float(line.split()[0])
        raise SystemExit("no server was promoted")
