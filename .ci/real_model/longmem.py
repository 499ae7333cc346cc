"""Runs the longmem program on a store of its own, and reads back what it keeps."""

import json
import os
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

# A command that takes longer is ended, and counts as failed.
PATIENCE_SECONDS = 300


@dataclass
class Run:
    """What a command printed, and how it ended."""

    code: int
    out: str
    err: str
    seconds: float


class Longmem:
    """The program, a store, and the server that answers."""

    def __init__(self, program: str, store: Path, api: str, url: str) -> None:
        self.program, self.store = program, store
        base = f"{url}/v1" if api == "openai" else url
        self.model = ["--provider", api, "--base-url", base, "--llm", "local"]

    def run(self, *arguments: str, stdin: str = "") -> Run:
        kept = {k: v for k, v in os.environ.items() if not k.startswith(("LONGMEM_", "OPENAI_", "ANTHROPIC_"))}
        began = time.monotonic()
        try:
            done = subprocess.run(
                [self.program, "--db", str(self.store), *arguments],
                input=stdin,
                capture_output=True,
                text=True,
                timeout=PATIENCE_SECONDS,
                env={**kept, "ANTHROPIC_API_KEY": "local"},
            )
        except subprocess.TimeoutExpired:
            return Run(124, "", f"error: no end after {PATIENCE_SECONDS} s", PATIENCE_SECONDS)
        return Run(done.returncode, done.stdout, done.stderr, time.monotonic() - began)

    def chat(self, user: str, lines: list[str], *arguments: str, max_tokens: int = 60) -> Run:
        limit = ["--max-tokens", str(max_tokens)]
        return self.run("chat", "--user", user, *limit, *self.model, *arguments, stdin="\n".join(lines) + "\n")

    def learn(self, user: str) -> Run:
        """Looks through everything that was said."""
        return self.run("facts", "--learn", "--user", user, *self.model)

    def facts(self, user: str) -> list[dict]:
        return json.loads(self.run("facts", "--json", "--user", user).out)["facts"]

    def summaries(self, user: str) -> list[str]:
        sessions = json.loads(self.run("sessions", "--summary", "--json", "--user", user).out)["sessions"]
        return [s["summary"]["text"] if isinstance(s["summary"], dict) else s["summary"] for s in sessions if s.get("summary")]

    def turns(self, user: str) -> list[dict]:
        return [json.loads(line) for line in self.run("export", "--user", user).out.splitlines()]

    def said(self, user: str) -> str:
        return " ".join(turn["text"] for turn in self.turns(user))
