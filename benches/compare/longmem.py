"""longmem, measured by its laboratory program."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

from peer import Skipped


class Longmem:
    """The built `longmem-lab`."""

    def __init__(self, program: Path, threads: int, model_dir: Path) -> None:
        """Says where the program is, and with how many threads and which model it runs."""
        self.program = program
        self.threads = threads
        self.model_dir = model_dir.resolve()

    def run(self, *arguments: str) -> dict:
        """Runs an experiment and reads the JSON that it prints."""
        command = [str(self.program), *arguments, "--threads", str(self.threads)]
        if self.has_model():
            command += ["--model-dir", str(self.model_dir)]
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode != 0:
            errors = [line for line in done.stderr.splitlines() if line.startswith("error")]
            raise Skipped(f"longmem-lab {arguments[0]}: {' '.join(errors)}")
        return json.loads(done.stdout)

    def version(self) -> str:
        """The version that the program prints."""
        command = [str(self.program), "--version"]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()[1]

    def has_model(self) -> bool:
        """Whether the model was fetched already."""
        return (self.model_dir / "model.safetensors").exists()

    def model_folder(self, work: Path) -> Path:
        """The folder of the model, which the first experiment fetches if it is not there."""
        if not self.has_model():
            file = work / "texts.txt"
            file.write_text("a text")
            self.run("embedding", "--texts", str(file), "--rounds", "0")
        return self.model_dir
