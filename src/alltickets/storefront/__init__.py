"""Storefront: the public pages, HTML composed from what the contexts' interfaces offer. It owns no table and publishes nothing.

A page is a path, a handler and how long its answer may be kept (`pages.py`); `site.py` lists them all. Every page stands at its path in
es-AR and below `/en` and `/pt` in the other languages. What a page says stands in `locale/` in English words with their translations,
how it looks in `templates/` and in `frontend/`. Pages work without JavaScript as far as they can; scripts are added by `<script src>`.
"""
