"""Templates, vocabulary and English morphology, independent of people and forms.

Open `template` first: it is the notation in which all sentences of `lexicon/` are written.
`lexicon` reads those files, `grammar` inflects English, `phrases` combines ordinary words at
random, and `invent` makes up words that no list contains.
"""
