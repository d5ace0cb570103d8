"""Grammars as trees: their nodes, and what makes them smaller before they are written."""
