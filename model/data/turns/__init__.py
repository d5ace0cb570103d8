"""Conversations about a persona, turn by turn: what a visitor asks, and the right answer.

Open `dialogue` first: it combines turns of `requests` (for a persona), `questions` (with
`topics`), `rewrites` (with `changes`) and `small_talk` into a conversation. `knowledge` holds what
is known of the persona so far. Imports `persona`, `people` and `language`.
"""
