"""All of it on one machine, for the demo and small installations: the embedded database, the web and the workers, kept running.

Each part is a process of its own. Its output comes through with its name in front; where it dies it is started again; at the end
the parts are stopped in the reverse order of their start, the database last.
"""
