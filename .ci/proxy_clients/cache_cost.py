#!/usr/bin/env python3
"""What a long talk costs with the prompt cache of its provider: without memory, and with each mode of the proxies.

    .ci/proxy_clients/cache_cost.py [LONGMEM_PROGRAM] [TURNS|FILE]

A made-up talk of fifty questions, every other with two calls of tools, is held over a memory of so many made-up turns
(3,000), or over the conversations and questions of a file that longmem eval reads. What arrives at a stand-in for the
service is counted by the rules of the providers' caches. A token of input at its usual price costs one; answers are
not counted. Needs the embedding model where longmem finds it.
"""

import http.client
import json
import os
import pathlib
import random
import sys
import tempfile

from provider_cache import BYTES_A_TOKEN, AnthropicCache, OpenAiCache, Usage, test
from server import Longmem
from upstream import Upstream, is_human

ROOT = pathlib.Path(__file__).resolve().parents[2]
QUESTIONS = 50
TURNS = 3000
MODES = ["without memory", "sticky", "ephemeral"]
MARK = {"cache_control": {"type": "ephemeral"}}
# Of what is talked: each thing is in each of the places.
THINGS = (
    "gateway archive greenhouse boiler garage library bakery harbour museum orchard workshop cellar attic bridge tunnel "
    "observatory stable chapel kiln sawmill vineyard aquarium theatre clinic laundry foundry lighthouse quarry brewery dairy"
).split()
PLACES = "Lisbon Bergen Kyoto Quito Tartu Cork Malmö Graz Turin Porto".split()
SIDES = {
    "budget": "costs {n} euros a month, which {who} agreed to after the meeting about money",
    "key": "is opened with the key that {who} keeps in drawer {n} behind the door",
    "visitors": "had {n} visitors last week, most of them friends of {who} from the coast",
    "repair": "needs a repair of its roof, for which {who} found a firm with {n} workers",
    "opening": "opens at {n} minutes past eight, since {who} wanted more sleep in winter",
    "lamp": "got {n} new lamps from {who}, who says that the old ones were too warm",
    "cat": "has a cat that {who} brought, and it has caught {n} mice so far",
    "plan": "shall be painted in shade {n}, as {who} decided with the neighbours",
}
PEOPLE = "Ana Bruno Chidi Dana Emil Fatima Goran Hana Ivo Jana Karim Lena".split()
WORDS = (
    "because the weather in spring was wet and nobody had time we wrote down what was left to do and asked around for "
    "help while others carried boxes to the yard and counted what was there before the evening came"
).split()


def filler(choose, words):
    return " ".join(choose.choice(WORDS) for _ in range(words))


def made_up_turns(number):
    """Turns of earlier talks, each about one side of one thing."""
    choose = random.Random(1)
    for at in range(number):
        thing, side = f"{choose.choice(THINGS)} in {choose.choice(PLACES)}", choose.choice(list(SIDES))
        told = SIDES[side].format(n=choose.randrange(100, 10_000), who=choose.choice(PEOPLE))
        text = f"About the {side} of the {thing}: the {thing} {told}, {filler(choose, choose.randrange(5, 60))}."
        yield {"role": "user" if at % 2 == 0 else "assistant", "text": text}


def made_up_questions():
    """What is asked about them."""
    choose = random.Random(2)
    about = [(thing, place, side) for thing in THINGS for place in PLACES for side in SIDES]
    for thing, place, side in choose.sample(about, QUESTIONS):
        yield f"What do you know about the {side} of the {thing} in {place}? {filler(choose, 15)}"


def read(file):
    """The turns and fifty questions of a file of conversations."""
    conversations = json.loads(pathlib.Path(file).read_text())
    turns = [
        {"role": turn["role"], "text": turn["text"]}
        for conversation in conversations for session in conversation["sessions"] for turn in session["turns"]
    ]
    questions = [question["text"] for conversation in conversations for question in conversation["questions"]]
    return turns, random.Random(3).sample(questions, QUESTIONS)


def fill(user, turns):
    """Stores them, and waits until all can be found by what they mean."""
    for begins in range(0, len(turns), 500):
        user.call("/v1/memory/turns", {"session": f"talk {begins}", "turns": turns[begins:begins + 500]})
    user.is_indexed(3600)


class Talk:
    """The fifty questions, and what tools and the model say; the same for everybody but for its name."""

    def __init__(self, name, questions):
        choose = random.Random(2)
        self.system = f"You help with houses. This talk is called {name}. {filler(choose, 600)}"
        names = ["look_up", "read_file", "list_files", "search_web", "send_mail", "run_query"]
        self.tools = [(name, filler(choose, 120)) for name in names]
        self.questions = []
        for at, question in enumerate(questions):
            # No block is kept from the talk before.
            question = f"{question} ({name})" if at == 0 else question
            results = [filler(choose, 350) for _ in range(2)] if at % 2 else []
            self.questions.append((question, results, filler(choose, 120)))


class Client:
    """Sends requests as they are, and keeps the bytes that arrive."""

    def __init__(self, upstream, host, prefix, headers):
        self.upstream, self.host, self.prefix = upstream, host, prefix
        self.headers = {"Content-Type": "application/json", **headers}
        self.arrived = []
        # Tokens of each block of memory that arrived.
        self.blocks = []

    def ask(self, path, request):
        connection = http.client.HTTPConnection(self.host, timeout=60)
        mark = len(self.upstream.requests)
        connection.request("POST", self.prefix + path, json.dumps(request).encode(), self.headers)
        answer = connection.getresponse()
        answer.read()
        assert answer.status == 200, answer.status
        assert not answer.headers.get("x-longmem-degraded"), answer.headers["x-longmem-degraded"]
        connection.close()
        arrived = self.upstream.requests[mark].json()
        sizes = [len(json.dumps(one["messages"][-1])) for one in (request, arrived)]
        if is_human(request["messages"][-1]) and sizes[1] > sizes[0]:
            self.blocks.append((sizes[1] - sizes[0]) // BYTES_A_TOKEN)
        self.arrived.append(arrived)


def by_anthropic(client, talk, style):
    """Holds the talk as a client of Anthropic's API does, and gives the cache of that service."""
    tools = [{"name": name, "description": text, "input_schema": {"type": "object"}} for name, text in talk.tools]
    system = {"type": "text", "text": talk.system}
    messages = []

    def ask():
        request = {"model": "claude-stand-in", "max_tokens": 100, "tools": tools, "system": [system], "messages": messages}
        if style == "automatic":
            request |= MARK
        else:
            request["system"] = [system | MARK]
        if style == "newest":
            *earlier, newest = messages
            *blocks, last = newest["content"]
            request["messages"] = [*earlier, newest | {"content": [*blocks, last | MARK]}]
        client.ask("/v1/messages", request)

    for question, results, answer in talk.questions:
        messages.append({"role": "user", "content": [{"type": "text", "text": question}]})
        ask()
        for number, result in enumerate(results):
            call = {"type": "tool_use", "id": f"t{len(messages)}", "name": talk.tools[number][0], "input": {"what": number}}
            messages.append({"role": "assistant", "content": [call]})
            messages.append({"role": "user", "content": [{"type": "tool_result", "tool_use_id": call["id"], "content": result}]})
            ask()
        messages.append({"role": "assistant", "content": [{"type": "text", "text": answer}]})
    return AnthropicCache()


def by_openai(client, talk, _):
    """The same with OpenAI's chat completions."""
    tools = [{"type": "function", "function": {"name": name, "description": text}} for name, text in talk.tools]
    messages = [{"role": "system", "content": talk.system}]

    def ask():
        client.ask("/v1/chat/completions", {"model": "stand-in", "tools": tools, "messages": messages})

    for question, results, answer in talk.questions:
        messages.append({"role": "user", "content": question})
        ask()
        for number, result in enumerate(results):
            function = {"name": talk.tools[number][0], "arguments": json.dumps({"what": number})}
            call = {"id": f"t{len(messages)}", "type": "function", "function": function}
            messages.append({"role": "assistant", "content": None, "tool_calls": [call]})
            messages.append({"role": "tool", "tool_call_id": call["id"], "content": result})
            ask()
        messages.append({"role": "assistant", "content": answer})
    return OpenAiCache()


STYLES = [
    ("Anthropic, marks at the system prompt and the newest message", by_anthropic, "newest"),
    ("Anthropic, automatic (one mark at the top)", by_anthropic, "automatic"),
    ("Anthropic, a mark at the system prompt only", by_anthropic, "system"),
    ("OpenAI, chat completions", by_openai, ""),
]


def measure(upstream, server, user, questions):
    """A line for each way to talk and each mode."""
    heads = ("tokens", "read", "written", "plain", "cost", "compared", "questions", "memory")
    print(f"{'':16}" + "".join(f"{head:>11}" for head in heads))
    for title, hold, style in STYLES:
        print(title)
        usual = None
        for mode in MODES:
            prefix = "/anthropic" if hold is by_anthropic else "/openai"
            if mode == "without memory":
                client = Client(upstream, upstream.address.removeprefix("http://"), "", {})
            else:
                client = Client(upstream, server.host, prefix, user.headers("talk", mode=mode))
            cache = hold(client, Talk(f"{style or 'chat'} {mode}", questions), style)
            usage = sum((cache.ask(request) for request in client.arrived), Usage())
            usual = usual or usage.cost
            numbers = [usage.tokens(), usage.read, usage.written, usage.plain, round(usage.cost)]
            line = "".join(f"{number:>11,}" for number in numbers)
            print(f"  {mode:14}{line}{usage.cost / usual:>10.2f}x{len(client.blocks):>11}{sum(client.blocks) // QUESTIONS:>11}", flush=True)
    print("tokens: all of the input of all requests; cost: in tokens at the usual price")
    print("questions: those that memory was put behind; memory: its tokens for one of all questions")


def main():
    test()
    program = sys.argv[1] if len(sys.argv) > 1 else str(ROOT / "target/release/longmem")
    over = sys.argv[2] if len(sys.argv) > 2 else str(TURNS)
    turns, questions = (list(made_up_turns(int(over))), list(made_up_questions())) if over.isdigit() else read(over)
    usual = pathlib.Path.home() / ".local/share/longmem/models/all-MiniLM-L6-v2"
    os.environ.setdefault("LONGMEM_MODEL_DIR", str(usual))
    with tempfile.TemporaryDirectory() as folder:
        upstream = Upstream()
        # Each talk finds the same memory: none of them is stored. No block is left out for want of time.
        config = "[proxy]\ncapture = false\nrecall_deadline_ms = 5000\n"
        with Longmem(os.path.abspath(program), folder, upstream.address, upstream.address, config) as server:
            server.is_ready()
            user = server.user("talker")
            fill(user, turns)
            tools = f"{QUESTIONS // 2} of them with two calls of tools"
            print(f"{QUESTIONS} questions, {tools}, over {len(turns):,} turns of memory")
            measure(upstream, server, user, questions)
        upstream.close()


if __name__ == "__main__":
    main()
