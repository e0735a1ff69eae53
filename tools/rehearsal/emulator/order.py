"""The order in which a stack creates independent resources."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Mapping
from typing import Any


def latest_name_first(
    dependencies: Callable[[Mapping[str, Any], set[str]], set[str]],
) -> Callable[[Mapping[str, Any], Mapping[str, bool]], list[str]]:
    """
    The reverse of MiniStack's order, which is alphabetical. A deployment that works in both does not depend on the order.

    :param dependencies: returns the given names that a resource's definition refers to
    """

    def ordered(resources: Mapping[str, Any], conditions: Mapping[str, bool]) -> list[str]:
        active = {name for name, each in resources.items() if conditions.get(each.get("Condition"), True)}
        waiting = {name: dependencies(resources[name], active) - {name} for name in active}
        ready = [_Latest(name) for name, needs in waiting.items() if not needs]
        heapq.heapify(ready)
        order: list[str] = []
        while ready:
            name = heapq.heappop(ready).name
            order.append(name)
            for other, needs in waiting.items():
                if name in needs:
                    needs.remove(name)
                    if not needs:
                        heapq.heappush(ready, _Latest(other))
        if len(order) < len(active):
            circle = ", ".join(sorted(active.difference(order)))
            raise ValueError(f"Circular dependency detected among resources: {circle}")
        return order

    return ordered


class _Latest:
    def __init__(self, name: str) -> None:
        self.name = name

    def __lt__(self, other: _Latest) -> bool:
        return self.name > other.name
