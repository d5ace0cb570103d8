# Functions that the model in the chat may ask for. Run this program once; then tick them in the chat, in the
# settings of a conversation. They run here, each time that you allow it.
import random

MOST = 100


@chat_tool
def roll_dice(count: int, sides: int = 6) -> list[int]:
    """Roll dice.

    Args:
        count: How many dice, from 1 to 100.
        sides: How many sides each of them has.
    """
    if not 1 <= count <= MOST:
        raise ValueError(f"count must be from 1 to {MOST}")
    return [random.randint(1, sides) for _ in range(count)]


@chat_tool
def count_words(text: str) -> int:
    """Count the words of a text."""
    return len(text.split())


print("Two dice:", roll_dice(2))
