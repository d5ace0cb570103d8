"""Texts split into pieces at random."""

from __future__ import annotations

from hypothesis import strategies as st

__all__ = ["pieces", "texts"]


def texts(*tokens: str) -> st.SearchStrategy[str]:
    """Generate texts in which these tokens and their surroundings are likely."""
    token = st.sampled_from(tokens) | st.text('ab <>/{}"\\\n\t', max_size=4)
    return st.lists(token, max_size=12).map("".join)


@st.composite
def pieces(draw: st.DrawFn, whole: st.SearchStrategy[str]) -> tuple[str, list[str]]:
    """Generate a text and its pieces, which may be empty."""
    text = draw(whole)
    cuts = sorted(draw(st.lists(st.integers(0, len(text)), max_size=len(text) + 1)))
    return text, [text[a:b] for a, b in zip([0, *cuts], [*cuts, len(text)], strict=True)]
