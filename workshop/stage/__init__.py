"""The stage: a working copy, checks, and one Jupyter server with RISE."""
