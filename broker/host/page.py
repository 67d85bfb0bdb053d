"""The customer's page, at the recorder's end: what is done there takes effect here.

It takes from the engineers by itself, and notes what the customer says; it lets a proposal run
only where the grant says that it may, and a line that touches a hold never. ``page_acts`` says why.
"""

from __future__ import annotations

from typing import Callable, Optional

from broker.host.authority import Authority
from broker.host.changes import Changes
from broker.host.page_acts import Action, PageActs
from broker.host.page_link import PageKey
from broker.host.proposing import Proposing
from broker.host.refusal import NotDone
from broker.host.session_file import SessionFile
from broker.recording.grant import IllegalChange, Page
from broker.wire.messages import Act


class CustomerPage:
    """The page of one run.

    ``end`` ends the session and says why; ``note`` notes a text by somebody, or raises NotDone.
    """

    def __init__(
        self,
        session: SessionFile,
        run: int,
        authority: Authority,
        changes: Changes,
        proposing: Proposing,
        end: Callable[[str], None],
        note: Callable[[str, str], None],
    ) -> None:
        self._key: Optional[PageKey] = None
        self._acts: Optional[PageActs] = None
        self._session = session
        self._by = f"{session.user} (page)"
        self._authority = authority
        self._changes = changes
        self._proposing = proposing
        self._end = end
        self._note = note
        if session.page_key:
            self._key = PageKey.read(session.page_key)
            self._acts = PageActs(self._key.act_key, session.id, run)

    @property
    def link(self) -> str:
        """Its address; empty where the grant has none."""
        return self._key.link(self._session.broker, self._session.id) if self._key else ""

    def act(self, message: Act) -> None:
        """Do what the customer wants there. Raises NotDone."""
        if self._acts is None:
            raise NotDone("no-page", "the grant has no page")
        action = self._acts.read(message.action, message.mac)
        try:
            if action.do == "take_back":
                self._changes.take_back(self._by)
            elif action.do == "revoke":
                self._changes.make("revoked", by=self._by)
            elif action.do == "end":
                self._end("ended on the customer's page")
            elif action.do == "note":
                self._note(action.word, self._by)
            elif action.do == "refuse":
                self._proposing.refuse(action.proposal, self._by, action.word)
            elif action.do == "approve":
                self._approve(action)
            else:
                raise NotDone("bad-act", "the page's act makes no sense")
        except IllegalChange as why:
            raise NotDone("illegal", f"not possible: {why}") from None

    def _approve(self, action: Action) -> None:
        if self._authority.grant.page is not Page.APPROVE:
            raise NotDone("page", "this grant lets nothing run from the page, only at the terminal")
        text = self._proposing.text_of(action.proposal)
        if not action.is_of(text):
            raise NotDone("other-text", "the page showed another text than was proposed")
        self._proposing.approve(action.proposal, self._by, "page", text, 0, "", override=False)
