"""The texts that are embedded and searched: real sentences, the same in every run."""

from __future__ import annotations

import json
import os
import re
import sysconfig
from hashlib import sha256
from pathlib import Path
from typing import Iterator

from locomo import numbered_turns
from tokenizers import Tokenizer

SENTENCE = re.compile(r"[A-Z][^.!?\n]{20,220}[.!?](?=\s|$)")
"""An English sentence in a paragraph."""

DOCSTRING = re.compile(r'"""(.*?)"""', re.DOTALL)

PARAGRAPHS = re.compile(r"\n\s*\n")

REPOSITORY = Path(__file__).resolve().parents[2]

WORDS = re.compile(r"\b[a-zA-Z']+\b")


def chat_turns(given: Path | None) -> tuple[list[str], str]:
    """Chat turns and their source: a given file, LoCoMo, or the sample history."""
    if given:
        return read_texts(given), given.name
    folder = os.environ.get("LONGMEM_EVAL_DATA")
    for file in sorted(Path(folder).rglob("locomo*.json")) if folder else []:
        return locomo_turns(json.loads(file.read_text())), f"LoCoMo ({file.name})"
    history = json.loads((REPOSITORY / "chats" / "conversations.json").read_text())
    nodes = (node for talk in history for node in talk["mapping"].values() if node["message"])
    parts = (part for node in nodes for part in node["message"]["content"].get("parts", []))
    return [part for part in parts if part.strip()], "the sample history in chats/"


def read_texts(file: Path) -> list[str]:
    """A text on each line; in a `.jsonl` file a JSON string, or an object with a text, on each line."""
    lines = [line for line in file.read_text().splitlines() if line.strip()]
    if file.suffix != ".jsonl":
        return lines
    values = map(json.loads, lines)
    return [value if isinstance(value, str) else value["text"] for value in values]


def locomo_turns(samples: list[dict]) -> list[str]:
    """What was said in LoCoMo's conversations, in order."""
    return [turn["text"] for sample in samples for turn in numbered_turns(sample).values()]


def sentences(count: int, cache: Path) -> list[str]:
    """Different English sentences from the documentation of the Python packages in use.

    The packages are pinned and the sentences are ordered by their hashes, so every machine with the
    same Python gets the same ones.
    """
    if not cache.exists():
        found = {text for file in python_files() for text in documented(file)}
        ordered = sorted(found, key=lambda text: sha256(text.encode()).digest())
        cache.write_text("\n".join(ordered))
    return cache.read_text().split("\n")[:count]


def python_files() -> Iterator[Path]:
    """Every Python source of the environment and the standard library."""
    for name in ("purelib", "stdlib"):
        yield from sorted(Path(sysconfig.get_path(name)).rglob("*.py"))


def documented(file: Path) -> Iterator[str]:
    """The sentences of a source's docstrings."""
    for docstring in DOCSTRING.findall(file.read_text(errors="replace")):
        for paragraph in PARAGRAPHS.split(docstring):
            yield from filter(is_prose, SENTENCE.findall(" ".join(paragraph.split())))


def is_prose(text: str) -> bool:
    """Whether a text is a sentence, not code or a table."""
    words = WORDS.findall(text)
    letters = sum(map(len, words)) + text.count(" ")
    return len(words) >= 6 and letters / len(text) > 0.93


class Shaper:
    """Makes texts of given lengths in the model's tokens."""

    def __init__(self, tokenizer: Path) -> None:
        """Loads the model's tokenizer without its limits."""
        self.tokenizer = Tokenizer.from_file(str(tokenizer))
        self.tokenizer.no_truncation()
        self.tokenizer.no_padding()

    def tokens(self, texts: list[str]) -> list[int]:
        """Tokens of each text, the model's two special ones included."""
        return [len(encoding.ids) for encoding in self.tokenizer.encode_batch(texts)]

    def joined(self, turns: list[str], limit: int) -> list[str]:
        """Turns one after another, joined up to the limit."""
        joined: list[tuple[str, int]] = []
        for turn, tokens in zip(turns, self.tokens(turns)):
            if joined and joined[-1][1] + tokens - 2 <= limit:
                text, before = joined[-1]
                joined[-1] = (f"{text}\n{turn}", before + tokens - 2)
            elif tokens <= limit:
                joined.append((turn, tokens))
        return [text for text, _ in joined]

    def cut(self, turns: list[str], tokens: int) -> list[str]:
        """All turns, cut into pieces of about `tokens` tokens."""
        whole = "\n".join(turns)
        offsets = self.tokenizer.encode(whole, add_special_tokens=False).offsets
        step = tokens - 2
        starts = range(0, len(offsets) - step, step)
        return [whole[offsets[at][0] : offsets[at + step - 1][1]] for at in starts]

    def about(self, texts: list[str], tokens: int) -> list[str]:
        """The texts over and over, until they have `tokens` tokens."""
        lengths = self.tokens(texts)
        chosen, so_far = [], 0
        while so_far < tokens:
            text = len(chosen) % len(texts)
            chosen.append(texts[text])
            so_far += lengths[text]
        return chosen
