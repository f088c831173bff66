"""What a commit says: files, workspace graph, lockfile, Dockerfiles, apps. Pure."""
