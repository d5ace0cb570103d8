"""The command `data`: prints conversations for people to read or programs to analyze."""

from __future__ import annotations

import argparse
import json
from itertools import islice

from model.data import conversations, render

__all__ = ["run"]


def run(arguments: argparse.Namespace) -> None:
    """Print the requested conversations, as ChatML or as one JSON object per line."""
    for conversation in islice(conversations(arguments.seed, arguments.split), arguments.count):
        if arguments.json:
            messages = [message._asdict() for message in conversation.messages]
            print(json.dumps({"messages": messages}, ensure_ascii=False))
        else:
            print(render(conversation.messages))
