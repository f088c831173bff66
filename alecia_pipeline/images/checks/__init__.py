"""What an image must be before its key tag is set. Pure."""
