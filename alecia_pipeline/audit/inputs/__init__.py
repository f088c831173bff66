"""What a build reads that nobody can see it read: inputs that a pruned context may lack."""
