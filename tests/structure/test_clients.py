"""Tests and benchmarks speak plain HTTP to servers of this machine, and say so: else each client and each request costs 50 ms."""

import ast

from tests.structure.source import ROOT

CLIENTS = {"Client", "AsyncClient", "get", "post", "put", "patch", "delete", "request", "stream"}


def unsaid(text: str) -> list[int]:
    """The lines at which httpx is called without `verify=` or a transport of its own."""
    return [
        node.lineno
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and isinstance(node.func.value, ast.Name)
        and (node.func.value.id, node.func.attr in CLIENTS) == ("httpx", True)
        and not {"verify", "transport"} & {word.arg for word in node.keywords}
    ]


def test_no_client_reads_the_certificates_of_all_authorities() -> None:
    paths = [path for folder in ("tests", "bench") for path in (ROOT / folder).rglob("*.py")]
    texts = {str(path.relative_to(ROOT)): path.read_text(encoding="utf-8") for path in paths}

    said_nothing = {place: lines for place, text in texts.items() if "httpx." in text and (lines := unsaid(text))}

    assert unsaid("httpx.get(url)\nhttpx.get(url, verify=PLAIN)\nhttpx.Client()") == [1, 3]
    assert said_nothing == {}
