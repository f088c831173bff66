"""Dockerfiles, simulated stage by stage, and the rules on them."""
