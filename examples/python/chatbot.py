"""A chatbot that remembers: Claude answers, longmem keeps what was said and finds what matters now.

    pip install anthropic
    longmem serve &
    ANTHROPIC_API_KEY=… python chatbot.py
"""

import sys
import uuid

import anthropic

import longmem_client as longmem

MODEL = "claude-sonnet-5-5"


def answer(claude, session, message):
    """Asks Claude with what is known of the user, what was said that matters now, and what was just said."""
    context = longmem.call(
        "POST", "context", {"message": message, "session": session, "budget": 4000, "format": "anthropic"}
    )
    # The message is on disk before anybody answers it.
    longmem.remember(session, ("user", message))
    reply = claude.messages.create(
        model=MODEL,
        max_tokens=1024,
        system=context["system"] or anthropic.NOT_GIVEN,
        messages=context["messages"],
    )
    text = "".join(block.text for block in reply.content if block.type == "text")
    longmem.remember(session, ("assistant", text))
    return text


def main():
    claude, session = anthropic.Anthropic(), f"chat-{uuid.uuid4()}"
    print("Ctrl-D ends the chat.", file=sys.stderr)
    while True:
        try:
            message = input("you> ").strip()
        except EOFError:
            return
        if message:
            print(answer(claude, session, message))


if __name__ == "__main__":
    main()
