"""The chat view: conversations with the model, kept in this browser."""
