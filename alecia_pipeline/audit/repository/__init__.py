"""Rules on what else a repository holds: files, compose, build contexts."""
