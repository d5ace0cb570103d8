"""Regular expressions of JavaScript's syntax, read into grammars."""
