"""Structured logs: one line an event, JSON for machines, plain for people. Values of secrets never come here.

Numbers of cards are masked wherever they stand in a line: a gateway may send one back in an error, and a buyer may type one into a field
of ours.
"""

import logging
import re
import sys

import structlog

__all__ = ["set_up"]


def set_up(log_format: str, level: str) -> None:
    """Send our own and the libraries' logs to standard error. `log_format`: console or json."""
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    # Plain tracebacks: a renderer that prints local variables would print passwords and keys.
    renderers: list[structlog.typing.Processor] = (
        [structlog.processors.format_exc_info, structlog.processors.JSONRenderer()]
        if log_format == "json"
        else [structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty(), exception_formatter=structlog.dev.plain_traceback)]
    )
    renderers.append(_without_cards)
    structlog.configure(
        processors=[*shared, *renderers],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level.upper()]),
        logger_factory=structlog.WriteLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared, processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *renderers]
        )
    )
    logging.basicConfig(level=max(logging.getLevelNamesMapping()[level.upper()], logging.WARNING), handlers=[handler], force=True)


# 13 to 19 digits of a card network, as they are typed: together, or in groups with spaces or dashes.
_card = re.compile(r"(?<!\d)[3-6](?:[ -]?\d){12,18}(?!\d)")


def _without_cards(_logger: object, _method: str, line: structlog.typing.EventDict | str) -> str:
    """The line as it was rendered, each number of a card in it masked."""
    return _card.sub(lambda found: "[card]" if _is_card(found[0]) else found[0], str(line))


def _is_card(text: str) -> bool:
    """Whether the digits pass Luhn's check (ISO/IEC 7812-1, annex B)."""
    digits = [int(letter) for letter in reversed(text) if letter.isdigit()]
    doubled = [digit * 2 - 9 if digit > 4 else digit * 2 for digit in digits[1::2]]
    return (sum(digits[::2]) + sum(doubled)) % 10 == 0
