"""Tamperings by the hundred thousand, judged by both verifiers: ``python -m tests.tampering``.

Honest sessions are made from a seed, each tampering from the next; the same seed and number give
the same case, whatever else is run. What is right is said beside each kind of tampering.
"""
