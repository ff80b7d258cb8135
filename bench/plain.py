"""Plain HTTP to servers of this machine, as benchmarks and tests speak it."""

import ssl

__all__ = ["PLAIN"]

PLAIN = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
"""`verify=PLAIN`: a client without the certificates of all authorities, which httpx else reads for each client and for each single request
(50 ms of processor). It trusts nobody, so TLS does not work with it."""
