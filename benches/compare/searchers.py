"""The peers that search: each finds the rows nearest to a query in `[rows, 384]` unit vectors.

The rows are dealt out to users in turn, and only those of user 0 are asked for: row 0, row `users`,
and so on.
"""

from __future__ import annotations

import json
import sqlite3
import tempfile
import time
from pathlib import Path

import numpy as np

from peer import Skipped

BATCH = 5_000
"""Number of rows that are handed over at once where a peer takes them in pieces."""


class Searcher:
    """What all peers that search have in common."""

    def __init__(self, vectors: Path, top: int, users: int) -> None:
        """Takes the rows in."""
        self.top = top
        self.users = users
        began = time.perf_counter()
        self.build(np.load(vectors))
        self.build_seconds = time.perf_counter() - began

    def build(self, rows: np.ndarray) -> None:
        """Takes the rows in."""
        raise NotImplementedError

    def nearest(self, query: np.ndarray) -> list[int]:
        """The numbers of the nearest rows, best first."""
        raise NotImplementedError

    def seconds_to_build(self) -> float:
        """How long taking the rows in took."""
        return self.build_seconds

    def measure(self, queries: np.ndarray, patience: float) -> tuple[list[float], list[list[int]]]:
        """Milliseconds and found rows of each query, until the patience is used up; at least five."""
        self.nearest(queries[0])
        times, found = [], []
        for query in queries:
            began = time.perf_counter()
            rows = self.nearest(query)
            times.append((time.perf_counter() - began) * 1e3)
            found.append([int(row) for row in rows])
            if len(times) >= 5 and sum(times) > patience * 1e3:
                break
        return times, found


class Numpy(Searcher):
    """numpy: one product of matrix and vector, then the best of all."""

    def build(self, rows: np.ndarray) -> None:
        """Keeps the user's rows in memory."""
        self.rows = np.ascontiguousarray(rows[:: self.users])

    def nearest(self, query: np.ndarray) -> list[int]:
        """Finds the best without sorting all."""
        scores = self.rows @ query
        best = np.argpartition(-scores, self.top)[: self.top]
        return (best[np.argsort(-scores[best])] * self.users).tolist()


class FaissFlat(Searcher):
    """faiss without an index: exact inner products, of selected rows where there are users."""

    def build(self, rows: np.ndarray) -> None:
        """Copies the rows."""
        import faiss

        self.index = faiss.IndexFlatIP(rows.shape[1])
        self.index.add(rows)
        self.parameters = None
        if self.users > 1:
            selected = faiss.IDSelectorArray(np.arange(0, len(rows), self.users))
            self.parameters = faiss.SearchParameters(sel=selected)

    def nearest(self, query: np.ndarray) -> list[int]:
        """Asks for one query."""
        return self.index.search(query[None], self.top, params=self.parameters)[1][0].tolist()


class UsearchExact(Searcher):
    """usearch without an index: exact inner products on all threads."""

    def build(self, rows: np.ndarray) -> None:
        """Keeps the rows in memory."""
        if self.users > 1:
            raise Skipped("its exact search has no filter")
        self.rows = rows

    def nearest(self, query: np.ndarray) -> list[int]:
        """Asks for one query."""
        from usearch.index import MetricKind, search

        return search(self.rows, query, self.top, MetricKind.IP, exact=True).keys.tolist()


class UsearchHnsw(Searcher):
    """usearch's HNSW index as it comes, f32."""

    def build(self, rows: np.ndarray) -> None:
        """Adds the rows on all threads."""
        from usearch.index import Index, MetricKind

        if self.users > 1:
            raise Skipped("its index has no filter")
        self.index = Index(ndim=rows.shape[1], metric=MetricKind.IP, dtype="f32")
        self.index.add(np.arange(len(rows)), rows)

    def nearest(self, query: np.ndarray) -> list[int]:
        """Asks for one query."""
        return self.index.search(query, self.top).keys.tolist()


class SqliteVec(Searcher):
    """sqlite-vec's virtual table, f32, in a file; a user is a partition."""

    COLUMNS = "user INTEGER PARTITION KEY, vector FLOAT[384] DISTANCE_METRIC=cosine"

    def build(self, rows: np.ndarray) -> None:
        """Stores the rows in one transaction."""
        import apsw
        import sqlite_vec

        self.folder = tempfile.TemporaryDirectory()
        self.connection = apsw.Connection(str(Path(self.folder.name) / "vectors.db"))
        self.connection.enable_load_extension(True)
        self.connection.load_extension(sqlite_vec.loadable_path())
        self.connection.execute(f"CREATE VIRTUAL TABLE vectors USING vec0({self.COLUMNS})")
        values = ((row, row % self.users, vector.tobytes()) for row, vector in enumerate(rows))
        sql = "INSERT INTO vectors (rowid, user, vector) VALUES (?, ?, ?)"
        with self.connection:
            self.connection.executemany(sql, values)

    def nearest(self, query: np.ndarray) -> list[int]:
        """Asks for one query."""
        sql = "SELECT rowid FROM vectors WHERE vector MATCH ? AND k = ? AND user = 0 ORDER BY distance"
        return [row for (row,) in self.connection.execute(sql, (query.tobytes(), self.top))]


class JsonInSqlite(Searcher):
    """The tutorials' way: vectors as JSON text, read and parsed for each query."""

    def build(self, rows: np.ndarray) -> None:
        """Stores the rows as text."""
        if self.users > 1:
            raise Skipped("it knows no users")
        self.connection = sqlite3.connect(":memory:")
        self.connection.execute("CREATE TABLE vectors (id INTEGER PRIMARY KEY, vector TEXT)")
        numbered = ((number, json.dumps(row.tolist())) for number, row in enumerate(rows))
        self.connection.executemany("INSERT INTO vectors VALUES (?, ?)", numbered)

    def nearest(self, query: np.ndarray) -> list[int]:
        """Parses every row, then sorts all."""
        stored = self.connection.execute("SELECT id, vector FROM vectors")
        scored = [(float(np.dot(json.loads(text), query)), row) for row, text in stored]
        return [row for _, row in sorted(scored, reverse=True)[: self.top]]


class ChromaHnsw(Searcher):
    """chromadb as it comes: an HNSW index that it builds itself; a user is in the metadata."""

    def build(self, rows: np.ndarray) -> None:
        """Adds the rows to a collection on disk."""
        import chromadb

        self.folder = tempfile.TemporaryDirectory()
        client = chromadb.PersistentClient(self.folder.name)
        self.collection = client.create_collection(
            "vectors", configuration={"hnsw": {"space": "cosine"}}, embedding_function=None
        )
        for start in range(0, len(rows), BATCH):
            some = rows[start : start + BATCH]
            ids = [str(start + number) for number in range(len(some))]
            users = [{"user": (start + number) % self.users} for number in range(len(some))]
            self.collection.add(ids=ids, embeddings=some, metadatas=users)

    def nearest(self, query: np.ndarray) -> list[int]:
        """Asks for one query."""
        found = self.collection.query(
            query_embeddings=query[None], n_results=self.top, include=[],
            where={"user": 0} if self.users > 1 else None,
        )
        return [int(row) for row in found["ids"][0]]
