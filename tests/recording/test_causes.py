from __future__ import annotations

import pytest

from broker.recording.causes import Cause, Evidence, cause_of


@pytest.mark.parametrize(
    ("seen", "cause"),
    [
        (Evidence(), Cause.NETWORK_LOST),
        (Evidence(cut=True, slept=3600.0), Cause.RECONNECTED),
        (Evidence(rebooted=True, new_run=True), Cause.REBOOTED),
        (Evidence(new_run=True), Cause.RECORDER_STOPPED),
        (Evidence(slept=60.0, stood_still=60.0), Cause.ASLEEP),
        (Evidence(slept=1.0), Cause.NETWORK_LOST),
        (Evidence(stood_still=8.0), Cause.FROZEN),
        (Evidence(uplink_ended=True, broker_restarted=True), Cause.UPLINK_STOPPED),
        (Evidence(broker_restarted=True), Cause.BROKER_RESTARTED),
    ],
)
def test_the_cause_is_the_first_that_the_evidence_supports(seen: Evidence, cause: Cause) -> None:
    assert cause_of(seen) is cause
