"""``GET /api/webhooks/deliveries``: what was sent where, and how that went."""

from aiohttp import web

from broker.server.stores.deliveries import Deliveries

_MOST = 200


class DeliveryLog:
    """For engineers: who was told what. Neither bodies nor addresses are in it."""

    def __init__(self, deliveries: Deliveries) -> None:
        self._deliveries = deliveries

    async def newest(self, _request: web.Request) -> web.Response:
        """The newest, newest first."""
        found = await self._deliveries.newest(_MOST)
        return web.json_response([delivery.told() for delivery in found])
