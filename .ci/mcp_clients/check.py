"""Python's client of the Model Context Protocol: three ways to begin, over a pipe and over HTTP.

    check.py URL PROGRAM [ARGUMENT...]
"""

import asyncio
import sys

from mcp import Client, StdioServerParameters

TOOLS = [
    "memory_search",
    "memory_get",
    "memory_recent",
    "memory_facts",
    "memory_add",
    "memory_update",
    "memory_delete",
    "memory_status",
]


async def check(name, target, mode):
    async with Client(target, mode=mode) as client:
        tools = [tool.name for tool in (await client.list_tools()).tools]
        assert tools == TOOLS, tools
        found = await client.call_tool("memory_search", {"query": "Which port?"})
        assert not found.is_error, found
        assert "7443" in found.content[0].text, found
        assert "7443" in found.structured_content["results"][0]["text"], found
        refused = await client.call_tool("memory_get", {"ids": ["t1"], "around": 11})
        assert refused.is_error and "may be a whole number from 0 to 10" in refused.content[0].text, refused
        added = await client.call_tool("memory_add", {"text": f"{name} {mode} was here."})
        stored = {member: added.structured_content[member] for member in ("id", "kind")}
        deleted = await client.call_tool("memory_delete", stored)
        assert deleted.structured_content["turns"] == 1, deleted
        resources = (await client.list_resources()).resources
        read = await client.read_resource(str(resources[0].uri))
        assert "7443" in read.contents[0].text, read
        prompt = await client.get_prompt("recall", {"query": "Which port?"})
        assert "7443" in prompt.messages[0].content.text, prompt
        print(f"python, {name}, {mode}: ok, {client.protocol_version}")


async def main():
    url, program, *arguments = sys.argv[1:]
    pipe = StdioServerParameters(command=program, args=arguments)
    for mode in ("auto", "legacy", "2026-07-28"):
        await check("pipe", pipe, mode)
        await check("http", url, mode)


asyncio.run(main())
