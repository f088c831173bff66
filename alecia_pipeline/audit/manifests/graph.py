"""Circles in a directed graph, without recursion: a chain of imports may be longer than Python's stack is deep."""

from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

Graph = Mapping[str, Iterable[str]]
"""Node -> the nodes that it leads to. A node that only others name leads nowhere."""


def circles(graph: Graph) -> list[list[str]]:
    """Return the strongly connected components with a circle in them, each sorted, in order of their first node."""
    walk = _Walk(graph)
    for node in sorted(graph):
        if node not in walk.index:
            walk.visit(node)
    found = (sorted(nodes) for nodes in walk.components)
    return sorted(nodes for nodes in found if len(nodes) > 1 or nodes[0] in graph.get(nodes[0], ()))


@dataclass
class _Walk:
    """Tarjan's algorithm (SIAM J. Comput. 1(2), 1972) with its stack of calls kept by hand."""

    graph: Graph
    index: dict[str, int] = field(default_factory=dict)
    low: dict[str, int] = field(default_factory=dict)
    waiting: list[str] = field(default_factory=list)
    is_waiting: set[str] = field(default_factory=set)
    components: list[list[str]] = field(default_factory=list)

    def visit(self, root: str) -> None:
        """Find the components that can be reached from `root`."""
        calls = [(root, iter(self._enter(root)))]
        while calls:
            node, targets = calls[-1]
            for target in targets:
                if target not in self.index:
                    calls.append((target, iter(self._enter(target))))
                    break
                if target in self.is_waiting:
                    self.low[node] = min(self.low[node], self.index[target])
            else:
                calls.pop()
                self._leave(node)
                if calls:
                    self.low[calls[-1][0]] = min(self.low[calls[-1][0]], self.low[node])

    def _enter(self, node: str) -> list[str]:
        self.index[node] = self.low[node] = len(self.index)
        self.waiting.append(node)
        self.is_waiting.add(node)
        return sorted(self.graph.get(node, ()))

    def _leave(self, node: str) -> None:
        if self.low[node] == self.index[node]:
            at = self.waiting.index(node) if self.waiting[-1] != node else len(self.waiting) - 1
            self.components.append(self.waiting[at:])
            self.is_waiting.difference_update(self.waiting[at:])
            del self.waiting[at:]


def shortest_circle(graph: Graph, nodes: list[str]) -> list[str]:
    """Return the shortest way around inside one component, from its first node in order; the end is not repeated."""
    inside = set(nodes)
    edges = {node: sorted(inside.intersection(graph.get(node, ()))) for node in nodes}
    best: list[str] = []
    for start in nodes:
        found = _around(edges, start, len(best) - 1 if best else len(nodes))
        best = found or best
        if len(best) == 1:
            break
    first = best.index(min(best))
    return best[first:] + best[:first]


def _around(edges: Mapping[str, list[str]], start: str, longest: int) -> list[str]:
    """Return the shortest way from a node back to it over at most `longest` nodes; none when it is longer."""
    came: dict[str, str] = {}
    queue = deque([(start, 1)])
    while queue and queue[0][1] <= longest:
        node, length = queue.popleft()
        if start in edges[node]:
            return _path(came, start, node)
        for target in edges[node]:
            if target not in came:
                came[target] = node
                queue.append((target, length + 1))
    return []


def _path(came: Mapping[str, str], start: str, end: str) -> list[str]:
    path = [end]
    while path[-1] != start:
        path.append(came[path[-1]])
    return path[::-1]
