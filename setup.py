"""What pyproject.toml cannot say: the pages' stylesheets and scripts stand in frontend/ and go into the package with the templates."""

import shutil
from pathlib import Path

from setuptools import setup
from setuptools.command.build_py import build_py

# The shop's own files as they are, and what Vite has built, if it has.
PARTS = ("shared/*.css", "shop/*.css", "shop/*.svg", "dist/.vite/manifest.json", "dist/**/*")


class BuildWithFrontend(build_py):
    """Copies the frontend's files to where `alltickets.storefront.assets` looks for them in an installed package."""

    def run(self) -> None:
        super().run()
        # An editable installation reads them from the source.
        if self.editable_mode:
            return
        source = Path(__file__).parent / "frontend"
        target = Path(self.build_lib) / "alltickets" / "storefront" / "frontend"
        for path in sorted({path for pattern in PARTS for path in source.glob(pattern) if path.is_file()}):
            copy = target / path.relative_to(source)
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, copy)


setup(cmdclass={"build_py": BuildWithFrontend})
