"""The command `data`: prints conversations, to be read or to be counted."""

from __future__ import annotations

import argparse
import json
from itertools import islice

from model.data import conversations, render

__all__ = ["run"]


def run(arguments: argparse.Namespace) -> None:
    """Print the conversations asked for, as ChatML or as one JSON object a line."""
    for conversation in islice(conversations(arguments.seed, arguments.split), arguments.count):
        if arguments.json:
            messages = [message._asdict() for message in conversation.messages]
            print(json.dumps({"messages": messages}, ensure_ascii=False))
        else:
            print(render(conversation.messages))
