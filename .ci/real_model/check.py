"""Runs longmem against small real models, prints a table, and fails where something must hold.

    check.py LONGMEM_PROGRAM FOLDER [MODEL …]

How many facts a model finds is only shown: that depends on the model. What must hold with any model:
every answer is stored, none is marked as broken off unless the stream was broken, nothing is noted as a
fact that was not said, and /continue does not say the beginning a second time.
"""

import re
import sys
import tempfile
from pathlib import Path

from longmem import Longmem
from servers import BreakingProxy, Katan, LlamaCpp, models

STATEMENTS = [
    ("I live in Faro.", ["Faro"]),
    ("My sister Marta is a nurse in Graz.", ["Marta", "nurse"]),
    ("I am allergic to peanuts.", ["peanut"]),
    ("I work as a carpenter at Almeida Boats.", ["carpenter"]),
    ("My dog is called Biscuit.", ["Biscuit"]),
    ("I prefer tea over coffee in the morning.", ["tea"]),
    ("We decided to paint the kitchen green.", ["kitchen", "green"]),
    ("I am going to run the marathon in Porto in October.", ["marathon"]),
    ("My brother Rui plays the cello.", ["Rui", "cello"]),
    ("I drive an old blue Volvo.", ["Volvo"]),
    ("I was born in 1984.", ["1984"]),
    ("I am learning Portuguese with my neighbour Ines.", ["Portuguese"]),
]

# Words that a fact or a summary may hold though nobody said them: they only say how it stands.
FRAME = set(
    "about after also and another answer asked assistant been called conversation does during expressed from "
    "for going has have her his into lives likes mentioned name named number other person prefers said says some "
    "talked that their them then there these they this told user users wants were what when "
    "which while will with works would".split()
)


def content(text: str) -> list[str]:
    """The words of a text that say something, cut to the five letters that their forms share."""
    words = re.findall(r"[^\W_]+", text.lower())
    return [word[:5] for word in words if (len(word) > 2 or word.isdigit()) and word not in FRAME]


def unsaid(text: str, said: str) -> list[str]:
    """The words of a text that were not said."""
    known = set(content(said))
    return [word for word in content(text) if word not in known]


class Table:
    """Rows of results; remembers whether something failed that must hold."""

    def __init__(self) -> None:
        self.failed = 0

    def show(self, who: str, what: str, found: str) -> None:
        print(f"{who:22} {what:34} {found}", flush=True)

    def must(self, who: str, what: str, holds: bool, found: str = "") -> None:
        self.failed += not holds
        self.show(who, what, ("ok" if holds else "FAILED") + (f"   {found}" if found else ""))


def facts(table: Table, who: str, longmem: Longmem, name: str) -> None:
    """What is noted of twelve plain statements, looked at together or one after the other."""
    user = name.replace(" ", "-")
    runs = []
    for number, (statement, _) in enumerate(STATEMENTS):
        session = f"{user} {number}" if name == "one by one" else user
        longmem.chat(user, [statement], "--no-learning", "--session", session, max_tokens=8)
        if name == "one by one":
            runs.append(longmem.learn(user))
    if not runs:
        runs.append(longmem.learn(user))
    failures = [last_line(run.err) for run in runs if run.code != 0]
    table.must(who, f"learning ends, {name}", not failures, "".join(failures)[:200])

    noted = [line(fact) for fact in longmem.facts(user)]
    said = " ".join(statement for statement, _ in STATEMENTS)
    found = sum(
        any(all(key.lower() in fact.lower() for key in keys) for fact in noted)
        for _, keys in STATEMENTS
    )
    seconds = sum(run.seconds for run in runs)
    counts = f"{found} of {len(STATEMENTS)} noted, {len(noted)} facts, {seconds:.0f} s"
    table.show(who, f"facts, {name}", counts)
    for fact in noted:
        words = unsaid(fact, said)
        table.show("", "", f"- {fact}" + (f"   (nobody said: {' '.join(words)})" if words else ""))
    false = [fact for fact in noted if unsaid(fact, said)]
    table.must(who, f"no false fact, {name}", not false, "; ".join(false))


def summaries(table: Table, who: str, longmem: Longmem) -> None:
    """A summary of an ended session says what was said there."""
    user = "ended"
    for statement, _ in STATEMENTS[:4]:
        longmem.run("remember", statement, "--user", user, "--session", "old", "--time", "2026-01-05")
    longmem.learn(user)
    made = longmem.summaries(user)
    table.show(who, "summaries", f"{len(made)}")
    for text in made:
        table.show("", "", f"- {text}")
    said = longmem.said(user)
    free = [text for text in made if 2 * len(unsaid(text, said)) > len(content(text))]
    table.must(who, "summaries say what was said", not free, "; ".join(free))


def line(fact: dict) -> str:
    subject = fact["subject"]
    return fact["statement"] if subject == "user" else f"{subject}: {fact['statement']}"


def talk(table: Table, who: str, longmem: Longmem) -> None:
    """An answer in a chat and one outside any session."""
    run = longmem.chat("talk", ["Hello, who are you?", "What is the capital of Portugal?"])
    turns = longmem.turns("talk")
    answers = [turn["text"] for turn in turns if turn["role"] == "assistant"]
    table.must(who, "chat: answers are stored", len(answers) == 2, f"{run.seconds:.0f} s")
    table.must(who, "chat: nothing is broken off", not any("[broken off]" in text for text in answers))
    asked = longmem.run("ask", "Which capital did I ask about?", "--user", "talk", "--max-tokens", "40", *longmem.model)
    table.must(who, "ask answers", asked.code == 0 and bool(asked.out.strip()), asked.err if asked.code else "")


def go_on(table: Table, who: str, longmem: Longmem) -> None:
    """/continue does not say the beginning again."""
    longmem.chat(
        "more", ["Tell me a story about a lighthouse.", "/continue"], "--no-learning", max_tokens=24
    )
    answers = [turn["text"] for turn in longmem.turns("more") if turn["role"] == "assistant"]
    words = [text.split() for text in answers]
    again = len(words) > 1 and words[0][:5] == words[1][:5]
    table.must(who, "/continue says nothing twice", len(words) > 1 and not again, " | ".join(answers)[:200])


def overflow(table: Table, who: str, longmem: Longmem) -> None:
    """A long talk with a model whose window holds 1,024 tokens."""
    filler = "The harbour was quiet and the boats lay still while the fishermen mended their nets. " * 8
    messages = [f"Entry {number} of my diary: {filler}" for number in range(1, 9)]
    run = longmem.chat("long", messages, "--no-learning", max_tokens=32)
    turns = longmem.turns("long")
    answers = [turn["text"] for turn in turns if turn["role"] == "assistant"]
    found = f"{len(answers)} of {len(messages)} answers, {run.seconds:.0f} s"
    table.must(who, "small window: answers are stored", len(answers) == len(messages), found + last_line(run.err))
    broken = sum("[broken off]" in text for text in answers)
    table.must(who, "small window: none is broken off", broken == 0)


def last_line(text: str) -> str:
    errors = [line for line in text.splitlines() if line.startswith("error")]
    return f"; {errors[-1][:160]}" if errors else ""


def broken_stream(table: Table, who: str, longmem: Longmem, proxy: BreakingProxy) -> None:
    """A stream that breaks leaves a marked part, and the talk goes on."""
    proxy.break_next = 1
    longmem.chat("broken", ["Count from one to thirty.", "And now say hello."], "--no-learning")
    answers = [turn["text"] for turn in longmem.turns("broken") if turn["role"] == "assistant"]
    marked = bool(answers) and answers[0].endswith("[broken off]")
    table.must(who, "a broken stream is marked", marked and proxy.break_next == 0)
    # A small model may copy the mark of the first answer, so the second is only counted.
    table.must(who, "the talk goes on behind it", len(answers) == 2, " | ".join(answers)[:200])


def main() -> int:
    program, folder = sys.argv[1], Path(sys.argv[2])
    wanted = sys.argv[3:]
    table = Table()
    for name, path in models(folder).items():
        if wanted and name not in wanted:
            continue
        with tempfile.TemporaryDirectory() as store, LlamaCpp(path, 8192) as server:
            for api in ("openai", "anthropic"):
                longmem = Longmem(program, Path(store) / f"{api}.db", api, server.url)
                who = f"{name} {api}"
                talk(table, who, longmem)
                go_on(table, who, longmem)
                facts(table, who, longmem, "one by one")
                facts(table, who, longmem, "all at once")
                summaries(table, who, longmem)
                with BreakingProxy(server.port) as proxy:
                    behind = Longmem(program, Path(store) / f"{api}.db", api, proxy.url)
                    broken_stream(table, who, behind, proxy)
            with LlamaCpp(path, 1024) as small:
                for api in ("openai", "anthropic"):
                    longmem = Longmem(program, Path(store) / f"small-{api}.db", api, small.url)
                    overflow(table, f"{name} {api}", longmem)
    if not wanted or "katan" in wanted:
        with tempfile.TemporaryDirectory() as store, Katan() as server:
            for api in ("openai", "anthropic"):
                talk(table, f"katan {api}", Longmem(program, Path(store) / f"{api}.db", api, server.url))
    print(f"{table.failed} of what must hold failed" if table.failed else "all that must hold holds")
    return 1 if table.failed else 0


if __name__ == "__main__":
    sys.exit(main())
