"""What a statement may do to the release before it, and where it may run. Pure."""
