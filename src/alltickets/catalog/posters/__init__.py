"""Posters for events that have none: a scene of simple shapes, the same each time for the same event, drawn as SVG or as pixels."""
