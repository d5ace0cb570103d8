"""How much of the quality of a model its compiled form keeps.

`measure` computes the perplexity of the model as given and as compiled on `text.txt`, a text of our
own of several kinds, and how often both have the same most probable token.
"""
