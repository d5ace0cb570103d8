"""Runs the visitor's programs in the Python of a worker; it knows nothing of the page's DOM."""
