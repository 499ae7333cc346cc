#!/usr/bin/env python3
"""Measures longmem and its peers in turn on this machine, and writes tables and plots.

    python3 benches/compare/compare.py

makes a Python environment with the pinned peers in cargo's target folder, builds longmem, and runs
everything. --help shows the choices; README.md in this folder says how each thing is measured.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import subprocess
import sys
import time
import urllib.request
import venv
from pathlib import Path

HERE = Path(__file__).resolve().parent
REPOSITORY = HERE.parent.parent
REQUIREMENTS = HERE / "requirements.txt"

CPU_WHEELS = "https://download.pytorch.org/whl/cpu"
"""PyTorch's wheels without gigabytes of CUDA; not every network reaches them."""


def arguments() -> argparse.Namespace:
    """Reads the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--only", choices=["embedding", "search"], help="measure only this part")
    parser.add_argument("--rounds", type=int, default=3, help="rounds of which medians are taken")
    parser.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("--million", action="store_true", help="search a million vectors too")
    parser.add_argument("--quick", action="store_true", help="small sizes, to see that it works")
    parser.add_argument("--texts", type=Path, help="chat turns, one a line or JSON Lines")
    parser.add_argument("--model-dir", type=Path, help="the folder of all-MiniLM-L6-v2")
    parser.add_argument("--output", type=Path, help="where results go [target/compare/results]")
    parser.add_argument(
        "--write", type=Path, metavar="FILE",
        help="also put the tables into this file, between <!-- compare --> and <!-- /compare -->",
    )
    return parser.parse_args()


def target_folder() -> Path:
    """Finds cargo's target folder, wherever it is configured to be."""
    command = ["cargo", "metadata", "--no-deps", "--format-version", "1"]
    output = subprocess.run(command, cwd=REPOSITORY, check=True, capture_output=True).stdout
    return Path(json.loads(output)["target_directory"])


def reachable(address: str) -> bool:
    """Says whether an address answers within a few seconds."""
    try:
        urllib.request.urlopen(address + "/", timeout=5).close()
        return True
    except OSError:
        return False


def make_environment(folder: Path) -> Path:
    """Makes the environment unless it holds the pinned versions, and returns its Python."""
    python = folder / "bin" / "python"
    stamp = folder / "requirements.sha256"
    wanted = hashlib.sha256(REQUIREMENTS.read_bytes()).hexdigest()
    if python.exists() and stamp.exists() and stamp.read_text() == wanted:
        return python
    print(f"making a Python environment in {folder} (some minutes, once)", flush=True)
    venv.create(folder, with_pip=True)
    pip = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    if sys.platform == "linux" and reachable(CPU_WHEELS):
        torch = next(line for line in REQUIREMENTS.read_text().split() if line.startswith("torch=="))
        subprocess.run([*pip, torch, "--index-url", CPU_WHEELS], check=True)
    subprocess.run([*pip, "--requirement", str(REQUIREMENTS)], check=True)
    stamp.write_text(wanted)
    return python


def build_longmem() -> None:
    """Builds the program that measures longmem, which takes no time if it is built."""
    print("building longmem-lab (release)", flush=True)
    command = ["cargo", "build", "--release", "--quiet", "--package", "longmem-lab"]
    subprocess.run(command, cwd=REPOSITORY, check=True)


def measure(options: argparse.Namespace, target: Path) -> None:
    """Runs in the environment: measures, then writes what was measured."""
    import embedding
    import report
    import search
    from longmem import Longmem
    from machine import describe

    began = time.monotonic()
    # What is made only once depends on the pinned versions.
    work = target / "compare" / hashlib.sha256(REQUIREMENTS.read_bytes()).hexdigest()[:8]
    work.mkdir(exist_ok=True)
    model = options.model_dir or REPOSITORY / "models" / "all-MiniLM-L6-v2"
    longmem = Longmem(target / "release" / "longmem-lab", options.threads, model)
    results = {"machine": describe(longmem, options.threads), "rounds": options.rounds}
    folder = options.output or target / "compare" / "results"
    for part, compare in [("embedding", embedding.compare), ("search", search.compare)]:
        if options.only in (None, part):
            results[part] = compare(options, longmem, work)
            results["minutes"] = round((time.monotonic() - began) / 60, 1)
            report.write(results, folder, options.write)
    print(f"\n{(folder / 'tables.md').read_text()}")
    print(f"done in {results['minutes']} minutes; the results are in {folder}")


def main() -> None:
    """Prepares everything, then starts this script again in the environment."""
    options = arguments()
    target = target_folder()
    folder = target / "compare" / "venv"
    if Path(sys.prefix).resolve() == folder.resolve():
        measure(options, target)
        return
    python = make_environment(folder)
    build_longmem()
    os.execv(python, [str(python), "-W", "ignore", str(Path(__file__).resolve()), *sys.argv[1:]])


if __name__ == "__main__":
    main()
