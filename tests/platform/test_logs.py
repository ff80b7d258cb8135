"""Logs: one line an event, and a traceback never prints what the variables of a function hold."""

import json
import subprocess
import sys
from typing import Any

import pytest

# Logging is set up for a whole process, so each case is one.
PROGRAM = """
import logging, sys
import structlog
from alltickets.platform.logs import set_up

set_up(sys.argv[1], sys.argv[2])
log = structlog.get_logger()

def sign_in(password):
    secret = password + "!"
    raise ValueError("refused")

log.debug("tiny detail")
log.info("opened", door=7)
with structlog.contextvars.bound_contextvars(request_id="7f3a"):
    log.warning("slow")
try:
    sign_in("".join(["hun", "ter2"]))
except ValueError:
    log.exception("failed")
try:
    sign_in("".join(["hun", "ter2"]))
except ValueError:
    logging.getLogger("library").exception("library failed")
logging.getLogger("library").info("chatter")
print("answer")
"""


def run(log_format: str, level: str) -> tuple[str, str]:
    """What a process with these settings writes to its output and to its log."""
    done = subprocess.run([sys.executable, "-c", PROGRAM, log_format, level], capture_output=True, text=True, check=True, timeout=60)
    return done.stdout, done.stderr


@pytest.fixture(scope="module")
def json_run() -> tuple[str, str]:
    return run("json", "info")


@pytest.fixture(scope="module")
def json_lines(json_run: tuple[str, str]) -> list[dict[str, Any]]:
    """Each line of the log, decoded."""
    return [json.loads(line) for line in json_run[1].splitlines()]


def test_logs_leave_the_output_to_answers(json_run: tuple[str, str]) -> None:
    assert json_run[0] == "answer\n"


def test_each_event_is_one_line_of_json_at_or_above_the_level(json_lines: list[dict[str, Any]]) -> None:
    assert [(line["level"], line["event"]) for line in json_lines] == [
        ("info", "opened"),
        ("warning", "slow"),
        ("error", "failed"),
        ("error", "library failed"),
    ]
    assert json_lines[0]["door"] == 7
    assert all(line["timestamp"].endswith("Z") for line in json_lines)


def test_what_is_logged_during_a_request_carries_its_id(json_lines: list[dict[str, Any]]) -> None:
    assert [line.get("request_id") for line in json_lines] == [None, "7f3a", None, None]


def test_a_traceback_says_where_and_not_with_which_values(json_run: tuple[str, str], json_lines: list[dict[str, Any]]) -> None:
    ours, library = json_lines[2]["exception"], json_lines[3]["exception"]

    for traceback in (ours, library):
        assert "in sign_in" in traceback
        assert "ValueError: refused" in traceback
    assert "hunter2" not in json_run[1]


def test_people_get_plain_lines_without_values_of_variables() -> None:
    _, log = run("console", "debug")

    assert "tiny detail" in log
    assert "in sign_in" in log
    assert "ValueError: refused" in log
    assert "hunter2" not in log
    assert "\x1b[" not in log


CARDS = """
import logging, sys
import structlog
from alltickets.platform.logs import set_up

set_up(sys.argv[1], "info")
no_cards = ["4507990000004906", "order 01a21c7e-632f-71a4-97ff-931f24ff5f10"]
for text in ["4507990000004905", "5299 9100 1000 0015", "3739-531923-51004", *no_cards]:
    structlog.get_logger().warning("the gateway said", answer=f"no such card {text}.")
logging.getLogger("library").warning("sent 4507990000004905 off")
"""


@pytest.mark.parametrize("log_format", ["json", "console"])
def test_numbers_of_cards_are_masked_whoever_logs_them(log_format: str) -> None:
    lines = subprocess.run([sys.executable, "-c", CARDS, log_format], capture_output=True, text=True, check=True).stderr.splitlines()

    assert len(lines) == 6
    assert ["[card]" in line for line in lines] == [True, True, True, False, False, True]
    assert not any(card in line for line in lines for card in ("4507990000004905", "5299 9100 1000 0015", "3739-531923-51004"))
    assert "4507990000004906" in lines[3], "no number of a card: it fails the check"
