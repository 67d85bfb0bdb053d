"""The API's plain requests: JSON in, JSON out."""

import re
import time
from collections.abc import Coroutine, Sequence
from dataclasses import asdict, dataclass
from typing import Any, TypeVar

import msgspec
from aiohttp import web

from broker.recording.invitation import to_sign
from broker.recording.statements import to_base64url
from broker.recording.watched import VendorProbe
from broker.server.access import (
    INVITATION_MINUTES,
    PAGE_SECONDS,
    SIGN_IN_SECONDS,
    Access,
    BadRequest,
    NotFound,
    Refusal,
    Tries,
)
from broker.server.http.addresses import Addresses, customer_line
from broker.server.http.connections import Connections
from broker.server.http.guard import PAGE_SIGN_IN, SIGN_IN
from broker.server.hub import Hub
from broker.server.identity import Identity
from broker.server.room import Room
from broker.server.stores.metadata import Invitation, Metadata

T = TypeVar("T")

_NONCE = re.compile(r"[A-Za-z0-9]{16,64}", re.ASCII)


class SignInBody(msgspec.Struct):
    """Body of ``POST /api/sign-in``."""

    token: str


class CaseBody(msgspec.Struct):
    """Body of ``POST /api/cases``."""

    title: str


class InvitationBody(msgspec.Struct):
    """Body of ``POST /api/invitations``; ``case`` is an id."""

    case: str
    minutes: int = INVITATION_MINUTES


class PageBody(msgspec.Struct):
    """Body of ``POST /api/customer/sign-in``."""

    session: str
    token: str


class LookBody(msgspec.Struct):
    """Body of ``POST /api/invitations/look``; ``nonce`` is the host's, to be signed."""

    code: str
    nonce: str


class GrantBody(msgspec.Struct):
    """What a customer allows."""

    mode: str
    seconds: float
    away: str


class HostBody(msgspec.Struct):
    """Who the customer is, as their machine says."""

    name: str
    user: str


class RedeemBody(msgspec.Struct):
    """Body of ``POST /api/invitations/redeem``."""

    code: str
    grant: GrantBody
    host: HostBody
    page: str
    """The hash of what opens the customer's page, or empty."""


@dataclass(frozen=True, slots=True)
class VendorTerms:
    """What of the broker is shown to whoever looks at an invitation."""

    identity: Identity
    banner: str
    probes: Sequence[VendorProbe]
    trees: Sequence[str]


class Api:
    """Handlers; each is one request and safe to cancel."""

    def __init__(
        self,
        metadata: Metadata,
        access: Access,
        hub: Hub,
        addresses: Addresses,
        connections: Connections,
        terms: VendorTerms,
    ) -> None:
        self._metadata = metadata
        self._access = access
        self._hub = hub
        self._addresses = addresses
        self._connections = connections
        self._terms = terms
        self._tries = Tries()

    # --- engineers ----------------------------------------------------------------------------

    async def sign_in(self, request: web.Request) -> web.Response:
        """Use a sign-in link up."""
        body = await _body(request, SignInBody)
        cookie = await self._tried(request, self._access.sign_in(body.token))
        response = web.json_response({})
        response.set_cookie(
            self._addresses.cookie,
            cookie,
            max_age=SIGN_IN_SECONDS,
            path="/",
            secure=self._addresses.secure,
            httponly=True,
            samesite="Strict",
        )
        return response

    async def sign_out(self, request: web.Request) -> web.Response:
        """The cookie and whatever was opened with it end here."""
        await self._access.sign_out(request[SIGN_IN])
        self._connections.end(request[SIGN_IN].token_hash)
        response = web.json_response({})
        response.del_cookie(self._addresses.cookie, path="/", secure=self._addresses.secure)
        return response

    async def me(self, request: web.Request) -> web.Response:
        """Who I am."""
        return web.json_response({"name": request[SIGN_IN].name})

    async def cases(self, _request: web.Request) -> web.Response:
        """All cases, newest first."""
        return web.json_response([asdict(case) for case in await self._metadata.cases()])

    async def open_case(self, request: web.Request) -> web.Response:
        """A new case."""
        case = await self._access.open_case((await _body(request, CaseBody)).title)
        return web.json_response(asdict(case), status=201)

    # --- invitations --------------------------------------------------------------------------

    async def invitations(self, _request: web.Request) -> web.Response:
        """Those that can still be redeemed."""
        found = await self._metadata.invitations(time.time())
        return web.json_response([_told(invitation) for invitation in found])

    async def invite(self, request: web.Request) -> web.Response:
        """A new invitation; its code is told this once."""
        body = await _body(request, InvitationBody)
        case = await self._metadata.case(body.case)
        if case is None:
            raise NotFound("unknown-case", "there is no such case")
        me = request[SIGN_IN]
        invitation, code = await self._access.invite(case, me.name, me.engineer_id, body.minutes)
        line = customer_line(self._addresses.url, code)
        return web.json_response({**_told(invitation), "code": code, "line": line}, status=201)

    async def look(self, request: web.Request) -> web.Response:
        """What a code stands for; uses nothing up."""
        body = await _body(request, LookBody)
        if not _NONCE.fullmatch(body.nonce):
            raise BadRequest("bad-nonce", "nonce: 16 to 64 letters and digits")
        invitation = await self._tried(request, self._access.look(body.code))
        ring = self._terms.identity.ring
        told: dict[str, Any] = {
            "case": invitation.case.title,
            "engineer": invitation.engineer,
            "expires": invitation.expires,
            "max_seconds": self._access.most_grant_seconds,
            "banner": self._terms.banner,
            "probes": [asdict(probe) for probe in self._terms.probes],
            "trees": list(self._terms.trees),
            "key": to_base64url(ring.signer.public),
            "keys": ring.as_json(),
        }
        signature = to_base64url(ring.signer.sign(to_sign(told, body.nonce)))
        return web.json_response({**told, "signature": signature})

    async def redeem(self, request: web.Request) -> web.Response:
        """Consent was given: the session begins."""
        body = await _body(request, RedeemBody)
        redeemed = await self._tried(
            request,
            self._access.redeem(
                body.code,
                mode=body.grant.mode,
                seconds=body.grant.seconds,
                away=body.grant.away,
                host_name=body.host.name,
                host_user=body.host.user,
                page_hash=body.page,
            ),
        )
        session = redeemed.session
        room = self._hub.add(session)
        room.tasks.spawn(room.receipts.begin(), f"begin receipts {session.id}")
        told = {
            "session": session.id,
            "token": redeemed.token,
            "until": session.until,
            "keys": self._terms.identity.ring.as_json(),  # one may have come since the look
        }
        return web.json_response(told, status=201)

    # --- the customer's page ------------------------------------------------------------------

    async def open_page(self, request: web.Request) -> web.Response:
        """Open a session's page with what its link carries."""
        body = await _body(request, PageBody)
        room = self._hub.room(body.session)
        session = room.session if room is not None else None
        cookie = await self._tried(request, self._access.open_page(session, body.token))
        response = web.json_response({})
        response.set_cookie(
            self._addresses.page_cookie(body.session),
            cookie,
            max_age=PAGE_SECONDS,
            path="/api",
            secure=self._addresses.secure,
            httponly=True,
            samesite="Strict",
        )
        return response

    async def keys(self, _request: web.Request) -> web.Response:
        """The broker's public keys, oldest first, each vouched for by the one before it."""
        return web.json_response({"keys": self._terms.identity.ring.as_json()})

    # --- sessions -----------------------------------------------------------------------------

    async def sessions(self, _request: web.Request) -> web.Response:
        """All sessions, newest first."""
        return web.json_response(self._hub.summaries())

    async def session(self, request: web.Request) -> web.Response:
        """One session; why it is kept is for engineers."""
        told = room_of(self._hub, request).summary()
        if PAGE_SIGN_IN in request:
            del told["kept"]
        return web.json_response(told)

    async def _tried(self, request: web.Request, attempt: Coroutine[Any, Any, T]) -> T:
        """What somebody may guess at: wrong guesses of one address are counted and bounded."""
        address = request.remote or ""
        try:
            self._tries.check(address)
        except Refusal:
            attempt.close()
            raise
        try:
            return await attempt
        except BadRequest:
            raise
        except Refusal:
            self._tries.wrong(address)
            raise


def room_of(hub: Hub, request: web.Request) -> Room:
    """The room that the path names. Raises NotFound."""
    room = hub.room(request.match_info["session"])
    if room is None:
        raise NotFound("unknown-session", "there is no such session")
    return room


class Gone(Refusal):
    """It was deleted."""

    status = 410


def readable_room(hub: Hub, request: web.Request) -> Room:
    """The same, for whoever reads its streams. Raises NotFound and Gone."""
    room = room_of(hub, request)
    deleted = room.standing.deleted
    if deleted is not None:
        on = time.strftime("%Y-%m-%d", time.gmtime(deleted.at))
        raise Gone("gone", f"deleted on {on} by {deleted.by}: {deleted.why}")
    return room


def _told(invitation: Invitation) -> dict[str, Any]:
    case = {"id": invitation.case.id, "title": invitation.case.title}
    return {
        "id": invitation.id,
        "case": case,
        "engineer": invitation.engineer,
        "created": invitation.created,
        "expires": invitation.expires,
    }


async def _body(request: web.Request, shape: type[T]) -> T:
    try:
        return msgspec.json.decode(await request.read(), type=shape)
    except msgspec.DecodeError as error:  # names fields and types, never values
        raise BadRequest("bad-request", str(error)) from None
