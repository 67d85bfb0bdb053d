"""A customer's host and a broker on a virtual clock: whole lives of both, replayed from a seed.

What runs is the product's own: the recorder's spool, log, recording and replication, the uplink,
the broker's room, its copies and their files. Simulated are time, the network between them, the
disks below them, and threads. ``python -m tests.simulation --seeds 20000`` runs many,
``python -m tests.simulation --seed N`` runs one and prints what happened in it.
"""
