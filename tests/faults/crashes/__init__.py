"""Crashes and faults at real system calls: what was acknowledged is still there, byte for byte.

``python -m tests.faults.crashes`` kills recorder, uplink and broker at every point where they
write, sync, open, send or receive, and checks all invariants (``invariants``) after each kill.
The product has no hooks for this: ``strace`` sends the signal, or fails the call, in the kernel.
"""
