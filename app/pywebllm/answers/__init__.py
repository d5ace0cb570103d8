"""What chats and text completions share: the stream of an answer, and its total usage."""
