"""Conversations about a persona, turn by turn: what a visitor asks, and the right answer.

Open `dialogue` first: it puts a conversation together from `requests` (for a persona),
`questions` (with `topics`), `rewrites` (with `changes`) and `small_talk`. `knowledge` accepts what
is known of the persona so far. Imports `persona`, `people` and `language`.
"""
