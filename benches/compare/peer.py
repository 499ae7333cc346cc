"""A peer in a process of its own, so that its threads and memory do not disturb the others."""

from __future__ import annotations

import multiprocessing
import os
from typing import Any, Callable

context = multiprocessing.get_context("spawn")

PATIENCE = 1200
"""Seconds after which a peer that does not answer is given up."""


class Skipped(Exception):
    """The reason why a peer cannot be measured here."""


class Peer:
    """Runs methods of an object that lives in another process."""

    def __init__(self, make: Callable[..., Any], *arguments: Any, threads: int) -> None:
        """Starts the process and makes the object there; fails as the object does."""
        for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
            os.environ[variable] = str(threads)
        os.environ["TOKENIZERS_PARALLELISM"] = "false"
        os.environ["HF_HUB_OFFLINE"] = "1"
        os.environ["ANONYMIZED_TELEMETRY"] = "False"
        self.pipe, theirs = context.Pipe()
        self.process = context.Process(target=serve, args=(theirs, make, arguments), daemon=True)
        self.process.start()
        theirs.close()
        self.answer()

    def answer(self) -> Any:
        """Waits for what the other process returns; fails if it raised."""
        if not self.pipe.poll(PATIENCE):
            self.process.kill()
            raise Skipped(f"no answer for {PATIENCE} seconds")
        try:
            kind, value = self.pipe.recv()
        except EOFError:
            raise Skipped("its process died") from None
        if kind == "error":
            raise Skipped(value)
        return value

    def call(self, method: str, *arguments: Any) -> Any:
        """Calls a method of the object in the other process."""
        self.pipe.send((method, arguments))
        return self.answer()

    def close(self) -> None:
        """Ends the process."""
        self.pipe.close()
        self.process.join(timeout=10)
        if self.process.is_alive():
            self.process.terminate()


def serve(pipe: Any, make: Callable[..., Any], arguments: tuple) -> None:
    """Makes the object, then calls its methods as asked until the pipe is closed."""
    try:
        served = make(*arguments)
        pipe.send(("value", None))
    except Exception as error:
        pipe.send(("error", reason(error)))
        return
    while True:
        try:
            method, given = pipe.recv()
        except EOFError:
            return
        try:
            pipe.send(("value", getattr(served, method)(*given)))
        except Exception as error:
            pipe.send(("error", reason(error)))


def reason(error: Exception) -> str:
    """An error's message, with its type unless it is a `Skipped`."""
    return str(error) if isinstance(error, Skipped) else f"{type(error).__name__}: {error}"
