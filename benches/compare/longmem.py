"""longmem, measured by its own `bench` command."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

from peer import Skipped


class Longmem:
    """The built program."""

    def __init__(self, program: Path, threads: int, model_dir: Path | None) -> None:
        """Says where the program is and what it runs with."""
        self.program = program
        self.common = ["--threads", str(threads), "--json"]
        if model_dir:
            self.common += ["--model-dir", str(model_dir)]

    def run(self, *arguments: str) -> dict:
        """Runs a command and reads the JSON that it prints."""
        command = [str(self.program), *arguments, *self.common]
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode != 0:
            errors = [line for line in done.stderr.splitlines() if line.startswith("error")]
            raise Skipped(f"longmem {' '.join(arguments[:2])}: {' '.join(errors)}")
        return json.loads(done.stdout)

    def version(self) -> str:
        """The version that the program says it is."""
        command = [str(self.program), "--version"]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()[1]

    def model_folder(self) -> Path:
        """The folder of the model, fetched if it is not here yet."""
        self.run("model", "fetch")
        return Path(self.run("model", "show")["folder"]).resolve()
