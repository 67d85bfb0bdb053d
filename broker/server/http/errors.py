"""Every error of the API in one shape: ``{"error": {"code", "message"}}`` and a fitting status."""

import structlog
from aiohttp import web
from aiohttp.typedefs import Handler

from broker.server.access import Refusal, TooManyTries
from broker.server.at_rest.opened import Sealed

log = structlog.get_logger()

_CODES = {
    400: "bad-request",
    404: "not-found",
    405: "method-not-allowed",
    413: "too-large",
    416: "bad-range",
    426: "not-a-websocket",
}


def error(status: int, code: str, message: str) -> web.Response:
    """The response that tells of an error."""
    return web.json_response({"error": {"code": code, "message": message}}, status=status)


@web.middleware
async def tell_errors(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Turn whatever a handler raises into that shape. What was not expected is logged, once."""
    try:
        return await handler(request)
    except TooManyTries as refusal:
        response = error(refusal.status, refusal.code, refusal.message)
        response.headers["Retry-After"] = str(refusal.retry_seconds)
        return response
    except Sealed as sealed:
        return error(409, "sealed", sealed.says)
    except Refusal as refusal:
        return error(refusal.status, refusal.code, refusal.message)
    except web.HTTPException as raised:
        if raised.status < 400:
            raise
        # Its own text may quote the request.
        return error(raised.status, _CODES.get(raised.status, "refused"), raised.reason)
    except ConnectionError:
        raise  # the other end is gone, and nobody is left to be told
    except Exception as unexpected:
        log.exception("request failed", route=_pattern(request), exc_info=unexpected)
        return error(500, "internal", "the broker failed at this; its log says why")


def _pattern(request: web.Request) -> str:
    resource = request.match_info.route.resource
    return resource.canonical if resource is not None else "none"
