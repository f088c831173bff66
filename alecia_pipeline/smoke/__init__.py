"""Probes of an environment and their verdicts. Pure."""
