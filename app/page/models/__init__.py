"""The view "Models": what can be downloaded, what is stored, and what the storage has left."""
