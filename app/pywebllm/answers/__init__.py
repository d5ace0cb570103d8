"""What chats and plain texts have in common: the stream of an answer, and what it used."""
