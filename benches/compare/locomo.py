"""LoCoMo's conversations: what was said in them, in order."""

from __future__ import annotations

import re


def numbered_turns(sample: dict) -> dict[str, dict]:
    """The turns of one of LoCoMo's conversations, in order, by the number that evidence names."""
    sessions = sample["conversation"]
    names = [name for name in sessions if re.fullmatch(r"session_\d+", name)]
    said = (turn for name in sorted(names, key=lambda name: int(name.split("_")[1])) for turn in sessions[name])
    return {turn["dia_id"]: turn for turn in said if turn["text"].strip()}
