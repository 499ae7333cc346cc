"""Writes the results: tables in Markdown, plots as SVG, and every figure as JSON."""

from __future__ import annotations

import json
from pathlib import Path

import plots
from embedding import LONG, SHORT

BEGIN, END = "<!-- compare -->", "<!-- /compare -->"

OURS = "longmem"


def write(results: dict, folder: Path, document: Path | None) -> None:
    """Writes all files, and the tables into a given document too."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "results.json").write_text(json.dumps(results, indent=1))
    tables = "\n\n".join(parts(results))
    (folder / "tables.md").write_text(tables + "\n")
    plots.write(results, folder)
    if document:
        put_between_marks(document, tables)


def put_between_marks(document: Path, tables: str) -> None:
    """Replaces the text between the two marks."""
    text = document.read_text()
    if BEGIN not in text or END not in text:
        raise SystemExit(f"{document} has no {BEGIN} … {END} to put the tables between")
    before, rest = text.split(BEGIN, 1)
    after = rest.split(END, 1)[1]
    document.write_text(f"{before}{BEGIN}\n{tables}\n{END}{after}")


def parts(results: dict) -> list[str]:
    """The paragraphs and tables, in order."""
    found = [about(results)]
    if "embedding" in results:
        found += embedding_table(results["embedding"])
    if "search" in results:
        found += search_table(results["search"])
    return found


def about(results: dict) -> str:
    """The machine, the versions and the day."""
    machine = results["machine"]
    peers = ", ".join(f"{name} {version}" for name, version in machine["peers"].items())
    return (
        f"{machine['date']}, {machine['cpu']} ({', '.join(machine['instructions'])}), "
        f"{machine['threads']} threads, {machine['system']}; longmem {machine['longmem']}, {peers}, "
        f"Python {machine['python']}. Medians of {results['rounds']} rounds, in which all take turns."
    )


def table(header: list[str], rows: list[list[str]]) -> str:
    """A Markdown table whose first column is text and the others numbers."""
    lines = [header, ["---"] + ["--:"] * (len(header) - 1), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def embedding_table(part: dict) -> list[str]:
    """Texts a second, one question, and whether the vectors are the same."""
    sets = part["sets"]
    header = ["embedding"] + [
        f"{label}, {sets[label]['tokens']:.0f} tokens (texts/s)" for label in (SHORT, LONG)
    ] + [f"a question, {part['question_tokens']:.0f} tokens (ms)", "lowest cosine"]
    rows = []
    for name, stack in part["stacks"].items():
        rates = [number(stack["texts_per_second"][label]) for label in (SHORT, LONG)]
        cosine = stack["lowest_cosine"]
        agreed = "–" if cosine is None else f"{cosine:.6f}"
        rows.append([emphasis(name), *rates, number(stack["question_ms"]), agreed])
    notes = f"Texts: {part['source']}. The lowest cosine is to PyTorch's vector of the same text."
    return [table(header, rows), notes + left_out(part["skipped"])]


def search_table(part: dict) -> list[str]:
    """Milliseconds a query by the number of vectors, with recall where it is not perfect."""
    cases = part["cases"]
    largest = max(case["vectors"] for case in cases)
    filled = next(case for case in cases if case["vectors"] == largest and case["users"] == 1)
    rows = [
        [emphasis(name)]
        + [search_cell(case["stacks"].get(name)) for case in cases]
        + [seconds_cell(filled["stacks"].get(name))]
        for name in names(cases)
    ]
    header = ["one query, the ten nearest (ms)"] + [title(case) for case in cases]
    header.append(f"taking in {largest:,} (s)")
    mixed = "" if part["real"] >= largest else f" ({part['real']:,}; the rest are mixtures of two)"
    notes = (
        f"Vectors of real sentences{mixed}, {part['queries']} "
        "held-out sentences as queries. In brackets the share of the ten truly nearest that was "
        "found, where it is not 1. longmem takes in turns with text, on disk and found by words too."
    )
    skipped: dict[str, str] = {}
    for case in cases:
        for name, reason in case["skipped"].items():
            skipped[name] = f"{reason}, at {title(case)}"
    return [table(header, rows), notes + left_out(skipped)]


def names(cases: list[dict]) -> list[str]:
    """The names of all that took part in any case, in the order in which they were started."""
    return list(dict.fromkeys(name for case in cases for name in case["stacks"]))


def title(case: dict) -> str:
    """What was searched."""
    among = f", one of {case['users']:,} users" if case["users"] > 1 else ""
    return f"{case['vectors']:,}{among}"


def search_cell(stack: dict | None) -> str:
    """A time, with the recall where it is not 1."""
    if stack is None:
        return "–"
    recall = "" if stack["recall"] >= 0.99995 else f" ({stack['recall']:.4f})"
    return number(stack["p50_ms"]) + recall


def seconds_cell(stack: dict | None) -> str:
    """How long taking the vectors in took, if it was measured."""
    if stack is None or stack["build_seconds"] is None:
        return "–"
    return number(stack["build_seconds"])


def left_out(skipped: dict[str, str]) -> str:
    """The names of those that are missing, and why."""
    return "".join(f" Left out: {name} ({reason})." for name, reason in skipped.items())


def emphasis(name: str) -> str:
    """longmem's own rows stand out."""
    return f"**{name}**" if name.startswith(OURS) else name


def number(value: float) -> str:
    """A number with three significant digits."""
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"
