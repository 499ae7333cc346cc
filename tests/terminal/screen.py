"""A terminal of a chosen size, which tmux draws and a test reads."""

import os
import re
import subprocess
import time
from pathlib import Path

# Seconds until something must have come on the screen.
PATIENCE = 20


class Screen:
    """A shell in a tmux window of its own, in an environment of its own."""

    def __init__(self, folder: Path, width: int, environment: dict[str, str], height: int = 40):
        self.folder, self.width = folder, width
        self.socket = f"longmem-{os.getpid()}-{id(self)}"
        self.written_file = folder / f"written-{id(self)}"
        self.steps = 0
        (folder / "shell.rc").write_text("PS1='$ '\nHISTFILE=\n")
        words = [f"{name}={value}" for name, value in environment.items()]
        shell = ["env", "-i", *words, "bash", "--rcfile", str(folder / "shell.rc"), "-i"]
        size = ["-x", str(width), "-y", str(height)]
        self._tmux("-f", "/dev/null", "new-session", "-d", *size, "-c", str(folder), *shell)
        self._tmux("set-option", "history-limit", "20000")
        self._tmux("pipe-pane", "-o", f"cat > '{self.written_file}'")
        self.wait_for(r"^\$ ?$")

    def _tmux(self, *arguments: str, text: str | None = None) -> str:
        command = ["tmux", "-L", self.socket, *arguments]
        return subprocess.run(command, input=text, check=True, text=True, capture_output=True).stdout

    def close(self) -> None:
        """Closes the window and everything that runs in it."""
        self._tmux("kill-server")

    def key(self, *names: str) -> None:
        """Presses keys by tmux's names, as Enter, C-c, M-Enter, Tab."""
        self._tmux("send-keys", *names)

    def type(self, text: str) -> None:
        """Types a text without an Enter."""
        self._tmux("send-keys", "-l", text)

    def enter(self, text: str) -> None:
        """Types a line."""
        self.type(text)
        # An editor that gets a whole line at once may take it for a paste.
        time.sleep(0.1)
        self.key("Enter")

    def paste(self, text: str) -> None:
        """Pastes a text as terminals do: in brackets, where the program asked for them."""
        self._tmux("load-buffer", "-", text=text)
        self._tmux("paste-buffer", "-p")

    def lines(self) -> list[str]:
        """Everything on the screen and scrolled off it, a row of the screen a line."""
        shown = self._tmux("capture-pane", "-p", "-S", "-").split("\n")
        return [line.rstrip() for line in shown]

    def printed(self) -> list[str]:
        """The same, a line as the program wrote it: one that was too wide is in one piece."""
        shown = self._tmux("capture-pane", "-p", "-J", "-S", "-").split("\n")
        return [line.rstrip() for line in shown]

    def text(self) -> str:
        """The rows of the screen in one text."""
        return "\n".join(self.lines()).rstrip()

    def written(self) -> str:
        """All that was written to the terminal so far, escape sequences included."""
        return self.written_file.read_bytes().decode(errors="replace")

    def wait_for(self, pattern: str, patience: float = PATIENCE) -> None:
        """Waits until a pattern is found on the screen."""
        end = time.monotonic() + patience
        while not re.search(pattern, self.text(), re.MULTILINE):
            if time.monotonic() > end:
                raise AssertionError(f"{pattern!r} does not come:\n{self.text()}")
            time.sleep(0.05)

    def run(self, command: str, patience: float = PATIENCE) -> list[str]:
        """Runs a command of the shell; returns the lines that it printed and then its exit code."""
        self.start(command)
        return self.ended(patience)

    def start(self, command: str) -> None:
        """Starts a command on a screen that shows nothing else."""
        self._tmux("send-keys", "-R")
        self._tmux("clear-history")
        self.steps += 1
        # The line itself would be wider than a narrow screen.
        (self.folder / "step").write_text(f"{command}\necho \"end {self.steps}: $?\"\n")
        self.enter(". ./step")

    def ended(self, patience: float = PATIENCE) -> list[str]:
        """Waits for the end of what was started; returns its lines and then its exit code."""
        self.wait_for(rf"^end {self.steps}: \d+$", patience)
        lines = self.printed()
        last = next(place for place, line in enumerate(lines) if line.startswith(f"end {self.steps}: "))
        return [*lines[1:last], lines[last].rpartition(" ")[2]]
