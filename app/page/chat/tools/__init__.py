"""The shelf: Python functions that the model may ask for."""
