"""Where imports lead."""
