"""Chat completions: from OpenAI's request to WebLLM's, and from generated text to the answer."""
