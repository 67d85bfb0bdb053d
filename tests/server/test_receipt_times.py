from broker.server.receipt_times import ReceiptTimes

A, B = "run-1.log", "run-1.terminal-1.cast"


def test_a_stream_that_grows_is_due_every_four_seconds_and_at_once_after_a_pause() -> None:
    times = ReceiptTimes()
    assert (times.next(), times.due(0.0)) == (None, {})
    signed = []
    for tenth in range(201):
        now = 100 + tenth / 10
        if tenth <= 100 or tenth >= 150:
            times.grew(A, 10 + tenth, settled=False)
        for name, upto in times.due(now).items():
            signed.append((round(now - 100, 1), upto))
            times.covered(name, upto)
    assert signed == [(0.0, 10), (4.0, 50), (8.0, 90), (12.0, 110), (16.0, 170), (20.0, 210)]


def test_each_stream_has_its_own_time_and_those_that_are_due_go_together() -> None:
    times = ReceiptTimes()
    times.grew(A, 1, settled=True)
    assert times.due(0.0) == {A: 1}
    times.covered(A, 1)
    assert times.next() is None, "nothing is there that no receipt speaks for"
    times.grew(A, 2, settled=True)
    assert times.next() == 4.0
    times.grew(B, 5, settled=True)
    assert times.due(1.0) == {B: 5}
    times.covered(B, 7)
    times.grew(B, 9, settled=True)
    assert times.due(3.9) == {}
    assert times.due(5.0) == {A: 2, B: 9}
    assert times.due(5.0) == {}, "they are being signed"
    assert times.next() == 9.0, "and if that fails, again"
    assert times.all(5.5) == {A: 2, B: 9}


def test_an_end_is_due_as_soon_as_it_is_durable_and_once() -> None:
    times = ReceiptTimes()
    times.grew(B, 5, settled=True)
    times.covered(B, times.due(0.0)[B])
    times.grew(B, 6, settled=False)
    times.finish(B)
    assert times.due(0.1) == {}, "the rest of it is on its way to the disk"
    times.grew(B, 8, settled=True)
    assert times.due(0.2) == {B: 8}
    times.covered(B, 8)
    times.grew(B, 9, settled=True)
    assert times.due(0.3) == {}, "what comes after its end waits as ever"
    assert times.next() == 4.2
