from broker.wire.patience import Patience


def test_a_burst_and_then_so_many_a_second() -> None:
    patience = Patience(3, 2.0)
    assert [patience.spend(0.0) for _ in range(4)] == [True, True, True, False]
    assert patience.spend(0.5)
    assert not patience.spend(0.5)
    assert [patience.spend(1e6) for _ in range(4)] == [True, True, True, False]
