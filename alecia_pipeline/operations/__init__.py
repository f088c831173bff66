"""What the pipeline does, one function per stage, on the real adapters. Assets and the command line both call these."""
