"""Describes the machine and the versions that the figures belong to."""

from __future__ import annotations

import platform
from datetime import date
from importlib.metadata import version
from pathlib import Path

from longmem import Longmem

PEERS = ["onnxruntime", "openvino", "sentence-transformers", "torch", "chromadb", "faiss-cpu",
         "usearch", "sqlite-vec", "numpy"]


def processor() -> str:
    """The processor's name as the system gives it."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        return next(line.split(":", 1)[1].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor() or platform.machine()


def instructions() -> list[str]:
    """The instruction sets that decide how fast vectors are multiplied."""
    wanted = {"avx2", "fma", "avx512f", "avx512_vnni", "avx512_bf16", "amx_bf16", "asimd"}
    try:
        return sorted(wanted & set(Path("/proc/cpuinfo").read_text().split()))
    except OSError:
        return []


def describe(longmem: Longmem, threads: int) -> dict:
    """The machine, the day, and the version of everything that is compared."""
    return {
        "date": date.today().isoformat(),
        "cpu": processor(),
        "instructions": instructions(),
        "threads": threads,
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        "longmem": longmem.version(),
        "peers": {name: version(name) for name in PEERS},
    }
