"""The dependency and build audit: one module per family of rules, each from a commit to findings. Pure."""
