"""Jumpseat: a jump seat at a customer's terminal, granted, watched, recorded and taken back."""

__version__ = "0.1.0"
