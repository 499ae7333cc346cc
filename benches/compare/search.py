"""Compares search: one query after another over the same vectors of real sentences."""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

import numpy as np

import searchers
import texts
from embedding import in_turn, start
from longmem import Longmem
from peer import Peer

TOP = 10

SIZES = [1_000, 10_000, 100_000]

MILLION = 1_000_000

USERS = 1_000
"""Number of users to whom 100,000 vectors are dealt out, to search those of one."""

QUERIES = 200
"""Number of sentences that are held out as queries."""

PATIENCE = 2.0
"""Seconds after which a slow peer is spared the rest of a round's queries."""

CHROMA = "chromadb (HNSW)"

USEARCH = "usearch (HNSW)"

TUTORIAL = "the tutorial's way: JSON in SQLite"

LIMITS = {
    TUTORIAL: (10_000, "its time grows in proportion"),
    CHROMA: (100_000, "it takes very long to build its index"),
}
"""The greatest number of vectors at which some are measured, and why."""


class Ours:
    """longmem as its laboratory program runs it, with a memory that is kept from round to round."""

    def __init__(
        self, longmem: Longmem, vectors: Path, users: int, work: Path, store: Path, *flags: str
    ) -> None:
        """Fills the memory."""
        self.longmem, self.queries = longmem, work / "asked.npy"
        self.flags = ["--vectors", str(vectors), "--queries", str(self.queries), *flags]
        self.flags += ["--keep", str(store), "--top", str(TOP), "--users", str(users)]
        np.save(self.queries, np.load(work / "queries.npy")[:1])
        is_here = any(store.iterdir())
        began = time.perf_counter()
        self.longmem.run("search", *self.flags)
        self.build_seconds = None if is_here else time.perf_counter() - began

    def call(self, method: str, *given) -> tuple[list[float], list[list[int]]] | float | None:
        """Answers as the peers' processes do."""
        if method == "seconds_to_build":
            return self.build_seconds
        np.save(self.queries, given[0])
        done = self.longmem.run("search", *self.flags)
        return [done["query"]["p50_ms"]], done["nearest"]

    def close(self) -> None:
        """Does nothing: no process runs between two calls."""


def stacks(
    longmem: Longmem, vectors: Path, users: int, work: Path, store: Path, threads: int
) -> dict[str, Callable]:
    """All that are compared: a name, and how it is started."""
    peer = lambda kind: lambda: Peer(kind, vectors, TOP, users, threads=threads)
    return {
        "longmem": lambda: Ours(longmem, vectors, users, work, store),
        "longmem, exact scan": lambda: Ours(longmem, vectors, users, work, store, "--exact"),
        "numpy": peer(searchers.Numpy),
        "faiss flat": peer(searchers.FaissFlat),
        "usearch exact": peer(searchers.UsearchExact),
        USEARCH: peer(searchers.UsearchHnsw),
        "sqlite-vec": peer(searchers.SqliteVec),
        CHROMA: peer(searchers.ChromaHnsw),
        TUTORIAL: peer(searchers.JsonInSqlite),
    }


def compare(options: argparse.Namespace, longmem: Longmem, work: Path) -> dict:
    """Measures all in turn at each size."""
    sizes = [1_000] if options.quick else SIZES + [MILLION] * options.million
    rows, queries, real = vectors(longmem, work, max(sizes))
    np.save(work / "queries.npy", queries)
    cases = [(size, 1) for size in sizes]
    cases.insert(len(cases) - options.million, (sizes[0], 10) if options.quick else (SIZES[-1], USERS))
    measured = []
    for size, users in cases:
        file = work / f"vectors_{size}.npy"
        if not file.exists() or np.load(file, mmap_mode="r").shape != (size, 384):
            np.save(file, rows[:size])
        with tempfile.TemporaryDirectory(dir=work) as store:
            stacks_found, skipped = one_case(
                options, longmem, file, users, queries, work, Path(store)
            )
        measured.append({"vectors": size, "users": users, "stacks": stacks_found, "skipped": skipped})
    return {"real": min(real, max(sizes)), "queries": len(queries), "cases": measured}


def one_case(
    options: argparse.Namespace, longmem: Longmem, file: Path, users: int, queries: np.ndarray,
    work: Path, store: Path,
) -> tuple[dict, dict]:
    """Measures all in turn over one set of vectors, asking for those of one user."""
    rows = np.load(file)
    case = f"{len(rows):,} vectors of {users:,} users" if users > 1 else f"{len(rows):,} vectors"
    makers = stacks(longmem, file, users, work, store, options.threads)
    skipped = {name: reason for name, (limit, reason) in LIMITS.items() if len(rows) > limit}
    for name in skipped:
        del makers[name]
    print(f"search: taking in {case}", flush=True)
    running, more = start(makers)
    skipped |= more
    right = exact(rows[::users], queries, users)
    times = {name: [] for name in running}
    hits = {name: [] for name in running}
    for number in range(options.rounds):
        chosen = np.arange(number, len(queries), options.rounds)
        for name, stack in in_turn(running, number):
            print(f"search, {case}, round {number + 1}: {name}", flush=True)
            took, found = stack.call("measure", queries[chosen], PATIENCE)
            times[name].append(median(took))
            hits[name] += [len(right[query] & set(rows_found)) / TOP
                           for query, rows_found in zip(chosen, found)]
    building = {name: stack.call("seconds_to_build") for name, stack in running.items()}
    for stack in running.values():
        stack.close()
    return {
        name: {"p50_ms": median(times[name]), "recall": sum(hits[name]) / len(hits[name]),
               "build_seconds": building[name], "rounds": times[name]}
        for name in running
    }, skipped


def exact(rows: np.ndarray, queries: np.ndarray, users: int) -> list[set[int]]:
    """The numbers of the rows that are nearest to each query, by plain products."""
    return [set((np.argpartition(-(rows @ query), TOP)[:TOP] * users).tolist()) for query in queries]


def vectors(longmem: Longmem, work: Path, count: int) -> tuple[np.ndarray, np.ndarray, int]:
    """Vectors of real sentences, of held-out ones as queries, and how many are real.

    Where there are not enough sentences the rest are mixtures of two of their vectors.
    """
    cache = work / "sentences.npy"
    wanted = min(count, MAX_REAL) + QUERIES
    if not cache.exists() or len(np.load(cache, mmap_mode="r")) < wanted:
        print("search: collecting sentences and embedding them (once)", flush=True)
        sentences = texts.sentences(wanted, work / "sentences.txt")
        file = work / "chosen_sentences.txt"
        file.write_text("\n".join(sentences))
        longmem.run("embedding", "--texts", str(file), "--rounds", "0", "--write-vectors", str(cache))
    found = np.load(cache)
    queries, real = found[:QUERIES], found[QUERIES:]
    missing = max(0, count - len(real))
    return np.concatenate([real, mixtures(real, missing)]), queries, len(real)


MAX_REAL = 100_000
"""Number of sentences that are embedded, at most: that takes some minutes, once."""


def mixtures(real: np.ndarray, count: int) -> np.ndarray:
    """Unit vectors between two real ones, with a little scatter."""
    random = np.random.default_rng(1)
    mixed = np.empty((count, real.shape[1]), np.float32)
    for start in range(0, count, searchers.BATCH):
        some = mixed[start : start + searchers.BATCH]
        share = random.random((len(some), 1), np.float32)
        one, other = (real[random.integers(len(real), size=len(some))] for _ in range(2))
        scatter = random.uniform(-0.02, 0.02, some.shape)
        some[:] = share * one + (1 - share) * other + scatter
        some /= np.linalg.norm(some, axis=1, keepdims=True)
    return mixed
