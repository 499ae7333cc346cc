#!/usr/bin/env python3
"""Measures `longmem import` on files as large as people's own: time, memory, and what is read again.

    cargo build --release && python3 benches/import/import.py target/release/longmem

First a ChatGPT export of growing size (up to 1 GB), to see that time grows with the file and memory
does not. Then a Claude Code transcript that grows to 75 MB in 1,000 steps, imported after each step:
what is read is compared with what is new. Last one import of the whole transcript into an empty
store, for the same number of turns. All texts are made up with a fixed seed. No model is needed;
about 4 GB of temporary disk is (TMPDIR names another one).
"""

from __future__ import annotations

import argparse
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path

WORDS = ("the a garden budget kitchen train ticket lamp paint ladder invoice harbour meeting port "
         "winter recipe flour repair window printer contract schedule bicycle battery "
         "question answer because should would maybe tomorrow yesterday Lisbon Oslo").split()


def sentences(rng: random.Random, characters: int) -> str:
    """Made-up text of about so many characters."""
    words, length = [], 0
    while length < characters:
        word = rng.choice(WORDS) if rng.random() < 0.9 else f"{rng.choice(WORDS)}-{rng.randrange(10000)}"
        words.append(word)
        length += len(word) + 1
    return " ".join(words)


def chatgpt_export(path: Path, size: int) -> None:
    """Writes conversations of 2 to 60 messages until the file has so many bytes."""
    rng = random.Random(7)
    written, number = 0, 0
    with path.open("w", encoding="utf-8") as file:
        file.write("[")
        while written < size:
            began = 1_600_000_000 + number * 4_000
            mapping = {"root": {"id": "root", "message": None, "parent": None, "children": ["m0"]}}
            messages = rng.randrange(2, 60)
            for index in range(messages):
                role = "user" if index % 2 == 0 else "assistant"
                text = sentences(rng, rng.randrange(40, 300) if role == "user" else rng.randrange(300, 2_500))
                mapping[f"m{index}"] = {
                    "id": f"m{index}", "parent": "root" if index == 0 else f"m{index - 1}",
                    "children": [f"m{index + 1}"] if index + 1 < messages else [],
                    "message": {
                        "id": f"c{number}-m{index}", "author": {"role": role},
                        "create_time": began + index * 30, "recipient": "all", "metadata": {},
                        "content": {"content_type": "text", "parts": [text]}}}
            conversation = json.dumps({
                "title": sentences(rng, 20), "create_time": began, "update_time": began + 3_600,
                "mapping": mapping, "current_node": f"m{messages - 1}",
                "conversation_id": f"conversation-{number}"})
            file.write(("," if number else "") + conversation)
            written += len(conversation) + 1
            number += 1
        file.write("]")


def transcript_lines(size: int):
    """Lines of a Claude Code transcript until they have so many bytes: a person, tools, answers."""
    rng = random.Random(11)
    written, number = 0, 0
    while written < size:
        kind = number % 6
        line = {"parentUuid": f"u{number - 1}" if number else None, "isSidechain": False,
                "sessionId": "session-1", "uuid": f"u{number}", "cwd": "/w", "version": "2.1.0",
                "timestamp": time.strftime("%Y-%m-%dT%H:%M:%S.000Z", time.gmtime(1_770_000_000 + number))}
        if kind == 0:
            line |= {"type": "user", "message": {"role": "user", "content": sentences(rng, 120)}}
        elif kind in (1, 3):
            call = {"type": "tool_use", "id": f"t{number}", "name": "Bash",
                    "input": {"command": "grep -rn " + rng.choice(WORDS)}}
            line |= {"type": "assistant", "message": {"id": f"a{number}", "role": "assistant", "content": [call]}}
        elif kind in (2, 4):
            result = {"type": "tool_result", "tool_use_id": f"t{number - 1}",
                      "content": sentences(rng, rng.randrange(200, 6_000))}
            line |= {"type": "user", "toolUseResult": {"stdout": ""},
                     "message": {"role": "user", "content": [result]}}
        else:
            text = {"type": "text", "text": sentences(rng, rng.randrange(100, 1_500))}
            line |= {"type": "assistant", "message": {"id": f"a{number}", "role": "assistant", "content": [text]}}
        encoded = json.dumps(line) + "\n"
        written += len(encoded)
        number += 1
        yield encoded


class Run:
    """One run of the program: its JSON, seconds, processor seconds, and peak memory in MB."""

    def __init__(self, program: str, store: Path, path: Path) -> None:
        environment = {**os.environ, "LONGMEM_OFFLINE": "1"}
        began = time.perf_counter()
        with tempfile.TemporaryFile() as output:
            process = subprocess.Popen([program, "--db", store, "import", path, "--json", "--quiet"],
                                       stdout=output, env=environment)
            _, status, usage = os.wait4(process.pid, 0)
            self.seconds = time.perf_counter() - began
            if status != 0:
                sys.exit(f"import of {path} failed with status {status}")
            output.seek(0)
            self.imported = json.load(output)["imports"][0]
        self.processor_seconds = usage.ru_utime + usage.ru_stime
        # Linux counts kibibytes, macOS bytes.
        unit = 1024 if sys.platform != "darwin" else 1
        self.peak_megabytes = usage.ru_maxrss * unit / 1e6


def measure_export(program: str, folder: Path, megabytes: list[int]) -> None:
    print("## A ChatGPT export\n")
    print("| file | turns | seconds | of the processor | MB/s | turns/s | peak memory | again: seconds |")
    print("|---|---|---|---|---|---|---|---|")
    for size in megabytes:
        path = folder / "conversations.json"
        chatgpt_export(path, size * 1_000_000)
        store = folder / f"export-{size}.db"
        first, second = Run(program, store, path), Run(program, store, path)
        turns = first.imported["new"]
        if second.imported["new"] != 0:
            sys.exit("the second import stored turns again")
        megabytes_read = path.stat().st_size / 1e6
        print(f"| {megabytes_read:,.0f} MB | {turns:,} | {first.seconds:.1f} | "
              f"{first.processor_seconds:.1f} | {megabytes_read / first.seconds:.0f} | {turns / first.seconds:,.0f} | "
              f"{max(first.peak_megabytes, second.peak_megabytes):.0f} MB | {second.seconds:.2f} |", flush=True)
        path.unlink()
        for leftover in folder.glob(f"export-{size}.db*"):
            leftover.unlink()


def measure_growing(program: str, folder: Path, megabytes: int, steps: int) -> None:
    print(f"\n## A transcript that grows to {megabytes} MB in {steps} steps\n")
    lines = list(transcript_lines(megabytes * 1_000_000))
    path, store = folder / "session-1.jsonl", folder / "growing.db"
    runs: list[Run] = []
    with path.open("w", encoding="utf-8") as file:
        for step in range(steps):
            file.writelines(lines[len(lines) * step // steps:len(lines) * (step + 1) // steps])
            file.flush()
            runs.append(Run(program, store, path))
    bytes_read = sum(run.imported["read"]["bytes_read"] for run in runs)
    turns = sum(run.imported["new"] for run in runs)
    whole = Run(program, folder / "whole.db", path)
    if whole.imported["new"] != turns:
        sys.exit(f"in steps {turns} turns came, at once {whole.imported['new']}")
    tenth = max(1, steps // 10)

    def mean(part: list[Run]) -> str:
        took = sum(run.seconds for run in part) / len(part) * 1000
        processor = sum(run.processor_seconds for run in part) / len(part) * 1000
        return f"{took:.0f} ms ({processor:.0f} of the processor)"

    print("| what | figure |")
    print("|---|---|")
    print(f"| turns | {turns:,}, as in one import of the whole |")
    print(f"| bytes read of those that were new | {bytes_read / path.stat().st_size:.3f} |")
    print(f"| all steps | {sum(run.seconds for run in runs):.1f} s |")
    print(f"| one step: the first tenth, the last tenth | {mean(runs[:tenth])}, {mean(runs[-tenth:])} |")
    print(f"| peak memory of any step | {max(run.peak_megabytes for run in runs):.0f} MB |")
    print(f"| one import of the whole | {whole.seconds:.1f} s, {whole.peak_megabytes:.0f} MB |")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program", help="the longmem program, a release build")
    parser.add_argument("--export-megabytes", type=int, nargs="*", default=[250, 500, 1000])
    parser.add_argument("--transcript-megabytes", type=int, default=75)
    parser.add_argument("--steps", type=int, default=1000)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="longmem-import-") as folder:
        if arguments.export_megabytes:
            measure_export(arguments.program, Path(folder), arguments.export_megabytes)
        if arguments.steps:
            measure_growing(arguments.program, Path(folder), arguments.transcript_megabytes, arguments.steps)


if __name__ == "__main__":
    main()
