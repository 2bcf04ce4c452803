"""From a notebook to a page: read, prepare, execute, export, print."""
