"""What the broker writes of itself to stderr: one JSON object a line, or coloured lines on a TTY.

Sizes, ids and reasons; never terminal content, codes, tokens or queries.
"""

import logging
import sys

import structlog


def set_up() -> None:
    """Call once, first thing in a process."""
    on_tty = sys.stderr.isatty()
    shown: list[structlog.typing.Processor] = (
        [structlog.dev.ConsoleRenderer()]
        if on_tty
        else [structlog.processors.format_exc_info, structlog.processors.JSONRenderer()]
    )
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            *shown,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.WriteLoggerFactory(file=sys.stderr),
        cache_logger_on_first_use=True,
    )
    # Of the libraries, only what is wrong: aiohttp's access log would quote URLs.
    logging.basicConfig(level=logging.WARNING, stream=sys.stderr)
