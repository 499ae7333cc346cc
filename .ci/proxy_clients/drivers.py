"""What others use to talk to language models: each says something, and each lets the model call a tool.

A driver has the address of a server whose API it speaks (without /v1), the headers that go with each request, and
the key of the service. `say` gets messages of which each is {"role", "content"}, the newest last, and gives the
answer; `use_tool` asks a question and lets the model look something up with the tool `look_up` first.
"""

import asyncio
import json
import os

LOOKED_UP = "It is in the file."
QUESTION_OF_TOOL = {"type": "object", "properties": {"what": {"type": "string"}}, "required": ["what"]}


# One for all: connections of clients outlive their calls.
LOOP = asyncio.new_event_loop()


def waited(task):
    """What an asynchronous call brings."""
    return LOOP.run_until_complete(task)


class Driver:
    """What all of them have."""

    # Which API it speaks: anthropic, chat or responses.
    api = ""
    # Whether it can stream.
    streams = True

    def __init__(self, server, headers, key):
        self.headers, self.key = headers, key
        self.base = f"{server}/anthropic" if self.api == "anthropic" else f"{server}/openai/v1"


class Anthropic(Driver):
    name, api = "anthropic", "anthropic"

    def client(self):
        import anthropic
        return anthropic.Anthropic(base_url=self.base, api_key=self.key, default_headers=self.headers, max_retries=0)

    def say(self, messages, stream=False):
        asked = {"model": "claude-stand-in", "max_tokens": 100, "messages": messages}
        if not stream:
            return self.client().messages.create(**asked).content[0].text
        with self.client().messages.stream(**asked) as answer:
            return "".join(answer.text_stream)

    def use_tool(self, question):
        tool = {"name": "look_up", "description": "Looks something up.", "input_schema": QUESTION_OF_TOOL}
        messages = [{"role": "user", "content": question}]
        while True:
            answer = self.client().messages.create(model="claude-stand-in", max_tokens=100, tools=[tool], messages=messages)
            calls = [block for block in answer.content if block.type == "tool_use"]
            if not calls:
                return answer.content[0].text
            results = [{"type": "tool_result", "tool_use_id": call.id, "content": LOOKED_UP} for call in calls]
            messages += [{"role": "assistant", "content": answer.content}, {"role": "user", "content": results}]


class OpenAiChat(Driver):
    name, api = "openai, chat", "chat"

    def client(self):
        import openai
        return openai.OpenAI(base_url=self.base, api_key=self.key, default_headers=self.headers, max_retries=0)

    def say(self, messages, stream=False):
        answer = self.client().chat.completions.create(model="stand-in", messages=messages, stream=stream)
        if not stream:
            return answer.choices[0].message.content
        return "".join(chunk.choices[0].delta.content or "" for chunk in answer if chunk.choices)

    def use_tool(self, question):
        function = {"name": "look_up", "parameters": QUESTION_OF_TOOL}
        messages = [{"role": "user", "content": question}]
        while True:
            tools = [{"type": "function", "function": function}]
            answer = self.client().chat.completions.create(model="stand-in", messages=messages, tools=tools)
            message = answer.choices[0].message
            if not message.tool_calls:
                return message.content
            messages.append(message)
            messages += [{"role": "tool", "tool_call_id": call.id, "content": LOOKED_UP} for call in message.tool_calls]


class OpenAiResponses(OpenAiChat):
    name, api = "openai, responses", "responses"

    def say(self, messages, stream=False):
        asked = messages[0]["content"] if len(messages) == 1 else messages
        answer = self.client().responses.create(model="stand-in", input=asked, stream=stream)
        if not stream:
            return answer.output_text
        return "".join(event.delta for event in answer if event.type == "response.output_text.delta")

    def use_tool(self, question):
        tool = {"type": "function", "name": "look_up", "parameters": QUESTION_OF_TOOL, "strict": False}
        items = [{"role": "user", "content": question}]
        while True:
            answer = self.client().responses.create(model="stand-in", input=items, tools=[tool])
            calls = [item for item in answer.output if item.type == "function_call"]
            if not calls:
                return answer.output_text
            items += answer.output
            items += [{"type": "function_call_output", "call_id": call.call_id, "output": LOOKED_UP} for call in calls]


class LangChainAnthropic(Driver):
    name, api = "langchain-anthropic", "anthropic"

    def model(self):
        from langchain_anthropic import ChatAnthropic
        return ChatAnthropic(
            base_url=self.base, api_key=self.key, model="claude-stand-in", default_headers=self.headers, max_retries=0,
        )

    def say(self, messages, stream=False):
        pairs = [(message["role"], message["content"]) for message in messages]
        if not stream:
            return self.model().invoke(pairs).text
        return "".join(chunk.text for chunk in self.model().stream(pairs))

    def use_tool(self, question):
        from langchain.agents import create_agent

        def look_up(what: str) -> str:
            """Looks something up."""
            return LOOKED_UP

        agent = create_agent(self.model(), [look_up])
        return agent.invoke({"messages": [("user", question)]})["messages"][-1].text


class LangChainOpenAi(LangChainAnthropic):
    name, api = "langchain-openai", "chat"

    def model(self):
        from langchain_openai import ChatOpenAI
        return ChatOpenAI(
            base_url=self.base, api_key=self.key, model="stand-in", default_headers=self.headers, max_retries=0,
        )


class PydanticAiChat(Driver):
    name, api = "pydantic-ai, openai", "chat"

    def model(self):
        from openai import AsyncOpenAI
        from pydantic_ai.models.openai import OpenAIChatModel
        from pydantic_ai.providers.openai import OpenAIProvider
        client = AsyncOpenAI(base_url=self.base, api_key=self.key, default_headers=self.headers, max_retries=0)
        return OpenAIChatModel("stand-in", provider=OpenAIProvider(openai_client=client))

    def say(self, messages, stream=False):
        from pydantic_ai import Agent
        from pydantic_ai.messages import ModelRequest, ModelResponse, TextPart
        *earlier, newest = messages
        history = [
            ModelRequest.user_text_prompt(one["content"]) if one["role"] == "user"
            else ModelResponse(parts=[TextPart(one["content"])])
            for one in earlier
        ]

        async def answer():
            agent = Agent(self.model())
            if not stream:
                return (await agent.run(newest["content"], message_history=history)).output
            async with agent.run_stream(newest["content"], message_history=history) as result:
                return "".join([piece async for piece in result.stream_text(delta=True)])

        return waited(answer())

    def use_tool(self, question):
        from pydantic_ai import Agent

        def look_up(what: str) -> str:
            """Looks something up."""
            return LOOKED_UP

        return waited(Agent(self.model(), tools=[look_up]).run(question)).output


class PydanticAiAnthropic(PydanticAiChat):
    name, api = "pydantic-ai, anthropic", "anthropic"

    def model(self):
        from anthropic import AsyncAnthropic
        from pydantic_ai.models.anthropic import AnthropicModel
        from pydantic_ai.providers.anthropic import AnthropicProvider
        client = AsyncAnthropic(base_url=self.base, api_key=self.key, default_headers=self.headers, max_retries=0)
        return AnthropicModel("claude-stand-in", provider=AnthropicProvider(anthropic_client=client))


class OpenAiAgents(Driver):
    name, api = "openai-agents, responses", "responses"

    def agent(self, **more):
        from agents import Agent, set_tracing_disabled
        from openai import AsyncOpenAI
        set_tracing_disabled(True)
        client = AsyncOpenAI(base_url=self.base, api_key=self.key, default_headers=self.headers, max_retries=0)
        return Agent(name="helper", model=self.model(client), **more)

    def model(self, client):
        from agents import OpenAIResponsesModel
        return OpenAIResponsesModel("stand-in", client)

    def say(self, messages, stream=False):
        from agents import Runner

        async def answer():
            if not stream:
                return (await Runner.run(self.agent(), messages)).final_output
            result = Runner.run_streamed(self.agent(), messages)
            pieces = [event.data.delta async for event in result.stream_events() if getattr(getattr(event, "data", None), "type", "") == "response.output_text.delta"]
            return "".join(pieces)

        return waited(answer())

    def use_tool(self, question):
        from agents import Runner, function_tool

        @function_tool
        def look_up(what: str) -> str:
            """Looks something up."""
            return LOOKED_UP

        return waited(Runner.run(self.agent(tools=[look_up]), question)).final_output


class OpenAiAgentsChat(OpenAiAgents):
    name, api = "openai-agents, chat", "chat"

    def model(self, client):
        from agents import OpenAIChatCompletionsModel
        return OpenAIChatCompletionsModel("stand-in", client)


class LiteLlmAnthropic(Driver):
    name, api = "litellm, anthropic", "anthropic"
    model = "anthropic/claude-stand-in"

    def complete(self, messages, **more):
        os.environ["LITELLM_LOCAL_MODEL_COST_MAP"] = "True"
        import litellm
        litellm.telemetry = False
        litellm.suppress_debug_info = True
        return litellm.completion(
            model=self.model, api_base=self.base, api_key=self.key, extra_headers=self.headers, messages=messages,
            max_retries=0, **more,
        )

    def say(self, messages, stream=False):
        answer = self.complete(messages, stream=stream)
        if not stream:
            return answer.choices[0].message.content
        return "".join(chunk.choices[0].delta.content or "" for chunk in answer if chunk.choices)

    def use_tool(self, question):
        tools = [{"type": "function", "function": {"name": "look_up", "description": "", "parameters": QUESTION_OF_TOOL}}]
        messages = [{"role": "user", "content": question}]
        while True:
            message = self.complete(messages, tools=tools).choices[0].message
            if not message.tool_calls:
                return message.content
            messages.append(message.model_dump(exclude_none=True))
            messages += [{"role": "tool", "tool_call_id": call.id, "content": LOOKED_UP} for call in message.tool_calls]


class LiteLlmOpenAi(LiteLlmAnthropic):
    name, api = "litellm, openai", "chat"
    model = "openai/stand-in"


class AiSdk(Driver):
    """Vercel's AI SDK, in Node.js."""

    provider = ""

    def run(self, **asked):
        import pathlib
        import subprocess
        node = os.environ["NODE_CLIENTS"]
        script = pathlib.Path(node) / "aisdk.mjs"
        # Node.js looks for packages beside the script.
        script.write_bytes((pathlib.Path(__file__).parent / "aisdk.mjs").read_bytes())
        asked |= {"provider": self.provider, "base": self.base if self.api != "anthropic" else f"{self.base}/v1", "key": self.key, "headers": self.headers}
        ran = subprocess.run(["node", str(script), json.dumps(asked)], capture_output=True, text=True, timeout=60)
        assert ran.returncode == 0, ran.stderr
        return json.loads(ran.stdout.splitlines()[-1])["text"]

    def say(self, messages, stream=False):
        return self.run(messages=messages, stream=stream)

    def use_tool(self, question):
        return self.run(messages=[{"role": "user", "content": question}], tool=LOOKED_UP)


class AiSdkAnthropic(AiSdk):
    name, api, provider = "ai (Vercel), anthropic", "anthropic", "anthropic"


class AiSdkChat(AiSdk):
    name, api, provider = "ai (Vercel), chat", "chat", "chat"


class AiSdkResponses(AiSdk):
    name, api, provider = "ai (Vercel), responses", "responses", "responses"


QUICK = [Anthropic, OpenAiChat, OpenAiResponses]
LARGE = [
    LangChainAnthropic, LangChainOpenAi, PydanticAiAnthropic, PydanticAiChat, OpenAiAgents, OpenAiAgentsChat,
    LiteLlmAnthropic, LiteLlmOpenAi,
]
IN_NODE = [AiSdkAnthropic, AiSdkChat, AiSdkResponses]
