"""The set-up card, shown above every view that talks to the model."""
