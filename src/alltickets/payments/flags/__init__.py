"""Flags: what somebody has to look at, kept until somebody has."""
