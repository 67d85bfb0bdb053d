"""The broker behind a proxy that ends TLS: https and wss all the way, and nothing without trust."""

from tests.journeys.broker import JUMPSEAT
from tests.journeys.proxy import behind_tls, tls_before
from tests.journeys.recording import TERMINAL, output
from tests.journeys.terminal import run
from tests.journeys.viewer import viewing
from tests.journeys.world import World
from tests.server.receiver import Receiver

UNREACHABLE = 4


async def test_a_session_over_tls(world: World) -> None:
    async with behind_tls(world.broker, world.folder) as proxy:
        broker = world.broker
        alice = await broker.sign_in("alice")
        assert alice.cookie.startswith("__Host-")
        file = world.folder / "jumpseat.pyz"
        fetch = ["curl", "-fsS", "-o", str(file), f"{broker.url}/jumpseat.pyz"]
        assert (await run(fetch, world.env))[0] != 0
        assert (await run([*fetch, "--cacert", str(proxy.certificate)], world.env))[0] == 0

        # Whoever does not trust the certificate tells nobody the code.
        invitation = await broker.invite()
        customer = world.customer(["python3", str(file)])
        seat = await customer.asks("grant", invitation.code, "--broker", broker.url)
        await seat.expect("its certificate is not trusted here (self-signed certificate)")
        assert await seat.ended() == UNREACHABLE

        customer.env["SSL_CERT_FILE"] = str(proxy.certificate)
        await customer.grants(invitation.code, broker.url, "--mode", "control")
        async with viewing(broker, customer.session, alice) as viewer:
            await viewer.follow(TERMINAL)
            await viewer.nobody_types(customer)
            await viewer.type(TERMINAL, "echo $((40 + 2))-by-alice\n")
            await customer.terminal.expect("42-by-alice")
        # While the broker is not there, the proxy answers in its place: that is no refusal.
        await broker.kill()
        await customer.until_logged("link_lost")
        await customer.runs("echo $((40 + 3))-alone")
        assert (await broker.request("GET", "/healthz")).status == 503
        await broker.start()
        await customer.until_logged("link_up", 2)
        await customer.does("end")
        await customer.terminal.ended()
        await world.end_of(customer)
        recorded = output((await world.both_copies(customer, alice))[TERMINAL])
        assert "42-by-alice" in recorded
        assert "43-alone" in recorded


async def test_a_webhook_over_tls(world: World) -> None:
    config = world.folder / "broker.toml"
    test = [JUMPSEAT, "webhooks", "test", "--config", str(config)]
    async with (
        Receiver().serving() as chat,
        tls_before(f"127.0.0.1:{chat.port}", world.folder, world.env) as proxy,
    ):
        config.write_text(chat.table().replace(f"http://127.0.0.1:{chat.port}", proxy.url))
        status, out, err = await run(test, world.env)
        assert status != 0
        assert "its TLS certificate does not hold" in out + err
        assert chat.received == []
        status, out, err = await run(test, {**world.env, "SSL_CERT_FILE": str(proxy.certificate)})
        assert status == 0, err
    (received,) = chat.received
    assert received.is_signed()
