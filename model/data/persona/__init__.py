"""What is written about a person: the form that a visitor fills in, and the persona that fits it.

Open `paragraph` first: it writes a persona as prose. `plan` gives the order of the sentences,
`wording` compares candidates for each, `speakers` fill their slots.

`typed` writes a persona as JSON, with `summary` and `traits_and_goals`. `fields` fills in the
form. Imports `people` and `language`.
"""
