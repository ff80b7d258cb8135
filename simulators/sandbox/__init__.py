"""A test payment gateway with a hosted page: signed links, an API, signed callbacks, and dials for everything that goes wrong.

Its contract stands in README.md beside this file. `python -m simulators.sandbox --port 8101 --data DIR` runs it.
"""
