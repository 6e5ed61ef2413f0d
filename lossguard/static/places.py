"""From origins to places: where the nodes that diagnostics name stand in their files."""

from __future__ import annotations

from collections.abc import Iterable

from lossguard.findings import Place
from lossguard.static import syntax
from lossguard.static.values import Site


def places(sites: Iterable[Site]) -> dict[Site, Place]:
    """The place of each site."""
    return {site: site.module.source.place(*syntax.positions(site.module.tree, site.node)) for site in sites}
