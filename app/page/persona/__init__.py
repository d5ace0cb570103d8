"""The persona view: a form, and the persona that the model writes from it."""
