"""The stages of a release on the real operations, in the words that assets and commands report."""
