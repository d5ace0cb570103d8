"""The demo page's Python: `view` says what is shown, `dom` shows it, `controller` decides when."""
