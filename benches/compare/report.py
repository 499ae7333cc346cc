"""Writes what was measured: tables in Markdown, plots as SVG, everything as JSON."""

from __future__ import annotations

import json
from pathlib import Path

from embedding import LENGTHS, LONG, SHORT

BEGIN, END = "<!-- compare -->", "<!-- /compare -->"

OURS = "longmem"


def write(results: dict, folder: Path, document: Path | None) -> None:
    """Writes all files, and the tables into a document of the user's too."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "results.json").write_text(json.dumps(results, indent=1))
    tables = "\n\n".join(parts(results))
    (folder / "tables.md").write_text(tables + "\n")
    if "embedding" in results:
        plot_throughput(results["embedding"], folder / "throughput.svg")
    if "search" in results:
        plot_latency(results["search"], folder / "latency.svg")
    if document:
        put_between_marks(document, tables)


def put_between_marks(document: Path, tables: str) -> None:
    """Replaces what stands between the two marks."""
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
    """What it was measured on, and when."""
    machine = results["machine"]
    peers = ", ".join(f"{name} {version}" for name, version in machine["peers"].items())
    return (
        f"{machine['date']}, {machine['cpu']} ({', '.join(machine['instructions'])}), "
        f"{machine['threads']} threads, {machine['system']}; longmem {machine['longmem']}, {peers}, "
        f"Python {machine['python']}. Medians of rounds ({results['rounds']}), everyone in turn."
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
    ] + [f"a question, {part['question_tokens']:.0f} tokens (ms)", "least cosine"]
    rows = []
    for name, stack in part["stacks"].items():
        rates = [number(stack["texts_per_second"][label]) for label in (SHORT, LONG)]
        cosine = stack["least_cosine"]
        agreed = "–" if cosine is None else f"{cosine:.6f}"
        rows.append([emphasis(name), *rates, number(stack["question_ms"]), agreed])
    notes = f"Texts: {part['source']}. The least cosine is to PyTorch's vector of the same text."
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
        "held-out sentences as queries. In brackets the part of the ten truly nearest that was "
        "found, where it is not 1. What longmem takes in are turns with text, found by words too and "
        "on disk."
    )
    skipped: dict[str, str] = {}
    for case in cases:
        for name, reason in case["skipped"].items():
            skipped[name] = f"{reason}, at {title(case)}"
    return [table(header, rows), notes + left_out(skipped)]


def names(cases: list[dict]) -> list[str]:
    """Everyone who took part in any case, in the order in which they were started."""
    return list(dict.fromkeys(name for case in cases for name in case["stacks"]))


def title(case: dict) -> str:
    """What was searched."""
    among = f", one of {case['users']:,} users" if case["users"] > 1 else ""
    return f"{case['vectors']:,}{among}"


def search_cell(stack: dict | None) -> str:
    """A time, with the recall if it is not 1."""
    if stack is None:
        return "–"
    recall = "" if stack["recall"] >= 0.99995 else f" ({stack['recall']:.4f})"
    return number(stack["p50_ms"]) + recall


def seconds_cell(stack: dict | None) -> str:
    """How long taking in took, where it was needed."""
    if stack is None or stack["build_seconds"] is None:
        return "–"
    return number(stack["build_seconds"])


def left_out(skipped: dict[str, str]) -> str:
    """Who is missing and why."""
    return "".join(f" Left out: {name} ({reason})." for name, reason in skipped.items())


def emphasis(name: str) -> str:
    """Our own lines stand out."""
    return f"**{name}**" if name.startswith(OURS) else name


def number(value: float) -> str:
    """Three digits that matter."""
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def axes(title: str, x: str, y: str):
    """An empty plot with logarithmic axes."""
    import matplotlib

    matplotlib.use("svg")
    matplotlib.rcParams["svg.hashsalt"] = "longmem"
    from matplotlib import pyplot

    figure, plot = pyplot.subplots(figsize=(8, 4.5), layout="constrained")
    plot.set(title=title, xlabel=x, ylabel=y, xscale="log", yscale="log")
    plot.grid(alpha=0.3)
    return figure, plot


def draw(plot, xs: list[float], ys: list[float], name: str) -> None:
    """A line for one of those who are compared; ours are thick."""
    ours = name.startswith(OURS)
    plot.plot(xs, ys, marker="o", label=name, linewidth=3 if ours else 1.2,
              markersize=6 if ours else 4, zorder=3 if ours else 2)


def save(figure, plot, file: Path) -> None:
    """Writes the plot with its legend beside it."""
    plot.legend(fontsize="small", loc="center left", bbox_to_anchor=(1, 0.5), frameon=False)
    figure.savefig(file, metadata={"Date": None})


def plot_throughput(part: dict, file: Path) -> None:
    """Texts a second over the texts' length."""
    lengths = [length for length in LENGTHS if str(length) in part["sets"]]
    if not lengths:
        return
    figure, plot = axes("Embedding: throughput over text length", "tokens of a text", "texts a second")
    for name, stack in part["stacks"].items():
        tokens = [part["sets"][str(length)]["tokens"] for length in lengths]
        draw(plot, tokens, [stack["texts_per_second"][str(length)] for length in lengths], name)
    plot.set_xticks(lengths, [str(length) for length in lengths])
    plot.minorticks_off()
    save(figure, plot, file)


def plot_latency(part: dict, file: Path) -> None:
    """Milliseconds of a query over the number of vectors."""
    cases = [case for case in part["cases"] if case["users"] == 1]
    figure, plot = axes("Search: latency over store size", "vectors", "milliseconds of a query")
    for name in names(cases):
        known = [case for case in cases if name in case["stacks"]]
        times = [case["stacks"][name]["p50_ms"] for case in known]
        draw(plot, [case["vectors"] for case in known], times, name)
    save(figure, plot, file)
