"""What an image is made of: pruned context, build key, build command, names in the registry. Pure."""
