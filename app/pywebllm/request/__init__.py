"""What the endpoints share in a request: checks, tables of parameters, choices, the body."""
