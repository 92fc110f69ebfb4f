"""Chartloop's domain: what is true wherever it runs. Imports the standard library, pydantic, numpy and rensa only."""
