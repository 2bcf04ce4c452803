class WorkshopError(Exception):
    """Tell a person in one sentence what is wrong, where, and what to do."""
