"""Who may do what: engineers' sign-ins, customers' invitations and pages, hosts' tokens.

Codes and tokens are random, told once and kept as hashes (of so many random bits that a fast hash
is the right one). Links and codes work once. No method logs or returns a secret of somebody else.
"""

import hashlib
import hmac
import re
import secrets
import time
from collections import OrderedDict
from dataclasses import dataclass

from broker.recording.grant import Away, Mode
from broker.recording.presence import granted
from broker.server.configuration import MOST_GRANT_SECONDS
from broker.server.stores.metadata import (
    Case,
    Invitation,
    Metadata,
    PageSignIn,
    Session,
    SignIn,
)

LINK_SECONDS = 15 * 60
SIGN_IN_SECONDS = 12 * 3600
IDLE_SECONDS = 4 * 3600
INVITATION_MINUTES = 60
MOST_INVITATION_MINUTES = 7 * 24 * 60
PAGE_SECONDS = 12 * 3600
"""So long after a session's end its page's link still opens it, and each opening is good."""

_CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_LOOKALIKES = str.maketrans("OIL", "011")
_CODE = re.compile(rf"[{_CROCKFORD}]{{16}}")
_TOKEN = re.compile(r"[A-Za-z0-9_-]{20,100}")
_DIGEST = re.compile(r"[0-9a-f]{64}", re.ASCII)
_NO_DIGEST = "-" * 64
_SEEN_SECONDS = 60.0
_TRIES = 10
_TRIES_SECONDS = 60.0
_MOST_ADDRESSES = 10_000


class Refusal(Exception):
    """No, with the reason as a code of the API and a sentence for the person who asked."""

    status = 403

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


class NotFound(Refusal):
    """There is none of that name or code."""

    status = 404


class BadRequest(Refusal):
    """What was asked for makes no sense."""

    status = 400


class TooManyTries(Refusal):
    """This address has guessed too often."""

    status = 429

    def __init__(self, retry_seconds: int) -> None:
        super().__init__("too-many-tries", f"too many wrong tries; wait {retry_seconds} s")
        self.retry_seconds = retry_seconds


@dataclass(frozen=True, slots=True)
class Redeemed:
    """A session that was just granted, and the token with which its host connects."""

    session: Session
    token: str


def new_id() -> str:
    """A short random id: not a secret, but not to be guessed either."""
    alphabet = "abcdefghjkmnpqrstvwxyz23456789"
    return "".join(secrets.choice(alphabet) for _ in range(10))


def new_token() -> str:
    """256 random bits."""
    return secrets.token_urlsafe(32)


def new_code() -> str:
    """80 random bits that a person can read out: ``XXXX-XXXX-XXXX-XXXX``."""
    letters = "".join(secrets.choice(_CROCKFORD) for _ in range(16))
    return "-".join(letters[at : at + 4] for at in range(0, 16, 4))


def hashed(secret: str) -> str:
    """What is kept of a code or token."""
    return hashlib.sha256(secret.encode()).hexdigest()


class Tries:
    """Wrong tries of each address within the last minute. Right ones cost nothing."""

    def __init__(self) -> None:
        self._wrong: OrderedDict[str, list[float]] = OrderedDict()

    def check(self, address: str) -> None:
        """Raise TooManyTries while this address has guessed wrong too often."""
        now = time.monotonic()
        recent = [at for at in self._wrong.get(address, ()) if now - at < _TRIES_SECONDS]
        if len(recent) >= _TRIES:
            raise TooManyTries(int(_TRIES_SECONDS - (now - recent[0])) + 1)

    def wrong(self, address: str) -> None:
        """Count a wrong try. The longest quiet addresses are forgotten where there are many."""
        now = time.monotonic()
        recent = [at for at in self._wrong.pop(address, ()) if now - at < _TRIES_SECONDS]
        self._wrong[address] = [*recent, now]
        while len(self._wrong) > _MOST_ADDRESSES:
            self._wrong.popitem(last=False)


class Access:
    """The rules over the metadata. Each method is one step; safe to cancel."""

    def __init__(self, metadata: Metadata, most_grant_seconds: float = MOST_GRANT_SECONDS) -> None:
        self._metadata = metadata
        self.most_grant_seconds = most_grant_seconds

    # --- engineers ----------------------------------------------------------------------------

    async def engineer(self, name: str) -> str:
        """The id of the engineer of this name, who is added where there is none."""
        engineer_id = await self._metadata.engineer_id(name)
        if engineer_id is None:
            engineer_id = new_id()
            await self._metadata.add_engineer(engineer_id, name, time.time())
        return engineer_id

    async def sign_in_token(self, engineer_id: str) -> str:
        """A token that signs this engineer in, once, within 15 minutes."""
        token = new_token()
        expires = time.time() + LINK_SECONDS
        await self._metadata.add_sign_in_link(hashed(token), engineer_id, expires)
        return token

    async def sign_in(self, token: str) -> str:
        """Use a sign-in link's token up: the cookie's token. Raises Refusal."""
        now = time.time()
        engineer_id = None
        if _TOKEN.fullmatch(token):
            engineer_id = await self._metadata.use_sign_in_link(hashed(token), now)
        if engineer_id is None:
            raise Refusal("bad-link", "this sign-in link was used, has expired, or never was one")
        cookie = new_token()
        await self._metadata.add_sign_in(hashed(cookie), engineer_id, now)
        return cookie

    async def who(self, cookie: str) -> SignIn | None:
        """Whose cookie this is, while it is good."""
        if not _TOKEN.fullmatch(cookie):
            return None
        found = await self._metadata.sign_in(hashed(cookie))
        now = time.time()
        if (
            found is None
            or now - found.created > SIGN_IN_SECONDS
            or now - found.seen > IDLE_SECONDS
        ):
            return None
        if now - found.seen > _SEEN_SECONDS:
            await self._metadata.saw_sign_in(found.token_hash, now)
        return found

    async def sign_out(self, signed_in: SignIn) -> None:
        """The cookie is worth nothing from now on."""
        await self._metadata.end_sign_in(signed_in.token_hash)

    # --- cases and invitations ----------------------------------------------------------------

    async def open_case(self, title: str) -> Case:
        """A new case. Raises BadRequest."""
        case = Case(new_id(), _text(title, "title", 200), time.time())
        await self._metadata.add_case(case)
        return case

    async def invite(
        self, case: Case, engineer: str, engineer_id: str, minutes: int
    ) -> tuple[Invitation, str]:
        """A new invitation and its code, which is told this once. Raises BadRequest."""
        if not 1 <= minutes <= MOST_INVITATION_MINUTES:
            raise BadRequest(
                "bad-request", f"minutes: from 1 to {MOST_INVITATION_MINUTES}, not {minutes}"
            )
        now = time.time()
        code = new_code()
        invitation = Invitation(new_id(), case, engineer, now, now + minutes * 60, None)
        await self._metadata.add_invitation(invitation, hashed(_normal(code)), engineer_id)
        return invitation, code

    async def look(self, code: str) -> Invitation:
        """The invitation that this code would redeem. Raises NotFound and Refusal."""
        normal = _normal(code)
        found = None
        if _CODE.fullmatch(normal):
            found = await self._metadata.invitation(hashed(normal))
        if found is None:
            raise NotFound("unknown-code", "no invitation has this code; check it for typos")
        if found.used is not None:
            raise Refusal("used-code", "this invitation was used already; ask for a new one")
        if found.expires <= time.time():
            raise Refusal("expired-code", "this invitation has expired; ask for a new one")
        return found

    async def redeem(
        self,
        code: str,
        *,
        mode: str,
        seconds: float,
        away: str,
        host_name: str,
        host_user: str,
        page_hash: str,
    ) -> Redeemed:
        """Use an invitation up for a new session. Raises BadRequest, NotFound and Refusal.

        ``page_hash``: of the token that opens the customer's page, or empty: there is no page.
        """
        if mode not in tuple(Mode):
            raise BadRequest("bad-grant", f"mode: one of {', '.join(Mode)}")
        if away not in tuple(Away):
            raise BadRequest("bad-grant", f"away: one of {', '.join(Away)}")
        if not 0 < seconds <= self.most_grant_seconds:
            most = f"{self.most_grant_seconds:.0f}"
            raise BadRequest("bad-grant", f"seconds: more than 0, at most {most}")
        if page_hash and not _DIGEST.fullmatch(page_hash):
            raise BadRequest("bad-request", "page: a SHA-256 in lower-case hex, or empty")
        name, user = _text(host_name, "host name", 255), _text(host_user, "user", 64)
        invitation = await self.look(code)
        token, now = new_token(), time.time()
        session = Session(
            id=new_id(),
            case=invitation.case,
            engineer=invitation.engineer,
            token_hash=hashed(token),
            mode=mode,
            away=away,
            until=now + seconds,
            host_name=name,
            host_user=user,
            created=now,
            page_hash=page_hash,
            completed=None,
            shown=granted(now).shown,
        )
        if not await self._metadata.redeem(invitation, session):
            raise Refusal("used-code", "this invitation was used already; ask for a new one")
        return Redeemed(session, token)

    # --- the customer's page ------------------------------------------------------------------

    async def open_page(self, session: Session | None, token: str) -> str:
        """Open this session's page with its view token: the cookie's token. Raises Refusal.

        Takes the same time whether it is the token or not. Works any number of times, until some
        hours after the session has ended.
        """
        now = time.time()
        expected = session.page_hash if session is not None else ""
        opens = hmac.compare_digest(expected or _NO_DIGEST, hashed(token))
        if session is None or not opens or now > (session.completed or now) + PAGE_SECONDS:
            raise Refusal("bad-link", "this is not the link of a session's page, or is no longer")
        cookie = new_token()
        await self._metadata.add_page_sign_in(PageSignIn(hashed(cookie), session.id, now))
        return cookie

    async def who_opened(self, session_id: str, cookie: str) -> PageSignIn | None:
        """The opening of this session's page that the cookie stands for, while it is good."""
        if not _TOKEN.fullmatch(cookie):
            return None
        found = await self._metadata.page_sign_in(hashed(cookie))
        if found is None or found.session_id != session_id:
            return None
        return found if time.time() - found.created <= PAGE_SECONDS else None


def may_see(_engineer: SignIn, _session: Session) -> bool:
    """Whether an engineer may see a session, and find it: today, each may see all."""
    return True


def is_token_of(session: Session, token: str) -> bool:
    """Whether a host that shows this token is this session's; takes the same time either way."""
    return hmac.compare_digest(session.token_hash, hashed(token))


def _normal(code: str) -> str:
    return re.sub(r"[\s-]", "", code).upper().translate(_LOOKALIKES)


def _text(value: str, what: str, longest: int) -> str:
    value = value.strip()
    if not value or len(value) > longest or not value.isprintable():
        raise BadRequest("bad-request", f"{what}: 1 to {longest} printable characters")
    return value
