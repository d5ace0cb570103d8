"""The grammar of a schema: what each type of JSON value looks like as text."""
