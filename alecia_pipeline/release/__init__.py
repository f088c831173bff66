"""The plan of a release and the record of one. Pure."""
