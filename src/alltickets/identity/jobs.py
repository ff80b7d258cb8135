"""Background work of identity."""

from alltickets.identity.service import IdentityService
from alltickets.platform.loops import Loop

__all__ = ["loops"]


def loops(service: IdentityService) -> list[Loop]:
    """What has to come back by itself."""
    return [Loop("identity.expired", 300, service.sweep_expired)]
