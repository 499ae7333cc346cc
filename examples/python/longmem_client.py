"""longmem serve over HTTP. LONGMEM_URL names another address, LONGMEM_API_KEY a key of it."""

import contextlib
import json
import os
import urllib.error
import urllib.parse
import urllib.request

ADDRESS = os.environ.get("LONGMEM_URL", "http://127.0.0.1:7717")


class NotFound(RuntimeError):
    """There is no such session or turn."""


def call(method, path, body=None, **query):
    """Sends a request; returns the JSON of the answer. Raises RuntimeError with what the server says."""
    given = {name: value for name, value in query.items() if value is not None}
    url = f"{ADDRESS}/v1/memory/{path}" + (f"?{urllib.parse.urlencode(given)}" if given else "")
    request = urllib.request.Request(url, method=method, headers={"Content-Type": "application/json"})
    if key := os.environ.get("LONGMEM_API_KEY"):
        request.add_header("Authorization", f"Bearer {key}")
    try:
        with urllib.request.urlopen(request, json.dumps(body).encode() if body is not None else None) as answer:
            text = answer.read()
    except urllib.error.HTTPError as error:
        kind = NotFound if error.code == 404 else RuntimeError
        raise kind(json.load(error)["detail"]) from None
    except urllib.error.URLError as error:
        raise SystemExit(f"no server at {ADDRESS} ({error.reason}); start longmem serve") from None
    return json.loads(text) if text else None


def remember(session, *turns):
    """Stores turns, each a role and a text; they are on disk when this returns."""
    if turns := [{"role": role, "text": text} for role, text in turns if text.strip()]:
        call("POST", "turns", {"session": session, "turns": turns})


def last_turns(session, limit=None):
    """A session's last turns, oldest first; all of them without a limit, none if there is no such session."""
    turns, cursor = [], None
    while limit is None or len(turns) < limit:
        try:
            page = call("GET", "turns", session=session, limit=min(limit or 200, 200), cursor=cursor)
        except NotFound:
            break
        turns += page["items"]
        cursor = page["next"]
        if cursor is None:
            break
    return turns[:limit][::-1]


def forget_session(session):
    """Deletes a session for good; where there is none, nothing happens."""
    with contextlib.suppress(NotFound):
        call("DELETE", f"sessions/{urllib.parse.quote(session, safe='')}")
