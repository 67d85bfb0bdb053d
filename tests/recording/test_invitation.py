import json

import pytest

from broker.recording.invitation import to_sign

TOLD = {
    "case": "Zürich: pool",
    "expires": 1700000000.25,
    "max_seconds": 28800,
    "probes": [{"name": "raid", "command": ["megacli", "-LDInfo"], "timeout": 5.0}],
    "key": "k",
}


def test_what_is_signed_is_the_answer_as_it_is_shown() -> None:
    expected = (
        b"jumpseat look\nN\n"
        b'{"case":"Z\\u00fcrich: pool","expires":1700000000.25,"key":"k","max_seconds":28800,'
        b'"probes":[{"command":["megacli","-LDInfo"],"name":"raid","timeout":5.0}]}'
    )
    assert to_sign(TOLD, "N") == expected
    received = json.loads(json.dumps({"signature": "s", **TOLD}, indent=1))
    assert to_sign(received, "N") == expected, "whatever it looked like on the way"


@pytest.mark.parametrize("change", [{"case": "x"}, {"probes": []}, {"new": 1}, {"key": "K"}])
def test_whatever_is_changed_on_the_way_is_noticed(change: "dict[str, object]") -> None:
    assert to_sign({**TOLD, **change}, "N") != to_sign(TOLD, "N")
