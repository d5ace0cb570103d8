"""Text completions: a request of the reference's "Completions" section, and its answer."""
