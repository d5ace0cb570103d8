"""The recipe of the built-in model: training text, tokenizer, weights, conversion, library."""
