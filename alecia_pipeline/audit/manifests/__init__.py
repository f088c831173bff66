"""Rules on manifests and the lockfile."""
