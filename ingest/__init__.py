"""Exports in, sessions out: recognise a file, read it, check its rows, publish them into the store."""
