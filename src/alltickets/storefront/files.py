"""What pages are made of besides HTML."""

from alltickets.platform.http.problems import NoSuchPath
from alltickets.storefront.assets import ASSETS_PATH, Assets
from alltickets.storefront.pages import IMMUTABLE, Page, PageAnswer, PageRequest

__all__ = ["file_pages"]


def file_pages(assets: Assets) -> list[Page]:
    """Stylesheets, scripts and pictures, under names that never mean anything else."""

    async def asset(request: PageRequest) -> PageAnswer:
        found = assets.find(request.params["name"])
        if found is None:
            raise NoSuchPath
        return PageAnswer(200, found.body, found.media_type)

    return [Page(name="readAsset", path=f"{ASSETS_PATH}/{{name}}", handle=asset, cache=IMMUTABLE, is_translated=False)]
