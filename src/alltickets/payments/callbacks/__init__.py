"""Callbacks as people see them: the list of what was stored, and having one applied again."""
