"""The gateways, one file each. `port.py` says how to write the next one."""
