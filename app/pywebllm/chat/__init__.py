"""From a request of OpenAI's chat completions to WebLLM's, and from its text to the answer."""
