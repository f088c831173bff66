"""What the files of a commit import."""
