"""Compares embedding: texts a second by length, one question, and whether the vectors agree."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path
from statistics import median

import numpy as np

import embedders
import texts
from longmem import Longmem
from peer import Peer, Skipped

SHORT = "short turns"
LONG = "long texts"

LONG_LIMIT = 250
"""Tokens of a long text at most: just below the model's window."""

LENGTHS = [16, 32, 64, 128, 250]
"""Tokens of the texts whose throughput is drawn over their length."""

CHECKED = 64
"""Texts whose vectors are compared."""

REFERENCE = "sentence-transformers (PyTorch), b32"
"""The one whose vectors count as right."""

SLOW = {"chromadb's default embedder": 0.1}
"""The share of the texts that is enough for those that take very long."""


class Ours:
    """longmem as its laboratory program runs it, with some flags."""

    def __init__(self, longmem: Longmem, work: Path, *flags: str) -> None:
        """Fails if this build or this processor cannot do it."""
        self.longmem, self.work, self.flags = longmem, work, flags
        self.measure(["a text"])

    def measure(self, given: list[str], *more: str) -> dict:
        """Embeds the texts alone and together."""
        file = self.work / "texts.txt"
        file.write_text("\n".join(" ".join(text.split()) for text in given))
        flags = ["--texts", str(file), "--rounds", "1", *self.flags, *more]
        return self.longmem.run("embedding", *flags)

    def call(self, method: str, given: list[str]) -> np.ndarray | float | list[float]:
        """Answers as the peers' processes do."""
        if method == "embed":
            file = self.work / "texts.npy"
            self.measure(given, "--write-vectors", str(file))
            return np.load(file)
        measured = self.measure(given)
        if method == "throughput":
            return measured["all_at_once"]["per_second"]
        return [measured["one_at_a_time"]["p50_ms"]]

    def close(self) -> None:
        """Does nothing: no process runs between two calls."""


def stacks(longmem: Longmem, model: Path, onnx: Path, work: Path, threads: int) -> dict[str, Callable]:
    """All that are compared: a name, and how it is started."""
    ort, vino = embedders.OnnxRuntime, embedders.OpenVino
    peer = lambda *arguments: lambda: Peer(*arguments, threads=threads)
    return {
        "longmem f32": lambda: Ours(longmem, work),
        "longmem bf16": lambda: Ours(longmem, work, "--precision", "bf16"),
        "candle BertModel, sorted, padded": lambda: Ours(longmem, work, "--candle"),
        "ONNX Runtime f32, b32, one session": peer(ort, model, onnx, 32, 1, threads),
        "ONNX Runtime f32, b8, a session a core": peer(ort, model, onnx, 8, threads, 1),
        "OpenVINO f32, b8, a stream a core": peer(vino, model, onnx, 8, threads, threads, "f32"),
        "OpenVINO bf16, b8, a stream a core": peer(vino, model, onnx, 8, threads, threads, "bf16"),
        "OpenVINO f32, one stream": peer(vino, model, onnx, 32, 1, threads, "f32"),
        REFERENCE: peer(embedders.SentenceTransformers, model, threads),
        "chromadb's default embedder": peer(embedders.ChromaDefault, model, onnx),
    }


def compare(options: argparse.Namespace, longmem: Longmem, work: Path) -> dict:
    """Measures all in turn, round after round."""
    model = longmem.model_folder(work)
    onnx = work / "onnx"
    print("exporting the weights to ONNX (once)", flush=True)
    embedders.export(model, onnx)
    turns, source = texts.chat_turns(options.texts)
    shaper = texts.Shaper(model / "tokenizer.json")
    sets = text_sets(turns, shaper, options.quick)
    questions = [turn for turn in turns if turn.rstrip().endswith("?")][:60] or turns[:60]

    running, skipped = start(stacks(longmem, model, onnx, work, options.threads))
    print("comparing the vectors", flush=True)
    vectors = {name: stack.call("embed", turns[:CHECKED]) for name, stack in running.items()}
    rates = {name: {label: [] for label in sets} for name in running}
    latencies: dict[str, list[float]] = {name: [] for name in running}
    for number in range(options.rounds):
        for name, stack in in_turn(running, number):
            print(f"embedding, round {number + 1} of {options.rounds}: {name}", flush=True)
            for label, chosen in sets.items():
                part = chosen[: max(8, int(len(chosen) * SLOW.get(name, 1)))]
                rates[name][label].append(stack.call("throughput", part))
            latencies[name].append(median(stack.call("latencies", questions)))
    for stack in running.values():
        stack.close()
    return {
        "source": source,
        "sets": {label: {"texts": len(chosen), "tokens": sum(shaper.tokens(chosen)) / len(chosen)}
                 for label, chosen in sets.items()},
        "question_tokens": sum(shaper.tokens(questions)) / len(questions),
        "skipped": skipped,
        "stacks": {
            name: {
                "texts_per_second": {label: median(found) for label, found in rates[name].items()},
                "question_ms": median(latencies[name]),
                "lowest_cosine": agreement(vectors[name], vectors.get(REFERENCE)),
                "rounds": {"texts_per_second": rates[name], "question_ms": latencies[name]},
            }
            for name in running
        },
    }


def text_sets(turns: list[str], shaper: texts.Shaper, quick: bool) -> dict[str, list[str]]:
    """Short and long texts as they are, and pieces of each length."""
    tokens = 2_000 if quick else 15_000
    sets = {
        SHORT: shaper.about(turns, tokens),
        LONG: shaper.about(shaper.joined(turns, LONG_LIMIT), tokens),
    }
    for length in [] if quick else LENGTHS:
        sets[str(length)] = shaper.about(shaper.cut(turns, length), tokens // 3)
    return sets


def start(makers: dict[str, Callable]) -> tuple[dict, dict[str, str]]:
    """Starts all, and returns those that run, and why the others do not."""
    running, skipped = {}, {}
    for name, make in makers.items():
        print(f"starting {name}", flush=True)
        try:
            running[name] = make()
        except Skipped as reason:
            skipped[name] = str(reason)
            print(f"skipped: {name}: {reason}", flush=True)
    return running, skipped


def in_turn(running: dict, number: int) -> list[tuple]:
    """All of them, every other round in the opposite order."""
    order = list(running.items())
    return order if number % 2 == 0 else order[::-1]


def agreement(vectors: np.ndarray, reference: np.ndarray | None) -> float | None:
    """The lowest cosine between the two vectors of one text."""
    if reference is None:
        return None
    return float(np.einsum("td,td->t", vectors, reference).min())
