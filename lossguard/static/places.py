"""From origins to places: one code generation for all the nodes that diagnostics name in a file."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import TYPE_CHECKING

from lossguard.findings import Place
from lossguard.static import syntax
from lossguard.static.values import Site

if TYPE_CHECKING:
    import libcst as cst

    from lossguard.static.program import Module


def places(sites: Iterable[Site]) -> dict[Site, Place]:
    """The place of each site."""
    by_module: dict[Module, list[cst.CSTNode]] = defaultdict(list)
    wanted = list(dict.fromkeys(sites))
    for site in wanted:
        by_module[site.module].append(site.node)
    spans = {module: syntax.positions(module.tree, module.source.text, nodes) for module, nodes in by_module.items()}
    found = {}
    for site in wanted:
        start, end = spans[site.module][id(site.node)]
        found[site] = site.module.source.place(start, end)
    return found
