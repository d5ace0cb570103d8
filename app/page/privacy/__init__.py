"""The privacy view: what is stored in this browser, and its removal."""
