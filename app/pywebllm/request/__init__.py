"""What the requests of all endpoints share: checks of values, tables of parameters, choices."""
