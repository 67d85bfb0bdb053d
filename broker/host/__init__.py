"""The customer's machine: recorder, uplink, terminal. Stdlib and websockets, Python 3.9."""
