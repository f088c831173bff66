from hypothesis import given
from hypothesis import strategies as st

from alecia_pipeline.audit.manifests.graph import circles, shortest_circle


def test_circles_are_found_once_each_and_sorted() -> None:
    graph = {"d": ["c"], "c": ["d"], "a": ["b", "c"], "b": ["a"], "e": ["e"], "f": ["a", "nowhere"]}
    assert circles(graph) == [["a", "b"], ["c", "d"], ["e"]]


def test_a_chain_longer_than_the_stack_is_deep() -> None:
    chain = {str(n): [str(n + 1)] for n in range(20_000)}
    assert circles(chain) == []
    assert len(circles({**chain, "20000": ["0"]})[0]) == 20_001


def test_the_shortest_way_around_begins_with_its_first_node() -> None:
    graph = {"a": ["b"], "b": ["c"], "c": ["a", "d"], "d": ["c", "x"], "x": []}
    assert shortest_circle(graph, ["a", "b", "c", "d"]) == ["c", "d"]
    assert shortest_circle({"a": ["b"], "b": ["a", "b"]}, ["a", "b"]) == ["b"]
    assert shortest_circle({"b": ["c"], "c": ["a"], "a": ["b"]}, ["a", "b", "c"]) == ["a", "b", "c"]


NODES = st.sampled_from("abcdef")


@given(st.dictionaries(NODES, st.lists(NODES)))
def test_a_way_around_leads_back_over_edges(graph: dict[str, list[str]]) -> None:
    for nodes in circles(graph):
        way = shortest_circle(graph, nodes)
        assert set(way) <= set(nodes)
        assert all(target in graph[node] for node, target in zip(way, [*way[1:], way[0]], strict=True))


@given(st.dictionaries(NODES, st.lists(NODES)))
def test_nodes_share_a_circle_exactly_when_each_leads_to_the_other(graph: dict[str, list[str]]) -> None:
    def reach(start: str) -> set[str]:
        seen: set[str] = set()
        waiting = list(graph.get(start, ()))
        while waiting:
            node = waiting.pop()
            if node not in seen:
                seen.add(node)
                waiting += graph.get(node, ())
        return seen

    together = {frozenset(nodes) for nodes in circles(graph)}
    expected = {frozenset(b for b in graph if b in reach(a) and a in reach(b)) for a in graph if a in reach(a)}
    assert together == expected
