"""The table of routes. Whoever adds one decides whom it answers."""

from broker.server.http.api import Api
from broker.server.http.downloads import Downloads
from broker.server.http.guard import Policy, Route
from broker.server.http.host_socket import HostSockets
from broker.server.http.live_socket import LiveSockets
from broker.server.http.pages import Pages
from broker.server.http.reports import Reports
from broker.server.http.search import Search
from broker.server.http.viewer_socket import ViewerSockets
from broker.server.http.webhooks import DeliveryLog

_OPEN, _ENGINEER, _CUSTOMER, _HOST = Policy.OPEN, Policy.ENGINEER, Policy.CUSTOMER, Policy.HOST


def routes(  # noqa: PLR0913 - one for each part
    *,
    pages: Pages,
    api: Api,
    downloads: Downloads,
    reports: Reports,
    search: Search,
    hosts: HostSockets,
    viewers: ViewerSockets,
    live: LiveSockets,
    deliveries: DeliveryLog,
) -> list[Route]:
    """Every route of the broker; of two that match, the first one answers."""
    session = "/api/sessions/{session}"
    return [
        Route("GET", "/healthz", _OPEN, pages.healthz),
        Route("GET", "/jumpseat.pyz", _OPEN, pages.pyz),
        Route("GET", "/sign-in", _OPEN, pages.sign_in),
        # Scripts and styles of all pages: anybody can build them, and pages share some.
        Route("GET", "/assets/{name}", _OPEN, pages.asset),
        Route("GET", "/customer/{session}", _OPEN, pages.customer),
        Route("GET", "/", _ENGINEER, pages.console, page=True),
        Route("GET", "/search", _ENGINEER, pages.console, page=True),
        Route("GET", "/sessions/{session}", _ENGINEER, pages.console, page=True),
        Route("GET", "/sessions/{session}/replay", _ENGINEER, pages.replay, page=True),
        Route("POST", "/api/sign-in", _OPEN, api.sign_in),
        Route("POST", "/api/sign-out", _ENGINEER, api.sign_out),
        Route("POST", "/api/customer/sign-in", _OPEN, api.open_page),
        Route("GET", "/api/customer/sessions/{session}", _CUSTOMER, api.session),
        Route("GET", "/api/customer/sessions/{session}/away", _CUSTOMER, reports.away),
        Route("GET", "/api/keys", _OPEN, api.keys),
        Route("GET", "/api/me", _ENGINEER, api.me),
        Route("GET", "/api/cases", _ENGINEER, api.cases),
        Route("POST", "/api/cases", _ENGINEER, api.open_case),
        Route("GET", "/api/invitations", _ENGINEER, api.invitations),
        Route("POST", "/api/invitations", _ENGINEER, api.invite),
        Route("POST", "/api/invitations/look", _HOST, api.look),
        Route("POST", "/api/invitations/redeem", _HOST, api.redeem),
        Route("GET", "/api/sessions", _ENGINEER, api.sessions),
        Route("GET", "/api/sessions/live", _ENGINEER, live.serve, websocket=True),
        Route("GET", "/api/search", _ENGINEER, search.hits),
        Route("GET", "/api/webhooks/deliveries", _ENGINEER, deliveries.newest),
        Route("GET", session, _ENGINEER, api.session),
        Route("GET", f"{session}/timeline", _ENGINEER, reports.timeline),
        Route("GET", f"{session}/away", _ENGINEER, reports.away),
        Route("GET", f"{session}/commands", _ENGINEER, reports.commands),
        Route("GET", f"{session}/commands/{{command}}/output", _ENGINEER, reports.output),
        Route("GET", f"{session}/drift", _ENGINEER, reports.drift),
        Route("GET", f"{session}/evidence", _ENGINEER, reports.evidence),
        Route("GET", f"{session}/receipts", _ENGINEER, downloads.receipts),
        Route("GET", f"{session}/streams/{{stream}}", _ENGINEER, downloads.stream),
        Route("GET", f"{session}/watch", _ENGINEER, viewers.serve, websocket=True),
        Route("GET", f"{session}/page", _CUSTOMER, viewers.serve_page, websocket=True),
        Route("GET", "/api/host", _HOST, hosts.serve, websocket=True),
    ]
