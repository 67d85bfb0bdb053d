"""Migrations of the metadata, run when a broker starts."""
