"""Tokenizer, network and training: from the text generator to a folder in Hugging Face format."""
