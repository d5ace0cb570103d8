"""Made-up people: what is true of each, before anything is written about them.

Open `person` first: it draws a `Person` from `occupations`, `interests` and `notes`. `completing`
adds what a form left empty and a JSON persona needs. Imports `language` only.
"""
