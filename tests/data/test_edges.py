"""Edges of instances against their definition, pixel by pixel."""

import numpy as np

from sembla.data.edges import instance_edges


def test_a_pixel_is_an_edge_where_a_neighbour_is_another_object() -> None:
    instances = np.random.default_rng(0).integers(26000, 26002, (7, 9)).astype(np.uint16)
    edges = instance_edges(instances)
    for row in range(7):
        for column in range(9):
            around = [(row - 1, column), (row + 1, column), (row, column - 1), (row, column + 1)]
            inside = [place for place in around if 0 <= place[0] < 7 and 0 <= place[1] < 9]
            assert edges[row, column] == any(instances[place] != instances[row, column] for place in inside)


def test_one_object_has_no_edge() -> None:
    assert not instance_edges(np.full((5, 5), 24001, np.uint16)).any()
