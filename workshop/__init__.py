"""The builder of the workshop and the few helpers that its notebooks import."""
