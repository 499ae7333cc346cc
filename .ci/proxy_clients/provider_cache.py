"""What providers say of their prompt caches, as rules: how many tokens of a request are read, written, or neither.

A token is four bytes of JSON. Nothing expires, as in a talk whose messages come within five minutes of each other.
"""

import dataclasses
import hashlib
import json

BYTES_A_TOKEN = 4


@dataclasses.dataclass
class Usage:
    """The input of requests in tokens, and what they cost in tokens at the usual price."""

    read: int = 0
    written: int = 0
    plain: int = 0
    cost: float = 0.0

    def __add__(self, other):
        return Usage(*(a + b for a, b in zip(dataclasses.astuple(self), dataclasses.astuple(other))))

    def tokens(self):
        return self.read + self.written + self.plain


def blocks_of(content):
    """A message's content as blocks: one text is a block, too."""
    return [{"type": "text", "text": content}] if isinstance(content, str) else content


def rendered(kind, block):
    """A block's bytes without its mark."""
    kept = {name: value for name, value in block.items() if name != "cache_control"}
    return json.dumps([kind, kept], ensure_ascii=False, separators=(",", ":")).encode()


class AnthropicCache:
    """The cache of Anthropic's API.

    The prefix is tools, system and messages, in this order. It is kept at each mark (`cache_control`; one at the top
    of a request stands for its last block) from 1,024 tokens on, and is found again at a mark or at one of the 19
    blocks before it. What is read costs a tenth, what is written a quarter more.
    """

    LOOKBACK = 20
    MINIMUM = 1024
    MARKS = 4
    READ, WRITE = 0.1, 1.25

    def __init__(self):
        self.kept = set()

    def ask(self, request):
        blocks = [("tool", tool) for tool in request.get("tools", [])]
        blocks += [("system", block) for block in blocks_of(request.get("system", []))]
        for message in request["messages"]:
            blocks += [(message["role"], block) for block in blocks_of(message["content"])]
        marks = [at for at, (_, block) in enumerate(blocks) if "cache_control" in block]
        if "cache_control" in request:
            marks.append(len(blocks) - 1)
        assert len(marks) <= self.MARKS, f"{len(marks)} marks"
        prefix, tokens, prefixes = hashlib.sha256(), [], []
        size = 0
        for kind, block in blocks:
            data = rendered(kind, block)
            prefix.update(data)
            size += len(data)
            tokens.append(size // BYTES_A_TOKEN)
            prefixes.append(prefix.digest())
        places = [at for mark in marks for at in range(mark, max(mark - self.LOOKBACK, -1), -1)]
        read = max((tokens[at] for at in places if prefixes[at] in self.kept), default=0)
        kept = [mark for mark in marks if tokens[mark] >= self.MINIMUM]
        self.kept.update(prefixes[mark] for mark in kept)
        written = max((tokens[mark] - read for mark in kept), default=0)
        written = max(written, 0)
        plain = tokens[-1] - read - written
        return Usage(read, written, plain, read * self.READ + written * self.WRITE + plain)


class OpenAiCache:
    """The cache of OpenAI's API: the longest prefix of an earlier request is read, in steps of 128 tokens from 1,024
    on, at a tenth of the price; writing costs nothing more."""

    STEP = 128
    MINIMUM = 1024
    READ = 0.1

    def __init__(self):
        self.kept = set()

    def ask(self, request):
        parts = [rendered("tool", tool) for tool in request.get("tools", [])]
        parts += [rendered("message", message) for message in request["messages"]]
        whole = b"".join(parts)
        step = self.STEP * BYTES_A_TOKEN
        prefix, prefixes = hashlib.sha256(), []
        for begins in range(0, len(whole) - step + 1, step):
            prefix.update(whole[begins:begins + step])
            prefixes.append(prefix.digest())
        found = 0
        while found < len(prefixes) and prefixes[found] in self.kept:
            found += 1
        read = found * self.STEP
        if read < self.MINIMUM:
            read = 0
        self.kept.update(prefixes)
        plain = len(whole) // BYTES_A_TOKEN - read
        return Usage(read, 0, plain, read * self.READ + plain)


def test():
    """The rules hold where they are easily seen."""
    mark = {"cache_control": {"type": "ephemeral"}}
    long = {"type": "text", "text": "word " * 1000}

    def asked(*contents, **more):
        return {"messages": [{"role": "user", "content": content} for content in contents], **more}

    cache = AnthropicCache()
    first = cache.ask(asked([long | mark]))
    assert first.read == 0 and first.written == first.tokens() > 1024
    # The mark moves on, behind something new.
    second = cache.ask(asked([long], [{"type": "text", "text": "new"} | mark]))
    assert second.read == first.written and second.written == second.tokens() - second.read > 0
    # One text and a block of it are the same.
    assert cache.ask(asked(long["text"], [{"type": "text", "text": "new"} | mark])).read == second.tokens()
    # A change before the mark loses all behind it.
    assert cache.ask(asked([{"type": "text", "text": "x"}, long | mark])).read == 0
    # Where a mark was not, nothing is kept; twenty blocks are looked back.
    few = [{"type": "text", "text": str(number)} for number in range(19)]
    assert cache.ask(asked([long, *few[:18], few[18] | mark])).read == first.written
    more = [{"type": "text", "text": f"more {number}"} for number in range(20)]
    assert cache.ask(asked([long, *more[:19], more[19] | mark])).read == 0
    short = cache.ask(asked([{"type": "text", "text": "short"} | mark]))
    assert short.written == short.read == 0 and short.plain > 0
    automatic = AnthropicCache()
    assert automatic.ask(asked(long["text"], **mark)).written > 1024
    assert automatic.ask(asked(long["text"], "new", **mark)).read > 1024
    openai = OpenAiCache()
    whole = openai.ask(asked(long["text"]))
    assert whole.read == 0
    again = openai.ask(asked(long["text"], "new"))
    assert again.read % 128 == 0 and whole.tokens() - 256 < again.read <= whole.tokens(), (whole, again)
    assert openai.ask(asked("x" + long["text"])).read == 0


if __name__ == "__main__":
    test()
    print("the rules of the caches hold")
